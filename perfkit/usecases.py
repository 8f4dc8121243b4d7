"""What the verbs do: each joins the layers in a few lines; nothing here prints."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from perfkit.instruments.capabilities import read_capabilities
from perfkit.instruments.interpreter import resolve_python
from perfkit.instruments.machine import read_conditions, read_machine
from perfkit.instruments.repository import read_commit
from perfkit.instruments.requirements import skips_fail
from perfkit.judging.judgement import compare as judge
from perfkit.judging.judgement import suspects
from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs
from perfkit.loading.config import Config, read_config
from perfkit.loading.finding import configured_places, find_benchmarks
from perfkit.loading.plugins import register_probes
from perfkit.loading.recorded import find_base, find_run
from perfkit.loading.selecting import Selection
from perfkit.model.budget import Limit
from perfkit.model.diagnosis import Diagnosis
from perfkit.model.errors import UsageError
from perfkit.model.events import RunObserver
from perfkit.model.launch import Detail, Launch
from perfkit.model.run import Baseline, Recorded, Run
from perfkit.model.scenario import Benchmark
from perfkit.model.verdict import ExitCode, Judgement
from perfkit.reporting import REPORTS, View, build_view
from perfkit.running.diagnosing import with_noise
from perfkit.running.gating import Comparison, measure_pairs
from perfkit.running.measuring import Measured, Surroundings, measure
from perfkit.running.plan import Plan, draw_seed
from perfkit.running.sides import Build
from perfkit.storage import baselines, runs
from perfkit.storage.files import write_atomically
from perfkit.storage.journal import read_journal
from perfkit.storage.schema import json_schema

Policy = Literal["pass", "fail"] | None
"""What an inconclusive judgement exits with: 0, 1, or (None) 3."""

FILES = {"html": "report.html", "md": "report.md", "junit": "report.xml", "json": "report.json", "github": "summary.md"}
"""Format → the file that it is written to in the run's folder."""


@dataclass(frozen=True, slots=True)
class Against:
    """The ref that a gate measures pairs against, and how its base is taken and the candidate measured."""

    ref: str
    exact: bool = False
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What a measuring verb was asked for. `resume` is the id of a run to go on with, or `last`."""

    config: Config
    start: Path
    selection: Selection
    plan: Plan
    arguments: tuple[str, ...]
    resume: str = ""
    against: Against | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with its judgement, what it was compared with, and the folder of its reports."""

    run: Run
    judgement: Judgement
    base: Baseline | Recorded | None
    folder: Path
    interrupted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """The process's exit code."""
        return ExitCode.INTERRUPTED if self.interrupted else self.judgement.exit_code


def load(start: Path, selection: Selection) -> tuple[Benchmark, ...]:
    """The benchmarks that are meant in the project around `start`."""
    config = read_config(start)
    return _load(config, selection, start)[0]


def begun_with(start: Path, resume: str) -> tuple[str, ...]:
    """The arguments that the run to be gone on with was begun with."""
    return read_journal(_folder(read_config(start), resume)).run.arguments


def run(request: Request, observer: RunObserver) -> Judged:
    """Measure, and hold limits against what was measured; tolerances wait for a gate."""
    measured = _measure(request, observer)
    once = request.plan.most == 1
    held = measured.run.keeping() if once else measured.run.keeping(Limit)
    judgement = _without_base(judge(None, held, _options(request.config)), once=once)
    return Judged(measured.run, judgement, None, measured.folder, measured.interrupted)


def gate(request: Request, observer: RunObserver, *, baseline: str, on_inconclusive: Policy) -> Judged:
    """Measure, compare with the baseline or pair by pair with a ref, measure the suspects once more, judge."""
    if request.against:
        return _gate_pairs(request, request.against, observer, on_inconclusive)
    options = _options(request.config, on_inconclusive=on_inconclusive)
    base = find_base(request.config, baseline, read_machine().fingerprint)
    measured = _measure(request, observer)
    selected = frozenset(result.benchmark for result in measured.run.results)
    everything = None if request.selection.everything else selected
    judgement = judge(base, measured.run, options, selected=everything)
    judged = Judged(measured.run, judgement, base, measured.folder, measured.interrupted)
    suspected = suspects(judgement)
    if measured.interrupted or not suspected:
        return judged
    second = _measure(_again(request, suspected), observer)
    judgement = judge(base, measured.run, options, selected=everything, confirmation=second.run)
    return replace(judged, judgement=judgement, interrupted=second.interrupted)


