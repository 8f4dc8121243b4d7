"""What doctor found in sentences: whether this machine can gate, on what, and what to change first."""

from collections.abc import Iterator, Sequence
from typing import Final

from perfkit.model.diagnosis import Capability, Noise, Spread
from perfkit.model.environment import Conditions
from perfkit.model.units import format_percent, format_quantity

BUSY: Final = 0.10
"""Share of all CPUs, or of the time, that may go to others without a word."""
STOLEN: Final = 0.01
WIDEST: Final = 0.35
"""A comparison with a stored baseline that could only see more than this is inconclusive."""
DRIFTING: Final = 0.4
"""Autocorrelation of neighbouring launches that is worth a word, where it is also more than chance."""
_TIMES: Final = ("wall time", "CPU time")
_NEEDED: Final = {"launches and run delay", "disturbance by neighbours", "steady clock frequency"}
"""Capabilities that timing depends on; what else runs was seen while perfkit waited."""


def summary(noise: Noise) -> tuple[str, ...]:
    """What can be gated by pairs, and what against a stored baseline."""
    return (_by_pairs(noise), _stored(noise))


def advice(noise: Noise, capabilities: Sequence[Capability], conditions: Conditions) -> tuple[str, ...]:
    """What to change, the most telling first; perfkit does none of it by itself."""
    found = [*_others(noise), *_conditions(conditions, noise), *_patterns(noise)]
    found += [f"{each.name}: {each.advice}" for each in capabilities if not each.available and each.name in _NEEDED]
    if not noise.passed:
        found.append("`pyperf system show` tells what else could be tuned here; `pyperf system tune` does it, as root")
    return tuple(found)


def _by_pairs(noise: Noise) -> str:
    rows = {spread.metric: spread for spread in noise.spreads if spread.metric in _TIMES}
    if not noise.gate_on:
        least = " and ".join(f"{name} from {_least(spread)}" for name, spread in rows.items())
        wanted = format_percent(next(iter(rows.values())).holds.change, 0)
        return f"this machine cannot gate times at {wanted}: all the pairs that a gate takes show {least}"
    best = rows[noise.gate_on[0]]
    said = (
        f"this machine can gate {' and '.join(noise.gate_on)} at {format_percent(best.holds.change, 0)}: "
        f"{best.holds.pairs} pairs, {format_quantity(best.holds.seconds or 0.0, 's', 2)} a benchmark "
        f"that takes {format_quantity(rows['wall time'].median, 's', 2)}"
    )
    others = [f"{name} only from {_least(spread)}" for name, spread in rows.items() if name not in noise.gate_on]
    return "; ".join((said, *others))


def _stored(noise: Noise) -> str:
    rows = [spread for spread in noise.spreads if spread.metric in _TIMES]
    seen = " and ".join(f"{spread.metric} {_seen(spread.between.stored)}" for spread in rows)
    if rows[0].between.reason:
        missing = f"{rows[0].between.reason}: perfkit doctor --sessions 3"
        return f"a stored baseline shows {seen}, by what is usual elsewhere; here there are {missing}"
    return f"a stored baseline shows {seen}, by {rows[0].between.sessions} sessions of this machine"


def _seen(stored: float) -> str:
    return f"from {format_percent(stored, 0)}" if stored <= WIDEST else "not at all"


def _least(spread: Spread) -> str:
    return format_percent(spread.detectable[-1].change, 0)


def _others(noise: Noise) -> Iterator[str]:
    idle, during = noise.idle.cpu_pressure or 0.0, noise.during
    if noise.busy is not None and noise.busy > BUSY:
        yield f"while perfkit waited, something else used {_share(noise.busy)} of the CPUs: end it"
    elif idle > BUSY:
        yield f"while perfkit waited, others waited for a CPU {_share(idle)} of the time: end what else runs"
    if (during.steal or 0.0) > STOLEN:
        yield (
            f"the hypervisor gave {_share(during.steal or 0.0)} of the time to others: budgets on CPU time, pairs for "
            "the rest, or a machine of your own"
        )
    if (during.throttled or 0.0) > 0:
        yield f"the CPU quota held launches {_share(during.throttled or 0.0)} of the time: raise or remove it"
    if noise.contaminated > BUSY:
        yield f"{_share(noise.contaminated)} of the launches were disturbed: a gate measures such pairs again"


def _conditions(conditions: Conditions, noise: Noise) -> Iterator[str]:
    if conditions.values.get("power") == "battery":
        yield "the machine runs on battery: plug it in"
    if not noise.passed and conditions.values.get("turbo") == "on":
        yield "clock boost is on: `pyperf system tune` turns it off, as root"


def _patterns(noise: Noise) -> Iterator[str]:
    for spread in noise.spreads:
        if spread.metric not in _TIMES:
            continue
        if spread.two_modes:
            yield f"{spread.metric} has two modes: bind to one kind of core, or fix the clock frequency"
        if spread.autocorrelation > max(DRIFTING, spread.independent):
            yield f"{spread.metric} drifts in a session (autocorrelation {spread.autocorrelation:.2f}): measure pairs"
        if spread.order_low is not None and spread.order_high is not None and spread.order_low * spread.order_high > 0:
            yield (
                f"the second launch of a pair differs by {format_percent(spread.order)} in {spread.metric}: the coin "
                "makes up for it, and it costs pairs"
            )
        if spread.quantum > spread.deviation * spread.median:
            step = format_quantity(spread.quantum, spread.unit, 2)
            yield f"{spread.metric} is read in steps of {step}: give each launch more to do"


def _share(value: float) -> str:
    return f"{value * 100:.0f} %"
