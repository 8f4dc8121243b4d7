"""A whole judged run as it comes out of a gate: every verdict, every outcome, details of every kind."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from perfkit.model.budget import Level, parse_budget
from perfkit.model.change import Summary
from perfkit.model.detail import RESULT, Curve, Detail, Facts, Histogram
from perfkit.model.environment import Commit, Conditions
from perfkit.model.launch import Launch, Outcome
from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
from perfkit.model.run import Baseline, Result, Run, Session
from perfkit.model.verdict import BudgetVerdict, ExitCode, Finding, Judgement, Met, Reason, Unmeasured, Verdict
from perfkit.reporting import View, build_view
from tests.builders import DAY, NOON, a_budget_table, a_change, a_launch, a_machine

READY = Metric("ready_time", "s", resource=Resource.WALL, method="stdout line")
CPU = Metric("cpu_time", "s", resource=Resource.CPU, method="wait4")
MEMORY = Metric("peak_memory", "B", resource=Resource.MEMORY, method="cgroup v2")
P99 = Metric("response_p99", "s", resource=Resource.WALL, method="open loop")
THROUGHPUT = Metric("throughput", "1/s", better=Better.HIGHER, resource=Resource.WALL)
ERRORS = Metric("errors", "1", scale=Scale.DIFFERENCE, kind=Kind.COUNT)
BLOCK = Metric("block_time_p99", "s", resource=Resource.CPU)
LATE = Metric("deadline_misses", "1", scale=Scale.DIFFERENCE, kind=Kind.COUNT)

MACHINE = a_machine(cpu="AMD EPYC 7763", stepping="1", cpus=4, memory_gib=16, system="Linux 6.8", identity="4c21")
_KINDS = {"startup": "startup", "memory": "memory", "load": "load", "latency": "audio_deadline"}
_START = 1_741_600_000.0


def sample(middle: float, spread: float, seed: int, count: int = 10) -> tuple[float, ...]:
    """Log-normal values around `middle`."""
    drawn = random.Random(seed)
    return tuple(middle * math.exp(drawn.gauss(0.0, spread)) for _ in range(count))


def summary(values: Sequence[float], sessions: int = 1) -> Summary:
    ordered = sorted(values)
    edge = max(1, len(ordered) // 6)
    bounded = len(ordered) >= 6
    return Summary(
        len(values),
        median(values),
        ordered[edge] if bounded else None,
        ordered[-1 - edge] if bounded else None,
        0.98 if bounded else 0.0,
        sum(values),
        sessions,
    )


def details_of_load(rate: float = 1.0) -> tuple[Detail, ...]:
    edges = tuple(0.001 * 2 ** (i / 4) for i in range(33))
    counts = tuple(int(9000 * math.exp(-((i - 11 * rate) ** 2) / 9)) + (6 if 20 < i < 28 else 0) for i in range(32))
    ends = tuple(10 ** (i / 20) for i in range(87))
    times = tuple(0.004 * rate * end**0.22 for end in ends)
    lag = tuple(0.00005 + 0.00002 * math.sin(i / 9) + (0.0016 if i in {140, 141, 390} else 0.0) for i in range(600))
    return (
        Histogram("Response time", "s", edges, counts, (("p50", 0.0066), ("p95", 0.0134), ("p99", 0.0181))),
        Curve("Response time by percentile", "1 / (1 − percentile), logarithmic", "1", "time", "s", ends, times),
        Curve(
            "How late requests were sent", "time", "s", "send lag", "s", tuple(i / 20 for i in range(600)), lag,
            (("allowed", 0.001),), (140, 141, 390),
        ),
        Facts("Generator", (("arrivals", "open loop, Poisson, 200 /s"), ("connections", "8"), ("loop", "uvloop 0.21"))),
    )  # fmt: skip


def details_of_memory() -> tuple[Detail, ...]:
    times = tuple(i / 10 for i in range(80))
    held = tuple(2.1e7 + 5.4e7 * (1 - math.exp(-t / 1.3)) + (1.5e6 if i % 9 < 4 else 0.0) for i, t in enumerate(times))
    return (
        Curve("Memory over time", "time", "s", "resident set", "B", times, held, (("limit", 1e8),), (78,)),
        Facts("How it was read", (("method", "cgroup v2 memory.peak"), ("floor", "11.2 MB, below the reading"))),
    )


def details_of_blocks(block: int) -> tuple[Detail, ...]:
    period = block / 48_000
    edges = tuple(period * i / 40 for i in range(41))
    counts = tuple(int(4200 * math.exp(-((i - 14) ** 2) / 14)) + (3 if i > 34 else 0) for i in range(40))
    return (
        Histogram("Time per block", "s", edges, counts, (("p99", period * 0.47), ("deadline", period))),
        Facts(
            "Audio",
            (
                (RESULT, f"{block} frames at 48 kHz: 0 of 3000 blocks late, JACK (converters not included)"),
                ("server", "JACK 1.9.22, dummy backend"),
                ("rate", "48 kHz"),
                ("block", f"{block} frames"),
            ),
        ),
    )


def a_side(values: Mapping[Metric, Sequence[float]], details: bool, session: int = 1) -> tuple[Launch, ...]:
    count = len(next(iter(values.values())))
    return tuple(
        a_launch(
            {metric.name: row[i] for metric, row in values.items()},
            session=session,
            order=i,
            started=_START + 31.0 * i,
            duration=2.4,
            details=f"{i}.json" if details else "",
        )
        for i in range(count)
    )


def a_measured(
    benchmark: str, values: Mapping[Metric, Sequence[float]], budgets: Mapping[str, Sequence[str]]
) -> Result:
    scenario = benchmark.partition("[")[0]
    return Result(
        benchmark=benchmark,
        scenario=scenario,
        kind=_KINDS[scenario.partition("_")[2]],
        source=f"scenarios/synth.toml::{scenario}",
        fingerprint=f"d3f1-{benchmark}",
        params={},
        tags=("audio",),
        budgets=a_budget_table(budgets, tuple(values)),
        metrics=tuple(values),
        launches=a_side(values, details=True),
    )


def _with_disturbed(result: Result) -> Result:
    launches = list(result.launches)
    launches[3] = replace(launches[3], contaminated=("steal above 2 %",), replaced=True)
    launches[7] = replace(launches[7], contaminated=("CPU pressure above 10 %",), caveats=("non-RT",))
    return replace(result, launches=tuple(launches))


def candidate_run() -> Run:
    load = {
        streams: {
            P99: sample(p99, spread, 20 + streams),
            THROUGHPUT: sample(200.0, 0.01, 30 + streams),
            ERRORS: tuple(float(n) for n in errors),
        }
        for streams, p99, spread, errors in (
            (1, 0.0123, 0.03, [0] * 10),
            (8, 0.0218, 0.19, [0] * 10),
            (32, 0.0684, 0.03, [0, 0, 3, 0, 0, 0, 1, 0, 0, 0]),
        )
    }
    blocks = {block: {BLOCK: sample(0.47 * block / 48_000, 0.02, block)} for block in (64, 128, 256)}
    results = [
        _with_disturbed(
            a_measured(
                "synth_startup",
                {READY: sample(0.4684, 0.024, 1), CPU: sample(0.305, 0.01, 2), MEMORY: sample(7.42e7, 0.002, 3)},
                {"ready_time": ["< 2 s", "+5 %"], "cpu_time": ["+5 %"], "peak_memory": ["< 70 MB"]},
            )
        ),
        a_measured("synth_memory", {MEMORY: sample(6.61e7, 0.004, 4)}, {"peak_memory": ["< 100 MB", "+3 %"]}),
        *(
            a_measured(
                f"synth_load[streams={streams}]", values, {"response_p99": ["< 100 ms", "+10 %"], "errors": ["== 0"]}
            )
            for streams, values in load.items()
        ),
        *(
            a_measured(f"synth_latency[block={block}]", values, {"block_time_p99": [f"< {block / 48 * 0.7:.2f} ms"]})
            for block, values in blocks.items()
        ),
    ]
    return Run(
        id="20250310T094640Z-5e2b1c",
        version="0.1.0",
        created=_START,
        arguments=("gate",),
        machine=MACHINE,
        conditions=Conditions(
            {"kernel": "6.8.0-1021", "governor": "performance", "python": "3.12.9", "numpy": "2.2.3"}
        ),
        commit=Commit("9c41d7e20b5fa3", "faster-voices", dirty=False),
        sessions=(Session(1, _START, _START + 412.0, 91),),
        results=tuple(results),
    )


def base_of(run: Run) -> Baseline:
    """Two sessions of the same benchmarks; the third latency benchmark did not exist yet."""
    shifts = {
        ("synth_startup", "ready_time"): 0.4121 / 0.4684,
        ("synth_memory", "peak_memory"): 7.3e7 / 6.61e7,
        ("synth_load[streams=32]", "response_p99"): 0.0602 / 0.0684,
    }
    sessions = []
    for number in (1, 2):
        samples = tuple(
            replace(
                one,
                values=sample(
                    shifts.get((one.benchmark, one.metric.name), 1.0) * median(one.values),
                    0.19 if one.benchmark == "synth_load[streams=8]" else 0.02,
                    number * 100 + index,
                )
                if one.metric.kind is not Kind.COUNT
                else (0.0,) * 10,
            )
            for index, one in enumerate(run.recorded().samples)
            if one.benchmark != "synth_latency[block=256]"
        )
        sessions.append(
            replace(
                run.recorded(),
                id=f"2025030{number + 5}T101500Z-a{number}",
                created=_START - DAY * (4 - number),
                commit=Commit(f"{number}b77c02e4d91aa", "main"),
                conditions=Conditions(
                    {"kernel": "6.8.0-1021", "governor": "performance", "python": "3.12.8", "numpy": "2.2.3"}
                ),
                samples=samples,
            )
        )
    return Baseline("main", tuple(sessions))


class Judge:
    """Writes findings on a run against its base; the verdicts are given, not found."""

    def __init__(self, run: Run, base: Baseline | None) -> None:
        self.run, self.base = run, base

    def finding(
        self,
        benchmark: str,
        metric: Metric,
        verdict: Verdict,
        why: str,
        estimate: float | None = None,
        met: Sequence[Met] = (),
        half: float = 0.03,
        **fields: object,
    ) -> Finding:
        result = next(result for result in self.run.results if result.benchmark == benchmark)
        budgets = result.budgets.get(metric.name, ())
        held = tuple(BudgetVerdict(b, m, why) for b, m in zip(budgets, met, strict=True))
        relative = metric.scale is Scale.RATIO
        change = None
        if estimate is not None:
            change = a_change(
                estimate,
                low=estimate - half if half else None,
                high=estimate + half if half else None,
                relative=relative,
                method="stored baseline, 2 sessions",
                detectable=max(0.05, 2.2 * half),
                note="" if half else "a count has no interval here",
            )
        known = self._base_values(benchmark, metric) if estimate is not None else ()
        return Finding(
            benchmark, metric, verdict, why, summary(result.values(metric.name)),
            summary(known, 2) if known else None, change, held, source=result.source, **fields,
        )  # fmt: skip

    def _base_values(self, benchmark: str, metric: Metric) -> tuple[float, ...]:
        sessions = self.base.sessions if self.base else ()
        return tuple(
            value
            for session in sessions
            for one in session.samples
            if one.benchmark == benchmark and one.metric == metric
            for value in one.values
        )


SKIPPED = Unmeasured(
    "synth_latency[device=hw]", Outcome.SKIPPED, "no sound card; set PERFKIT_AUDIO_DEVICE to one", in_base=False
)
FAILED = Unmeasured(
    "synth_load[streams=128]", Outcome.FAILED, "exit code 1: address already in use", in_base=True,
    source="scenarios/synth.toml::synth_load",
)  # fmt: skip
MISSING = Unmeasured("synth_export", None, "", in_base=True)


def gate_findings(judge: Judge) -> tuple[Finding, ...]:
    met, exceeded, unsure = Met.MET, Met.EXCEEDED, Met.INCONCLUSIVE
    only = "only changes of 31 % or more could be seen (τ = 10 %, from the prior)"
    kept = "no regression of the tolerance or more"
    find = judge.finding
    return (
        find(
            "synth_startup", READY, Verdict.REGRESSED, "13.7 % slower, more than the allowed 5 %", 0.137,
            (met, exceeded), 0.025, advice="to see what grew: perfkit gate --against main synth_startup",
        ),
        find(
            "synth_load[streams=32]", P99, Verdict.REGRESSED, "13.6 % slower, more than the allowed 10 %", 0.136,
            (met, exceeded), 0.03, advice="look at the latency histogram in report.html",
        ),
        find(
            "synth_load[streams=32]", ERRORS, Verdict.OVER_LIMIT, "4 errors in 10 launches, none allowed",
            0.4, (exceeded,), 0.0, advice="the requests that failed are listed in the launch's details",
        ),
        find(
            "synth_startup", MEMORY, Verdict.OVER_LIMIT, "74.1 MB at least, over the limit of 70 MB", 0.002,
            (exceeded,), 0.004, advice="see which imports hold memory: perfkit explain synth_startup",
        ),
        find(
            "synth_load[streams=8]", P99, Verdict.INCONCLUSIVE, only, 0.021, (met, unsure), 0.14,
            reason=Reason.NOISE, advice="to hold +10 % use: perfkit gate --against main",
        ),
        find(
            "synth_latency[block=256]", BLOCK, Verdict.NEW, "not in the baseline; within its limit", None, (met,),
            reason=Reason.NO_BASELINE, advice="perfkit baseline save adds it",
        ),
        find("synth_memory", MEMORY, Verdict.IMPROVED, "9.5 % less memory", -0.095, (met, met), 0.006),
        find("synth_startup", CPU, Verdict.UNCHANGED, kept, 0.004, (met,), 0.018),
        find("synth_load[streams=1]", P99, Verdict.UNCHANGED, kept, -0.006, (met, met), 0.03),
        find("synth_load[streams=1]", ERRORS, Verdict.WITHIN_LIMIT, "no error in 10 launches", 0.0, (met,), 0.0),
        find("synth_load[streams=8]", ERRORS, Verdict.WITHIN_LIMIT, "no error in 10 launches", 0.0, (met,), 0.0),
        find("synth_latency[block=64]", BLOCK, Verdict.WITHIN_LIMIT, "at most 0.64 ms", 0.003, (met,), 0.01),
        find("synth_latency[block=128]", BLOCK, Verdict.WITHIN_LIMIT, "at most 1.28 ms", -0.002, (met,), 0.01),
        *(
            find(f"synth_load[streams={n}]", THROUGHPUT, Verdict.INFORMATIONAL, "no budget", 0.001 * n, (), 0.01)
            for n in (1, 8, 32)
        ),
    )  # fmt: skip


def details_of(run: Run) -> dict[int, tuple[Detail, ...]]:
    """What each launch of the run saw inside, by the launch's identity."""
    seen: dict[int, tuple[Detail, ...]] = {}
    for result in run.results:
        for launch in result.launches:
            if result.kind == "load":
                seen[id(launch)] = details_of_load(1.3 if "32" in result.benchmark else 1.0)
            elif result.kind == "audio_deadline":
                seen[id(launch)] = details_of_blocks(int(result.benchmark.partition("=")[2].rstrip("]")))
            else:
                seen[id(launch)] = details_of_memory()
    return seen


