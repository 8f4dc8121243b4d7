"""The highest rate a service sustains: raised by steps, each on a fresh service, until the p99 leaves its limit."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import sqrt
from statistics import median_low

from perfkit.model.detail import RESULT, Curve, Detail, Facts
from perfkit.model.errors import Failed, Invalid
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._load.measure import Job, Loaded, load
from perfkit.probes._load.report import Report
from perfkit.probes._load.settings import LEAST_READINGS, Capacity

_DOUBLED = 2.0
_DEEPEST = 64
"""The search gives up below this part of the rate that it begins with."""
_AGAIN = 3
"""Tries of a step that fails while the machine disturbs it."""
_WAITED = 0.05
"""The share of a step that the service may wait for a core."""


Once = Callable[[Job, Launcher], Loaded]


@dataclass(frozen=True, slots=True)
class Step:
    """One rate tried, 1/s: the share answered within the step, p99 in s (None without answers), and why it failed.

    `late` where the generator was too slow for it at each try, not the service.
    """

    rate: float
    achieved: float
    p99: float | None
    why: str = ""
    late: bool = False

    @property
    def passed(self) -> bool:
        """Whether the service sustained it."""
        return not self.why


@dataclass(slots=True)
class Search:
    """The steps of a launch and what each search came to."""

    steps: list[Step] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    disturbed: int = 0
    where: str = ""


def measure_capacity(job: Job, asked: Capacity, launcher: Launcher, once: Once = load) -> Measurement:
    """Search as often as asked, each step by `once`; the value is the median.

    Raises Failed where no rate is sustained, and Invalid where it was not the service that could do no more.
    """
    found = Search()

    def passes(rate: float) -> bool:
        found.steps.append(_step(job, asked, rate, found, lambda step: once(step, launcher)))
        return found.steps[-1].passed

    for _ in range(asked.searches):
        guess, factor = (found.answers[-1], 1 + asked.precision) if found.answers else (asked.start, _DOUBLED)
        found.answers.append(sustained_rate(passes, guess, factor, asked.most, asked.precision))
        if not found.answers[-1]:
            lowest = min(found.steps, key=lambda step: step.rate)
            kind = Invalid if lowest.late else Failed
            raise kind(
                f"not even {format_quantity(lowest.rate, '1/s')} are sustained: {lowest.why}",
                hint="lower `capacity.start`, or allow more with `capacity.within`",
            )
    middle = median_low(found.answers)
    limit = _limit(found, middle)
    if limit is not None and limit.late:
        raise Invalid(
            f"the service sustains {_rate(middle)}, and the generator no more than that here: {limit.why}",
            hint="measure on a machine at rest; a service that does more than the generator has `most` below that",
        )
    return Measurement({"capacity": middle}, _details(asked, found, middle))


def sustained_rate(
    passes: Callable[[float], bool], guess: float, factor: float, most: float, precision: float
) -> float:
    """The highest rate up to `most` that passes, to the share `precision`; 0 where none does.

    Goes from `guess` by a factor that is squared up to 2, upwards while rates pass or down while they fail, and then
    bisects. Takes it that whatever is below a passing rate passes too.
    """
    low, high = 0.0, 0.0
    rate = min(guess, most)
    upwards = passes(rate)
    low, high = (rate, 0.0) if upwards else (0.0, rate)
    while (low < most and not high) if upwards else (not low and high > guess / _DEEPEST):
        rate = min(most, low * factor) if upwards else high / factor
        factor = min(_DOUBLED, factor * factor)
        if passes(rate):
            low = rate
        else:
            high = rate
    while low and high and high / low > 1 + precision:
        rate = sqrt(low * high)
        if passes(rate):
            low = rate
        else:
            high = rate
    return low


def _step(job: Job, asked: Capacity, rate: float, found: Search, once: Callable[[Job], Loaded]) -> Step:
    """One rate on a fresh service, long enough for a p99."""
    assert job.plan.pace is not None
    seconds = max(asked.step, LEAST_READINGS["response_p99"] / rate)
    plan = replace(job.plan, pace=replace(job.plan.pace, rate=rate), duration=seconds)
    for _ in range(_AGAIN):
        try:
            loaded = once(replace(job, plan=plan))
        except Failed as error:
            if not any(step.passed for step in found.steps):
                raise
            return Step(rate, 0.0, None, str(error))
        judged = _judged(rate, asked, loaded.report)
        if judged.passed or not _disturbed(loaded.report, seconds):
            break
        found.disturbed += 1
    else:
        judged = replace(judged, late=_late(loaded.report))
    found.where = loaded.pinning
    return judged


def _limit(found: Search, middle: float) -> Step | None:
    """The lowest rate above that was not sustained; None where `most` ended the search."""
    failed = (step for step in found.steps if step.rate > middle and not step.passed)
    return min(failed, key=lambda step: step.rate, default=None)


def _disturbed(report: Report, seconds: float) -> bool:
    """Whether the machine, and not the service, may have been too slow, whatever the response times."""
    waited = (report.cpu.run_delay or 0.0) if report.cpu else 0.0
    return waited > _WAITED * seconds or _late(report)


def _late(report: Report) -> bool:
    """Whether nothing but the generator voids a step."""
    return bool(report.objections) and all(objection.generator for objection in report.objections)


def _judged(rate: float, asked: Capacity, report: Report) -> Step:
    values, objections = report.values, report.objections
    p99 = values.get("response_p99")
    achieved = values["throughput"] / rate
    if objections:
        return Step(rate, achieved, p99, objections[0].why)
    if p99 is None or p99 > asked.within:
        return Step(rate, achieved, p99, f"p99 {format_quantity(p99 or 0.0, 's')}")
    return Step(rate, achieved, p99)


def _details(asked: Capacity, found: Search, middle: float) -> tuple[Detail, ...]:
    several = len(found.answers) > 1
    span = f" [{_rate(min(found.answers))}, {_rate(max(found.answers))}]" if several else ""
    above = _limit(found, middle)
    limit = above.why if above else f"most = {_rate(asked.most)}, where the search ends"
    result = f"{_rate(middle)}{span} with a p99 within {format_quantity(asked.within, 's')}, first limit: {limit}"
    rows = (
        (RESULT, result),
        ("searches", ", ".join(_rate(answer) for answer in found.answers)),
        ("steps", f"{len(found.steps)} of {format_quantity(asked.step, 's')} or more, each on a fresh service"),
        ("disturbed", str(found.disturbed)),
        ("pinning", found.where),
    )
    steps = sorted({step.rate: step for step in found.steps}.values(), key=lambda step: step.rate)
    timed = [step for step in steps if step.p99 is not None]
    return (
        _curve("response time p99 by offered rate", "p99", "s", timed, [s.p99 or 0.0 for s in timed], middle,
               ("allowed", float(asked.within))),
        _curve("answered of what was offered", "answered", "1", steps, [step.achieved for step in steps], middle,
               ("all", 1.0)),
        Facts("capacity", rows),
    )  # fmt: skip


def _curve(
    title: str, label: str, unit: str, steps: list[Step], values: list[float], knee: float, level: tuple[str, float]
) -> Curve:
    return Curve(
        title, "offered rate", "1/s", label, unit,
        tuple(step.rate for step in steps), tuple(values),
        lines=(level,),
        flagged=tuple(at for at, step in enumerate(steps) if not step.passed),
        flag="not sustained",
        marks=tuple((at, "knee") for at, step in enumerate(steps) if step.rate == knee),
    )  # fmt: skip


def _rate(value: float) -> str:
    return f"{value:,.0f} /s".replace(",", " ")
