"""What a launch saw of a program's CPU, for reports."""

from collections.abc import Sequence

from perfkit.instruments.threads import ThreadMonitor
from perfkit.model.detail import RESULT, Curve, Facts
from perfkit.model.launch import Usage
from perfkit.model.units import format_quantity
from perfkit.probes._cpu.reading import Group, Values, Windows
from perfkit.stats.quantiles import harrell_davis

_MOST_NAMES = 8


def curve(windows: Windows, whole: Values, groups: Sequence[Group]) -> tuple[Curve, ...]:
    """CPU over time of the whole tree and of each group of threads; none of a single window."""
    if windows.widths.size < 2:
        return ()
    levels = (("p50", harrell_davis(whole, 0.5)), ("p95", harrell_davis(whole, 0.95)))
    return (
        Curve(
            "CPU by group of threads" if groups else "CPU of all threads",
            "time", "s", "all" if groups else "CPU", "cores",
            tuple(windows.ends.tolist()), tuple(whole.tolist()),
            lines=levels,
            beside=tuple((one.name, tuple(one.cores.tolist())) for one in groups),
        ),
    )  # fmt: skip


def facts(monitor: ThreadMonitor, usage: Usage, everything: Group, groups: Sequence[Group]) -> Facts:
    """The circumstances in words, what the sampling itself took among them."""
    if not everything.elapsed:
        return Facts("cpu", (("windows", "none: it ended within a tenth of a second"),))
    each = "".join(f", {one.name} {_share(one)} (p99 of a wait {_worst(one)})" for one in groups)
    rows = [(RESULT, f"{_share(everything)} of a core over {format_quantity(everything.elapsed, 's')}{each}")]
    rows += [(f"threads {one.name}", _described(one)) for one in groups]
    rows += [
        ("all threads", _described(everything)),
        ("switches", f"{usage.voluntary_switches} voluntary, {usage.involuntary_switches} involuntary"),
        ("windows", f"{everything.cores.size} of a tenth of a second"),
        ("monitor's own CPU", f"{format_quantity(monitor.own_cpu / everything.elapsed, 'cores', 2)} of a core"),
    ]
    return Facts("cpu", tuple(rows))


def _described(one: Group) -> str:
    waited = format_quantity(float(one.waited.sum()), "s")
    return f"{_named(one.threads)}: {_share(one)} of a core; waited {waited} in all, a run at p99 {_worst(one)}"


def _share(one: Group) -> str:
    return format_quantity(one.used / one.elapsed, "cores")


def _worst(one: Group) -> str:
    return format_quantity(one.wait_p99, "s")


def _named(threads: Sequence[str]) -> str:
    more = f" and {len(threads) - _MOST_NAMES} more" if len(threads) > _MOST_NAMES else ""
    return ", ".join(threads[:_MOST_NAMES]) + more