def a_view(run: Run, base: Baseline | None, judgement: Judgement) -> View:
    seen = details_of(run)
    return build_view(judgement, run, base, lambda launch: seen[id(launch)], generated=_START + 420.0)


def gate_view(**changes: object) -> View:
    """A gate that found something of everything."""
    run = candidate_run()
    base = base_of(run)
    judgement = Judgement(
        "2 regressed, 2 over a limit, 1 inconclusive, 1 not measured; 16 findings against main",
        gate_findings(Judge(run, base)),
        (FAILED, MISSING, SKIPPED),
        frozenset({ExitCode.REGRESSED, ExitCode.INCONCLUSIVE, ExitCode.NOT_MEASURED}),
        "main",
        ("python differs: 3.12.8 in the base, 3.12.9 now",),
    )
    return a_view(run, base, replace(judgement, **changes))


def run_view() -> View:
    """A plain run: limits are held, nothing is compared."""
    run = candidate_run()
    judge = Judge(run, None)
    limit = "synth_latency[block=64]"
    untold = Met.INCONCLUSIVE
    findings = (
        judge.finding(
            "synth_startup", MEMORY, Verdict.OVER_LIMIT, "74.1 MB at least, over the limit of 70 MB", None,
            (Met.EXCEEDED,),
        ),
        judge.finding(
            "synth_startup", READY, Verdict.INCONCLUSIVE, "within its limit; the tolerance needs a base", None,
            (Met.MET, untold), reason=Reason.NO_BASELINE, advice="perfkit gate --against main",
        ),
        judge.finding(limit, BLOCK, Verdict.WITHIN_LIMIT, "at most 0.64 ms", None, (Met.MET,)),
        judge.finding("synth_load[streams=8]", THROUGHPUT, Verdict.INFORMATIONAL, "no budget", None),
    )  # fmt: skip
    judgement = Judgement("4 metrics measured, 1 over its limit", findings, (SKIPPED,), frozenset({ExitCode.PASSED}))
    return a_view(run, None, judgement)


