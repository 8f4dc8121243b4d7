"""`compare`, `report` and `gate --run`: runs that were measured before, judged again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from perfkit.judging.judgement import compare as judge
from perfkit.loading.config import Config, read_config
from perfkit.loading.recorded import find_base, find_named, find_run, names_path
from perfkit.model.errors import UsageError
from perfkit.model.run import Baseline, Run
from perfkit.storage import runs
from perfkit.usecases.judged import Judged, judged_alone, judged_pairs
from perfkit.usecases.request import Policy, options_for
from perfkit.usecases.settling import SecondLook, read_second_look

SWITCHES: Final = frozenset({"--once", "--quick", "--thorough", "--exact", "--in-place", "--pairs", "--no-pairs"})
"""The options of `run` and `gate` that take no value."""


def rendered_again(start: Path, name: str, *, baseline: str) -> Judged:
    """A stored run as the verb that measured it judged it, or against another baseline."""
    config = read_config(start)
    found, folder = find_run(config, name)
    if found.arguments[:1] == ("run",) and not baseline:
        return judged_alone(found, folder, options_for(config, found))
    return judge_stored(start, name, baseline=baseline, on_inconclusive=None)


def judge_stored(start: Path, candidate: str, *, baseline: str, on_inconclusive: Policy) -> Judged:
    """Judge a stored run as `gate` would, without measuring; an empty `baseline` is what it was gated against."""
    config = read_config(start)
    candidate_run, folder = find_run(config, candidate)
    options = options_for(config, candidate_run, on_inconclusive=on_inconclusive)
    if candidate_run.against and not baseline:
        return judged_pairs(candidate_run, folder, options)
    base = find_named(config, baseline or _named(candidate_run), candidate_run.machine.fingerprint)
    look = second_look(config, candidate_run, folder, base)
    meant = _selected(candidate_run)
    judgement = judge(base, candidate_run, options, selected=meant, confirmation=look.again, pairs=look.pairs)
    return Judged(candidate_run, judgement, base, folder)


def compare(start: Path, base: str, candidate: str) -> Judged:
    """Changes and verdicts of stored runs or foreign files; never measures. A run of pairs alone is replayed."""
    config = read_config(start)
    if not candidate and (paired := _find_pairs(config, base)):
        return judged_pairs(*paired, options_for(config, paired[0], everything=True))
    candidate_run, folder = find_run(config, candidate)
    found = find_base(config, base, candidate_run.machine.fingerprint, besides=candidate_run.id)
    if found is None:
        raise UsageError(
            f"there is nothing to compare with under {base or config.tables.gate.baseline!r}",
            hint="name a run, a file or a baseline; perfkit baseline list shows those",
        )
    look = second_look(config, candidate_run, folder, found)
    options = options_for(config, candidate_run, everything=True)
    meant = _selected(candidate_run)
    judgement = judge(found, candidate_run, options, selected=meant, confirmation=look.again, pairs=look.pairs)
    return Judged(candidate_run, judgement, found, folder)


def second_look(config: Config, run: Run, folder: Path, base: Baseline | None) -> SecondLook:
    """What settled a run whose gate was against this base; nothing where it was against another."""
    gated = _named(run) or config.tables.gate.baseline
    return read_second_look(folder) if base and base.name == gated else SecondLook()


def typed_in(arguments: Sequence[str]) -> Mapping[str, list[str]]:
    """Option → the values that a run's command line gave it; the words that select benchmarks under an empty name."""
    found, words = defaultdict[str, list[str]](list), iter(arguments[1:])
    for word in words:
        if word == "--":
            found[""] += words
        elif word.startswith("--") and word not in SWITCHES:
            option, equals, value = word.partition("=")
            found[option].append(value if equals else next(words, ""))
        elif word.startswith("-k"):
            found["-k"].append(word[2:] or next(words, ""))
        elif word not in SWITCHES:
            found[""].append(word)
    return found


def _named(run: Run) -> str:
    """The baseline that a run's gate was told to compare with; empty for the configured one."""
    return typed_in(run.arguments).get("--baseline", [""])[-1]


def _selected(run: Run) -> frozenset[str] | None:
    """The benchmarks of a run that was told which to measure; None where it was to measure them all."""
    typed = typed_in(run.arguments)
    narrowed = typed.get("") or typed.get("--tag") or any(typed.get("-k", ()))
    return frozenset(result.benchmark for result in run.results) if narrowed else None


def _find_pairs(config: Config, name: str) -> tuple[Run, Path] | None:
    """The run of that name (the newest without one) if it compares pairs."""
    reports = config.root / "reports"
    is_run = not name or names_path(name) or any(folder.name.startswith(name) for folder in reports.glob("*/"))
    if not is_run or (not name and runs.find_latest(reports) is None):
        return None
    found, folder = find_run(config, name)
    return (found, folder) if found.against else None
