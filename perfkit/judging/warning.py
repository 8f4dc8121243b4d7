"""What a reader must know besides the verdicts."""

import re
from collections.abc import Iterator

from perfkit.judging.past import Past
from perfkit.model.launch import Launch, Outcome
from perfkit.model.reasons import said
from perfkit.model.run import Run
from perfkit.model.units import counted

_SHARE = re.compile(r" (\d+\.\d) %$")
OLD = 7 * 86_400.0
"""s; machines and toolchains drift."""


def warnings(run: Run, past: Past) -> Iterator[str]:
    """One sentence each: the base's age and conditions, an incomplete run, contaminated and invalid launches."""
    if past.sessions:
        yield from _of_base(run, past)
    if not run.complete:
        yield "the run is not complete: some benchmarks have fewer launches than planned"
    yield from _of_launches(run)


def _of_base(run: Run, past: Past) -> Iterator[str]:
    newest = past.sessions[-1]
    if (age := run.created - newest.created) > OLD:
        yield f"the newest baseline session is {age / 86_400:.0f} days old; save a new one"
    then, now = newest.conditions.values, run.conditions.values
    changed = [
        f"{name} {then.get(name, 'unknown')} → {now.get(name, 'unknown')}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    if changed:
        yield f"conditions differ from the baseline's: {', '.join(changed)}"


def _of_launches(run: Run) -> Iterator[str]:
    counting = [launch for result in run.results for launch in result.measured]
    disturbed = [launch for launch in counting if launch.contaminated]
    if disturbed:
        share = f"{len(disturbed)} of {counted(len(counting), 'launch')}"
        yield f"the machine disturbed {share} ({_worst_rules(disturbed)}); they could not be replaced"
    for result in run.results:
        invalid = [launch for launch in result.launches if launch.outcome is Outcome.INVALID]
        if invalid and result.outcome is Outcome.MEASURED:
            share = f"{len(invalid)} of {counted(len(result.launches), 'launch')}"
            ends = "was invalid and does not count" if len(invalid) == 1 else "were invalid and do not count"
            yield f"{result.benchmark}: {share} {ends} ({said(invalid[-1].reason)})"


def _worst_rules(launches: list[Launch]) -> str:
    """Each rule that was broken once, with its worst figure: `CPU pressure up to 14.0 %`."""
    worst: dict[str, float] = {}
    for rule in (rule for launch in launches for rule in launch.contaminated):
        share = _SHARE.search(rule)
        name = rule[: share.start()] if share else rule
        worst[name] = max(worst.get(name, 0.0), float(share[1]) if share else 0.0)
    return ", ".join(f"{name} up to {share:.1f} %" if share else name for name, share in sorted(worst.items()))