HOSTILE = (
    "<script>alert(1)</script>",
    "[red]bold[/red] [items=10]",
    "a|b\\|c`d` *e* _f_ $x$",
    "two\nlines\r\n::error file=x::pwned",
    "🎛️ synth\x1b[31m\x00\u202e evil @someone https://example.org #1",
    "n" * 300,
    "%0A,: ]]> --> </details>",
)


def hostile_view(name: str) -> View:
    """`name` in every place that a user can fill."""
    metric = Metric(name, "s", method=name)
    values = sample(0.1, 0.02, 5)
    run = candidate_run()
    launches = tuple(
        a_launch({name: value}, order=i, caveats=(name,), contaminated=(name,), details="d")
        for i, value in enumerate(values)
    )
    result = replace(
        run.results[0], benchmark=name, metrics=(metric,), launches=launches, source=name,
        budgets={name: (parse_budget("+5 %", metric),)},
    )  # fmt: skip
    run = replace(run, results=(result,), commit=Commit(name, name), conditions=Conditions({name: name}))
    base = Baseline(name, (replace(run.recorded(), id=name),))
    held = (BudgetVerdict(parse_budget("+5 %", metric, Level.ERROR), Met.EXCEEDED, name),)
    finding = Finding(
        name, metric, Verdict.REGRESSED, name, summary(values), summary(values), a_change(0.1, note=name, method=name),
        held, advice=name, source=name,
    )  # fmt: skip
    judgement = Judgement(
        name, (finding,), (Unmeasured(name, Outcome.FAILED, name, in_base=True, source=name),),
        frozenset({ExitCode.REGRESSED}), name, (name,),
    )  # fmt: skip
    details: tuple[Detail, ...] = (
        Histogram(name, "s", (0.0, 1.0, 2.0), (3, 4), ((name, 1.0),)),
        Curve(name, name, "s", name, name, (0.0, 1.0), (1.0, 2.0), ((name, 1.5),), (1,)),
        Facts(name, ((name, name), (RESULT, name))),
    )
    return build_view(judgement, run, base, lambda _: details, generated=NOON, identity=name)
