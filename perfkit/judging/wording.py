"""Changes in words: short sentences with the numbers that matter."""

from perfkit.judging.small_memory import IGNORED
from perfkit.model.change import IDENTICAL, Change
from perfkit.model.metric import Better, Metric, Resource
from perfkit.model.units import format_quantity


def described(metric: Metric, change: Change) -> str:
    """`12.4 % slower [8.1, 16.9]`, or `no change` where every digit is the same."""
    if change.estimate == change.low == change.high == 0:
        return IDENTICAL if change.note else "no change"
    worse, better = _words(metric)
    sign, word = (1.0, worse) if change.estimate >= 0 else (-1.0, better)
    size = amount(abs(change.estimate), metric, relative=change.relative)
    per = " a launch" if change.method == "counts" else ""
    ignored = f" ({IGNORED})" if IGNORED in change.note else ""
    return f"{size} {word}{per}{_interval(metric, change, sign)}{ignored}"


def amount(value: float, metric: Metric, *, relative: bool) -> str:
    """A size without a sign: `5 %` or `0.50 dB`."""
    if not relative:
        return format_quantity(value, metric.unit)
    return f"{value * 100:.1f} %" if value < 10 else f"{value * 100:.0f} %"


def allowed(metric: Metric, change: Change) -> str:
    """The tolerance in force as it would be written: `5 %`."""
    return f"{change.tolerance * 100:.3g} %" if change.relative else format_quantity(change.tolerance, metric.unit)


def visible(metric: Metric, change: Change) -> str:
    """What the comparison could have seen, and on what that rests."""
    least = amount(change.detectable or 0.0, metric, relative=change.relative)
    spread = "" if change.between is None else f" (τ = {_tau(metric, change)}, {change.between_from})"
    return f"only changes of {least} or more could be seen{spread}"


def _tau(metric: Metric, change: Change) -> str:
    between = change.between or 0.0
    return f"{between * 100:.3g} %" if change.relative else format_quantity(between, metric.unit)


def _interval(metric: Metric, change: Change, sign: float) -> str:
    if change.low is None or change.high is None or change.low == change.high:
        return ""
    low, high = sorted((sign * change.low, sign * change.high))
    if change.relative:
        return f" [{low * 100:.1f}, {high * 100:.1f}]"
    return f" [{format_quantity(low, metric.unit)}, {format_quantity(high, metric.unit)}]"


def _words(metric: Metric) -> tuple[str, str]:
    if metric.better is Better.HIGHER:
        return "worse", "better"
    if metric.unit == "s" and metric.resource is not Resource.CPU:
        return "slower", "faster"
    return ("larger", "smaller") if metric.unit == "B" else ("more", "less")
