"""`perfkit baseline save|list|show|remove`."""

from typing import TYPE_CHECKING, Annotated

import typer

from perfkit.cli.options import Format, Output, here
from perfkit.cli.talk import emit, say
from perfkit.model.units import counted

if TYPE_CHECKING:
    from perfkit.model.run import Recorded

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Keep accepted runs to compare with: one file a session, one folder a machine, in baselines/.",
)

Name = Annotated[str, typer.Argument(help="The baseline's name; \\[gate] baseline by default, else main.")]


@app.command()
def save(
    name: Name = "",
    run: Annotated[str, typer.Option("--run", metavar="RUN", help="The run to keep; the newest by default.")] = "",
    accept: Annotated[
        str, typer.Option("--accept", metavar="REASON", help="Keep it although it regressed or is not complete.")
    ] = "",
    anchor: Annotated[
        bool, typer.Option("--anchor", help="Keep it as the fixed point that many small steps are held against.")
    ] = False,
) -> None:
    """Keep a run as a session of a baseline; a regressed or incomplete one only with a reason."""
    from perfkit.usecases import keeping

    path, kept = keeping.save_baseline(here(), name, run, accept=accept, anchor=anchor)
    emit(f"saved {path}")
    say(f"run {kept.id} of {kept.commit}, {counted(len(kept.results), 'benchmark')}. next: perfkit gate")


@app.command("list")
def list_baselines(output: Output = Format.TABLE) -> None:
    """List every baseline: machine, name, sessions."""
    import json

    from perfkit.usecases import keeping

    found = keeping.list_baselines(here())
    if output is Format.JSON:
        rows = [
            {"machine": machine, "name": baseline.name, "sessions": [session.id for session in baseline.sessions]}
            for machine, baseline in found
        ]
        emit(json.dumps(rows, indent=2))
        return
    if not found:
        say("no baselines; perfkit baseline save keeps the newest run")
    for machine, baseline in found:
        newest = baseline.sessions[-1]
        emit(f"{baseline.name}  {machine}  {counted(len(baseline.sessions), 'session')}, newest {_day(newest.created)}")


@app.command()
def show(name: Name = "", output: Output = Format.TABLE) -> None:
    """Show the sessions of a baseline on every machine that has it."""
    import json

    from perfkit.usecases import keeping

    found = keeping.show_baseline(here(), name)
    if output is Format.JSON:
        emit(json.dumps([_plain(machine, session) for machine, baseline in found for session in baseline.sessions]))
        return
    for machine, baseline in found:
        emit(f"{baseline.name} on {machine} ({baseline.sessions[-1].machine})")
        for session in baseline.sessions:
            remarks = ["anchor"] * session.anchor + [f"accepted: {session.accepted}"] * bool(session.accepted)
            benchmarks = counted(len({sample.benchmark for sample in session.samples}), "benchmark")
            tail = f"  {'; '.join(remarks)}" if remarks else ""
            emit(f"  {session.id}  {_day(session.created)}  {session.commit}  {benchmarks}{tail}")


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The baseline's name.")],
    session: Annotated[
        list[str] | None, typer.Option("--session", metavar="ID", help="Only this session; repeatable.")
    ] = None,
    machine: Annotated[
        str,
        typer.Option("--machine", metavar="FINGERPRINT", help="Another machine's; perfkit baseline list names them."),
    ] = "",
) -> None:
    """Delete a baseline, or some of its sessions."""
    from perfkit.usecases import keeping

    for path in keeping.remove_baseline(here(), name, machine, session or ()):
        emit(f"removed {path}")


def _plain(machine: str, session: "Recorded") -> dict[str, object]:
    return {
        "machine": machine,
        "id": session.id,
        "created": session.created,
        "commit": session.commit.id,
        "benchmarks": sorted({sample.benchmark for sample in session.samples}),
        "accepted": session.accepted,
        "anchor": session.anchor,
    }


def _day(created: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%d %H:%M UTC")
