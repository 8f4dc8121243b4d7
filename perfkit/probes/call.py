"""Probe `call`: time and memory of a Python function, in the side's own interpreter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from perfkit.model.detail import Curve, Detail, Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import AT_FLOOR, Exit, Launcher, Measurement, Program
from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
from perfkit.model.units import UNITS, Duration, format_quantity

_WORKER = Path(__file__).parents[1] / "worker" / "call.py"
_MIN_TIME = Duration("0.5 s")
_WARMUP = Duration("0.1 s")
_OVERHEAD_THAT_COUNTS = 0.05
_OWN = (
    Metric("wall_time", "s", resource=Resource.WALL, description="wall time per iteration"),
    Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time per iteration, all threads and children"),
    Metric("peak_memory", "B", resource=Resource.MEMORY, method="maxrss", description="peak RSS of the process"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A metric that the body returns in `Metrics`."""

    better: Literal["lower", "higher"]
    unit: str = "1"
    scale: Literal["ratio", "difference"] = "ratio"
    kind: Literal["noisy", "deterministic", "count"] = "noisy"

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"{self.unit!r} is not a base unit; use one of {', '.join(UNITS)}")

    def metric(self, name: str) -> Metric:
        """Its definition under `name`."""
        return Metric(name, self.unit, Better(self.better), Scale(self.scale), Kind(self.kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of a scenario file: a body, or a generator that sets up and yields one.

    `file` is relative to the side's root. Values are medians over repeats that last `min_time` together, per
    iteration, after `warmup`. `extra` declares the metrics that the body returns.
    """

    kind: ClassVar[str] = "call"

    file: str
    function: str
    params: Mapping[str, Any] = field(default_factory=dict)
    min_time: Duration = _MIN_TIME
    warmup: Duration = _WARMUP
    extra: Mapping[str, Extra] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        taken = {metric.name for metric in _OWN} & set(self.extra)
        if taken:
            raise ValueError(f"extra.{min(taken)}: every call has this metric already; take another name")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Wall and CPU time per iteration, peak memory, and what the body returns."""
        return (*_OWN, *(extra.metric(name) for name, extra in self.extra.items()))

    def measure(self, launcher: Launcher) -> Measurement:
        """Run the worker once. Raises Failed where the scenario raises or returns other metrics than declared."""
        out = launcher.tmp / "call.json"
        ended = launcher.start(self._program(launcher, out)).wait(launcher.remaining)
        answer = self._answer(ended, out)
        values = {name: answer[name] for name in ("wall_time", "cpu_time")}
        values["peak_memory"] = float(ended.usage.peak_memory)
        return Measurement(
            values | self._returned(answer["extra"]),
            details=_details(answer),
            run_delay=ended.usage.run_delay,
            caveats=_caveats(answer, ended),
        )

    def _program(self, launcher: Launcher, out: Path) -> Program:
        command = (launcher.python, str(_WORKER), "run", str(launcher.root / self.file), "--root", str(launcher.root))
        told = {
            "--out": str(out),
            "--function": self.function,
            "--params": json.dumps(dict(self.params)),
            "--seed": str(launcher.seed),
            "--min-time": repr(float(self.min_time)),
            "--warmup": repr(float(self.warmup)),
        }
        words = (word for pair in told.items() for word in pair)
        return Program((*command, *words), env=self.env, env_pass=self.env_pass)

    def _answer(self, ended: Exit, out: Path) -> dict[str, Any]:
        if not out.exists():
            tail = ended.stderr.strip()[-400:] or "it printed nothing on stderr"
            hint = f"exit code {ended.code}; run the function by itself in this interpreter"
            raise Failed(f"the process of {self.function}() died: {tail}", hint=hint)
        answer: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        if "error" in answer:
            error = answer["error"]
            where = f"{self.file}:{error['line']}"
            hint = f"{self.function}() raised it with {dict(self.params)}"
            raise Failed(f"{where}: {error['type']}: {error['message']}", hint=hint)
        return answer

    def _returned(self, extra: Mapping[str, float]) -> dict[str, float]:
        unknown, missing = set(extra) - set(self.extra), set(self.extra) - set(extra)
        if unknown:
            hint = f'declare which way is better: @scenario(extra={{"{min(unknown)}": "lower"}})'
            raise Failed(f"{self.function}() returns the metric {min(unknown)!r}, which is not declared", hint=hint)
        if missing:
            hint = f"return perfkit.Metrics({min(missing)}=...) from the body"
            raise Failed(f"{self.function}() does not return the metric {min(missing)!r}", hint=hint)
        return {name: float(value) for name, value in extra.items()}


def _details(answer: Mapping[str, Any]) -> tuple[Detail, ...]:
    repeats: list[float] = answer["repeats"]
    curve = Curve(
        "Wall time per iteration",
        "repeat", "1", "wall time", "s",
        tuple(float(number) for number in range(1, len(repeats) + 1)),
        tuple(repeats),
        lines=(("median", answer["wall_time"]),),
    )  # fmt: skip
    facts = (
        ("repeats", str(len(repeats))),
        ("iterations a repeat", str(answer["iterations"])),
        ("an empty call", format_quantity(answer["overhead"], "s")),
        ("Python", str(answer["python"])),
    )
    return (curve, Facts("How it was timed", facts))


def _caveats(answer: Mapping[str, Any], ended: Exit) -> tuple[str, ...]:
    caveats = []
    if answer["overhead"] > _OVERHEAD_THAT_COUNTS * answer["wall_time"]:
        caveats.append("the call itself counts")
    if ended.usage.peak_memory <= ended.usage.floor:
        caveats.append(AT_FLOOR)
    return tuple(caveats)
