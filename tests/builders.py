"""Small builders of model values: everything has a default, and a test states only what it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from perfkit.model.budget import Budget, Level, parse_budget
from perfkit.model.change import Change, Summary
from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.launch import Disturbance, Launch, Outcome
from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
from perfkit.model.run import Baseline, Recorded, Result, Run, Session
from perfkit.model.verdict import BudgetVerdict, ExitCode, Finding, Judgement, Met, Reason, Unmeasured, Verdict

NOON = 1_750_000_000.0
DAY = 86_400.0

WALL = Metric("wall_time", "s", resource=Resource.WALL)
CPU = Metric("cpu_time", "s", resource=Resource.CPU)
MEMORY = Metric("peak_memory", "B", resource=Resource.MEMORY, method="cgroup v2")
SIZE = Metric("raw", "B", kind=Kind.DETERMINISTIC)
ERRORS = Metric("errors", "1", scale=Scale.DIFFERENCE, kind=Kind.COUNT)
THROUGHPUT = Metric("throughput", "1/s", better=Better.HIGHER, resource=Resource.WALL)
LEVEL = Metric("level", "dB", better=Better.HIGHER, scale=Scale.DIFFERENCE)

STEADY = (0.100, 0.101, 0.099, 0.102, 0.098, 0.1005, 0.0995, 0.1015, 0.0985, 0.1003)


def a_machine(**changes: Any) -> Machine:
    fields = {
        "architecture": "x86_64", "cpu": "Test CPU 3000", "stepping": "1", "cpus": 2, "memory_gib": 8,
        "system": "Linux", "hypervisor": "", "identity": "here",
    }  # fmt: skip
    return Machine(**{**fields, **changes})


def a_launch(values: Mapping[str, float] | None = None, **changes: Any) -> Launch:
    fields: dict[str, Any] = {
        "outcome": Outcome.MEASURED, "session": 1, "order": 0, "started": NOON, "duration": 0.5, "seed": 7,
        "values": dict(values or {}), "disturbance": Disturbance(steal=0.0, run_delay=0.01),
    }  # fmt: skip
    return Launch(**{**fields, **changes})


def a_result(
    values: Mapping[Metric, Sequence[float]] | None = None,
    *,
    benchmark: str = "synth_startup",
    budgets: Mapping[str, Sequence[str]] | None = None,
    level: Level = Level.ERROR,
    **changes: Any,
) -> Result:
    """A result with one launch per value; `budgets` are written as in a scenario file: {"cpu_time": ["+5 %"]}."""
    values = {CPU: STEADY} if values is None else values
    metrics = tuple(values)
    count = max((len(row) for row in values.values()), default=0)
    launches = tuple(
        a_launch({m.name: row[i] for m, row in values.items() if i < len(row)}, order=i, started=NOON + i)
        for i in range(count)
    )
    fields: dict[str, Any] = {
        "benchmark": benchmark, "scenario": benchmark.partition("[")[0], "kind": "startup",
        "source": f"scenarios/synth.toml::{benchmark}", "fingerprint": "f1", "params": {}, "tags": (),
        "budgets": a_budget_table(budgets or {}, metrics, level), "metrics": metrics, "launches": launches,
    }  # fmt: skip
    return Result(**{**fields, **changes})


def a_budget_table(
    written: Mapping[str, Sequence[str]], metrics: Sequence[Metric], level: Level = Level.ERROR
) -> dict[str, tuple[Budget, ...]]:
    known = {metric.name: metric for metric in metrics}
    return {
        name: tuple(parse_budget(text, known.get(name, Metric(name, "s")), level) for text in texts)
        for name, texts in written.items()
    }


def a_failed_result(reason: str = "exit code 1", outcome: Outcome = Outcome.FAILED, **changes: Any) -> Result:
    return a_result({CPU: ()}, launches=(a_launch(outcome=outcome, reason=reason),), **changes)


def a_run(*results: Result, **changes: Any) -> Run:
    fields: dict[str, Any] = {
        "id": "20250615T120000Z-7a7a7a", "version": "0.1.0", "created": NOON, "arguments": ("run",),
        "machine": a_machine(), "conditions": Conditions({"kernel": "6.8", "python": "3.12.4"}),
        "commit": Commit("0123456789abcdef", "feature", dirty=True),
        "sessions": (Session(1, NOON, NOON + 60, 7),), "results": results or (a_result(),),
    }  # fmt: skip
    return Run(**{**fields, **changes})


def a_baseline(*runs: Run, name: str = "main") -> Baseline:
    return Baseline(name, tuple(run.recorded() for run in runs))


def a_recorded(**changes: Any) -> Recorded:
    fields = {name: getattr(a_run().recorded(), name) for name in Recorded.__slots__}
    return Recorded(**{**fields, **changes})


def a_change(estimate: float = 0.124, **changes: Any) -> Change:
    fields: dict[str, Any] = {
        "estimate": estimate, "low": estimate - 0.04, "high": estimate + 0.04, "confidence": 0.98, "relative": True,
        "ignore": 0.01, "tolerance": 0.05, "detectable": 0.07, "p_worse": 0.0004, "p_better": 1.0,
        "suspected": estimate > 0.05, "improved": estimate < -0.05, "unchanged": abs(estimate) < 0.02,
        "method": "sessions", "between": 0.02, "between_from": "prior",
    }  # fmt: skip
    return Change(**{**fields, **changes})


def a_finding(verdict: Verdict = Verdict.REGRESSED, **changes: Any) -> Finding:
    """A finding that fits its verdict; give `change=None` or `budgets=()` for one without."""
    estimate = {Verdict.REGRESSED: 0.124, Verdict.IMPROVED: -0.11}.get(verdict, 0.004)
    met = {
        Verdict.REGRESSED: Met.EXCEEDED, Verdict.OVER_LIMIT: Met.EXCEEDED,
        Verdict.INCONCLUSIVE: Met.INCONCLUSIVE, Verdict.NEW: Met.INCONCLUSIVE,
    }.get(verdict, Met.MET)  # fmt: skip
    why = {
        Verdict.REGRESSED: "12.4 % more [+8.4, +16.4 %], more than the allowed 5 %",
        Verdict.INCONCLUSIVE: "only changes of 24 % or more could be seen (τ = 10 %, prior)",
    }.get(verdict, f"{verdict.value}")
    metric = changes.get("metric", CPU)
    inconclusive = verdict is Verdict.INCONCLUSIVE
    fields: dict[str, Any] = {
        "benchmark": "synth_startup", "metric": metric, "verdict": verdict, "why": why,
        "candidate": Summary(10, 0.1124, 0.110, 0.115, 0.98, 1.124), "base": Summary(10, 0.1, 0.098, 0.102, 0.98, 1.0),
        "change": a_change(estimate), "budgets": (BudgetVerdict(parse_budget("+5 %", CPU), met, why),),
        "reason": Reason.NOISE if inconclusive else None,
        "advice": "to hold +5 % use: perfkit gate --against main" if inconclusive else "",
        "source": "scenarios/synth.toml::synth_startup",
    }  # fmt: skip
    return Finding(**{**fields, **changes})


def a_judgement(*findings: Finding, unmeasured: tuple[Unmeasured, ...] = (), **changes: Any) -> Judgement:
    verdicts = {finding.verdict for finding in findings if finding.gating}
    codes = {ExitCode.REGRESSED} if verdicts & {Verdict.REGRESSED, Verdict.OVER_LIMIT} else set()
    codes |= {ExitCode.INCONCLUSIVE} if Verdict.INCONCLUSIVE in verdicts else set()
    codes |= {ExitCode.NOT_MEASURED} if any(one.fails for one in unmeasured) else set()
    fields: dict[str, Any] = {
        "headline": f"{len(findings)} findings", "findings": findings, "unmeasured": unmeasured,
        "codes": frozenset(codes), "base_name": "main",
    }  # fmt: skip
    return Judgement(**{**fields, **changes})