def judge_stored(start: Path, candidate: str, *, baseline: str, on_inconclusive: Policy) -> Judged:
    """Judge a stored run as `gate` would, without measuring."""
    config = read_config(start)
    candidate_run, folder = find_run(config, candidate)
    options = _options(config, on_inconclusive=on_inconclusive)
    if candidate_run.against and not baseline:
        return _paired(candidate_run, folder, options)
    base = find_base(config, baseline, candidate_run.machine.fingerprint)
    judgement = judge(base, candidate_run, options)
    return Judged(candidate_run, judgement, base, folder)


def compare(start: Path, base: str, candidate: str) -> Judged:
    """Changes and verdicts of stored runs or foreign files; never measures. A run of pairs alone is replayed."""
    config = read_config(start)
    if not candidate and (paired := _find_pairs(config, base)):
        return _paired(*paired, _options(config, everything=True))
    candidate_run, folder = find_run(config, candidate)
    found = find_base(config, base, candidate_run.machine.fingerprint, besides=candidate_run.id)
    if found is None:
        raise UsageError(
            f"there is nothing to compare with under {base or config.tables.gate.baseline!r}",
            hint="name a run, a file or a baseline; perfkit baseline list shows those",
        )
    judgement = judge(found, candidate_run, _options(config, everything=True))
    return Judged(candidate_run, judgement, found, folder)


def save_baseline(start: Path, name: str, run: str, *, accept: str, anchor: bool) -> tuple[Path, Run]:
    """Keep a run as a session of a baseline.

    Raises UsageError for a run that is not complete, has a benchmark that was not measured, or is worse than its
    budgets or the baseline allow, unless `accept` says why it is to be kept all the same.
    """
    config = read_config(start)
    found, _ = find_run(config, run)
    name = name or config.tables.gate.baseline
    if not accept and (against := _objection(config, found, name)):
        raise UsageError(f"run {found.id} {against}", hint="mend that, or keep it all the same with --accept REASON")
    recorded = replace(found.recorded(), accepted=accept, anchor=anchor)
    return baselines.save_baseline(config.root / "baselines", name, recorded), found


def list_baselines(start: Path) -> tuple[tuple[str, Baseline], ...]:
    """Every baseline of the project as (machine fingerprint, baseline)."""
    root = read_config(start).root / "baselines"
    return tuple(
        (machine, baselines.load_baseline(root, machine, name)) for machine, name in baselines.list_baselines(root)
    )


def remove_baseline(start: Path, name: str, machine: str, sessions: Sequence[str]) -> tuple[Path, ...]:
    """Delete a baseline of this machine (or of `machine`), or only those of its sessions."""
    root = read_config(start).root / "baselines"
    return baselines.remove_baseline(root, name, machine or read_machine().fingerprint, sessions)


def view_of(judged: Judged) -> View:
    """What every report draws."""

    def details(launch: Launch) -> tuple[Detail, ...]:
        return runs.read_details(judged.folder, launch.details)

    return build_view(judged.judgement, judged.run, judged.base, details, generated=time.time())


def write_reports(judged: Judged, view: View, formats: Sequence[str]) -> tuple[Path, ...]:
    """Write the reports into the run's folder; returns their paths."""
    paths = []
    for name in formats:
        path = judged.folder / FILES[name]
        write_atomically(path, REPORTS[name](view).encode())
        paths.append(path)
    return tuple(paths)


def schema(which: str) -> str:
    """The JSON Schema of a run file or a judgement."""
    from perfkit.reporting.json_report import schema as judgement_schema

    return json.dumps(json_schema("run") if which == "run" else judgement_schema(), indent=2)


def show_baseline(start: Path, name: str) -> tuple[tuple[str, Baseline], ...]:
    """The baseline of that name on every machine that has it. Raises UsageError if none has."""
    config = read_config(start)
    name = name or config.tables.gate.baseline
    found = tuple((machine, baseline) for machine, baseline in list_baselines(start) if baseline.name == name)
    if not found:
        raise UsageError(f"there is no baseline {name!r}", hint="perfkit baseline list shows those that there are")
    return found


def diagnose(start: Path, *, noise: bool) -> Diagnosis:
    """What this machine can measure and, with `noise`, how far launches of one program lie apart."""
    config = read_config(start)
    python = resolve_python(config.root, config.tables.project.python).path
    found = Diagnosis(read_machine(), read_conditions(python), read_capabilities())
    return with_noise(found, python, config.root) if noise else found


def _options(config: Config, *, on_inconclusive: Policy = None, everything: bool = False) -> Options:
    gate = config.tables.gate
    return Options(
        alpha=gate.alpha,
        beta=gate.beta,
        ignore=gate.ignore,
        tolerance=gate.tolerance,
        on_inconclusive=on_inconclusive or gate.on_inconclusive,
        require_skips=skips_fail(),
        everything=everything,
    )


