"""`perfkit doctor`."""

from typing import TYPE_CHECKING, Annotated

import typer

from perfkit.cli.options import Format, Output, Wait, here, seconds
from perfkit.cli.talk import INTERRUPTED, emit, say
from perfkit.model.errors import UsageError

if TYPE_CHECKING:
    from perfkit.running.diagnosing import Asked

_PAIRS, _GAP = 20, 60.0


def doctor(
    noise: Annotated[
        bool, typer.Option(help="Launch one unchanged program for ten seconds to see how far its times scatter.")
    ] = True,
    sessions: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="So many sessions of pairs instead; three tell how far sessions lie apart."),
    ] = None,
    pairs: Annotated[
        int | None, typer.Option(min=3, max=10_000, help="Pairs of launches in each session (20 with --sessions).")
    ] = None,
    gap: Annotated[
        str, typer.Option(metavar="TIME", help="Wait between sessions (60s); only those a minute apart count.")
    ] = "",
    wait: Wait = "",
    output: Output = Format.TABLE,
) -> None:
    """Say what can be measured on this machine, which change could be seen, and what to change first.

    The sessions are kept for the machine, not for a project, and every later gate on it knows them.
    """
    import json
    from dataclasses import asdict

    from rich.console import Console

    from perfkit.cli.diagnosis_progress import DiagnosisProgress
    from perfkit.cli.diagnosis_table import print_diagnosis
    from perfkit.model.units import counted
    from perfkit.usecases.machine import diagnose

    asked = _asked(noise, sessions, pairs, gap)
    with DiagnosisProgress(Console(stderr=True)) as progress:
        diagnosis = diagnose(here(), asked, progress, wait=seconds("--wait", wait) if wait else 0.0)
    if output is Format.JSON:
        told = {"schema": "perfkit-doctor/1", "fingerprint": diagnosis.machine.fingerprint, **asdict(diagnosis)}
        emit(json.dumps(told, indent=2, allow_nan=False))
    else:
        print_diagnosis(diagnosis, Console(highlight=False))
    if diagnosis.kept:
        say(f"kept for every project on this machine: {diagnosis.kept}")
    if diagnosis.interrupted:
        done = diagnosis.noise.sessions if diagnosis.noise else 0
        say(f"interrupted; {counted(done, 'session')} {'was' if done == 1 else 'were'} kept")
        raise typer.Exit(INTERRUPTED)


def _asked(noise: bool, sessions: int | None, pairs: int | None, gap: str) -> "Asked | None":
    """What the options mean. Raises UsageError where they contradict each other."""
    from perfkit.running.diagnosing import Asked
    from perfkit.running.plan import draw_seed

    if not noise:
        if sessions or pairs or gap:
            raise UsageError("--no-noise launches nothing", hint="leave it out, or --sessions, --pairs and --gap")
        return None
    if gap and (sessions or 1) < 2:
        raise UsageError("--gap needs two sessions or more", hint=f"perfkit doctor --sessions 3 --gap {gap}")
    if sessions is not None and pairs is None:
        pairs = _PAIRS
    return Asked(sessions or 1, pairs, seconds("--gap", gap) if gap else _GAP, draw_seed())