def _without_base(judgement: Judgement, *, once: bool) -> Judgement:
    """What a plain run says: limits that are broken and what was not measured, but nothing is inconclusive."""
    codes = judgement.codes & {ExitCode.NOT_MEASURED, ExitCode.REGRESSED} or {ExitCode.PASSED}
    works = f"{len({finding.benchmark for finding in judgement.findings})} benchmarks work"
    missed = f", {len(judgement.unmeasured)} do not" if judgement.unmeasured else ""
    return replace(judgement, codes=frozenset(codes), headline=works + missed if once else judgement.headline)


def _gate_pairs(request: Request, against: Against, observer: RunObserver, on_inconclusive: Policy) -> Judged:
    """Measure pairs of two sides, once more what looks regressed, and judge them by replaying the pairs."""
    config, build = request.config, request.config.tables.build
    options = _options(config, on_inconclusive=on_inconclusive)
    benchmarks, around = _surroundings(request)
    asked = Comparison(
        ref=against.ref,
        seed=request.plan.seed,
        options=options,
        exact=against.exact,
        in_place=against.in_place,
        build=Build(build.command, build.timeout) if build.command else None,
        python=config.tables.project.python,
        max_time=request.plan.hard_limit,
    )
    folder = _folder(config, request.resume)
    measured = measure_pairs(benchmarks, asked, around, folder, request.arguments, observer)
    return _paired(measured.run, folder, options, interrupted=measured.interrupted)


def _paired(run: Run, folder: Path, options: Options, *, interrupted: bool = False) -> Judged:
    return Judged(run, judge_pairs(run, options), run.recorded_base(), folder, interrupted)


def _find_pairs(config: Config, name: str) -> tuple[Run, Path] | None:
    """The run of that name (the newest without one) if it compares pairs."""
    reports = config.root / "reports"
    is_run = not name or Path(name).exists() or any(folder.name.startswith(name) for folder in reports.glob("*/"))
    if not is_run or (not name and runs.find_latest(reports) is None):
        return None
    found, folder = find_run(config, name)
    return (found, folder) if found.against else None


def _again(request: Request, benchmarks: Sequence[str]) -> Request:
    """The same measurement of the suspects only, in a run of its own."""
    plan = replace(request.plan, seed=draw_seed())
    return replace(request, selection=Selection(tuple(benchmarks)), plan=plan, resume="")


def _objection(config: Config, run: Run, name: str) -> str:
    """Why a run should not become a baseline; empty if nothing speaks against it."""
    if not run.complete:
        return "is not complete"
    base = find_base(config, name, run.machine.fingerprint, besides=run.id)
    judgement = judge(base, run, _options(config), selected=frozenset(result.benchmark for result in run.results))
    for code, what in ((ExitCode.NOT_MEASURED, "has benchmarks that were not measured"), (ExitCode.REGRESSED, "fails")):
        if code in judgement.codes:
            return f"{what}: {judgement.headline}"
    return ""


def _load(config: Config, selection: Selection, start: Path) -> tuple[tuple[Benchmark, ...], str, dict[str, str]]:
    python = resolve_python(config.root, config.tables.project.python).path
    places = configured_places(config) if selection.everything else ()
    folders = {place if place.is_dir() else place.parent for place in (*places, *selection.paths(start))}
    plugins = register_probes(sorted(folders))
    return find_benchmarks(config, selection, start, python), python, plugins


def _measure(request: Request, observer: RunObserver) -> Measured:
    folder = _folder(request.config, request.resume)
    benchmarks, around = _surroundings(request)
    return measure(benchmarks, request.plan, around, folder, request.arguments, observer)


def _surroundings(request: Request) -> tuple[tuple[Benchmark, ...], Surroundings]:
    config = request.config
    benchmarks, python, plugins = _load(config, request.selection, request.start)
    return benchmarks, Surroundings(
        root=config.root,
        python=python,
        env_pass=config.tables.project.env_pass,
        plugins=plugins,
        machine=read_machine(),
        conditions=read_conditions(python),
        commit=read_commit(config.root),
    )


def _folder(config: Config, resume: str) -> Path:
    reports = config.root / "reports"
    if resume:
        found = runs.find_unfinished(reports) if resume == "last" else runs.find_run(reports, resume)
        if found is None:
            raise UsageError(f"no unfinished run in {reports}", hint="start anew: perfkit run")
        return found
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%SZ")
    return reports / f"{stamp}-{draw_seed() & 0xFFFFFF:06x}"
