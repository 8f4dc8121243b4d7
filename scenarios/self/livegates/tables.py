"""The records as Markdown: perfkit's own verdicts, the rules of others on the same launches, and the price."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import mean, median

from perfkit.judging.options import Options
from perfkit.judging.pair_gates import Settled, open_gate
from perfkit.model.budget import Tolerance
from perfkit.model.metric import Metric, Resource

from .records import GateRecord, Pair, Place, PriceRecord, Record, gates_of
from .rivals import RULES, Rule

VALUES = 20
"""Launches a side that the rules of others are given."""
APART = 120.0
"""Seconds between the begins of two gates beyond which they are not taken as A then B."""

Clock = Callable[[Pair], tuple[float, float]]
CLOCKS: dict[str, Clock] = {
    "CPU time": lambda pair: (pair.base_cpu, pair.candidate_cpu),
    "wall time": lambda pair: (pair.base_wall, pair.candidate_wall),
}
WALL = Metric("ready_time", "s", resource=Resource.WALL)


def page(records: Sequence[Record]) -> str:
    """All tables of what there is, under the machine they come from."""
    cells = _cells(records)
    parts = [_place(records)]
    if cells:
        parts += [_verdicts(cells), _reasons(cells), *(_rules(cells, clock) for clock in CLOCKS)]
    parts += [_price(one) for one in records if isinstance(one, PriceRecord)][-1:]
    return "\n\n".join(part for part in parts if part)


def called(gates: Sequence[GateRecord], rule: Rule, clock: Clock) -> tuple[int, int]:
    """How many gates a rule calls slower from the first launches of their pairs, and of how many."""
    samples = [_sides(gate, clock) for gate in gates if len(gate.pairs) >= VALUES]
    return sum(rule(base, candidate) for base, candidate in samples), len(samples)


def called_in_turn(gates: Sequence[GateRecord], rule: Rule, clock: Clock) -> tuple[int, int]:
    """The same where all base launches come before all candidate ones: those of one gate, and of the next."""
    complete = [gate for gate in gates if len(gate.pairs) >= VALUES]
    neighbours = [
        (_sides(one, clock)[0], _sides(two, clock)[1])
        for one, two in pairwise(complete)
        if two.started - one.started <= APART
    ]
    return sum(rule(base, candidate) for base, candidate in neighbours), len(neighbours)


def wall_outcome(gate: GateRecord) -> str:
    """What the pairs of a gate say of wall time, without a confirmation and as far as they go."""
    walks = open_gate(WALL, Tolerance(0.05, "s", relative=True), Options())
    for pair in gate.pairs:
        walks.add(pair.base_wall, pair.candidate_wall)
    return walks.settled.outcome if isinstance(walks.settled, Settled) else "inconclusive"


Cells = Sequence[tuple[str, Sequence[GateRecord]]]


def _cells(records: Sequence[Record]) -> Cells:
    gates = [one for one in records if isinstance(one, GateRecord)]
    keys = sorted({(one.shift, one.neighbour) for one in gates})
    return [(_name(shift, neighbour), gates_of(records, shift, neighbour=neighbour)) for shift, neighbour in keys]


def _name(shift: float, neighbour: bool) -> str:
    change = f"+{shift * 100:g} %" if shift else "no change"
    return f"{change}, neighbour" if neighbour else change


def _place(records: Sequence[Record]) -> str:
    place = next(one for one in records if isinstance(one, Place))
    measured = [one for one in records if isinstance(one, GateRecord | PriceRecord)]
    loads = [one.load for one in measured]
    days = sorted({datetime.fromtimestamp(one.started, UTC).date().isoformat() for one in measured})
    virtual = {"": "", "unnamed": ", a virtual machine"}.get(place.hypervisor, f", under {place.hypervisor}")
    when = " to ".join(dict.fromkeys((days[0], days[-1]))) + " " if days else ""
    load = f"; load average before a gate {min(loads):.2f} to {max(loads):.2f}" if loads else ""
    return (
        f"Measured {when}on {place.machine}{virtual}; "
        f"{place.kernel}; Python {place.python}{load}. The base runs {place.rounds:,} rounds, starting it costs as "
        f"much as {place.start_rounds:,} more: {place.cpu_time * 1e3:.1f} ms of CPU time a launch."
    )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _verdicts(cells: Cells) -> str:
    head = ("CPU time, +5 % allowed", "gates", "regressed", "unchanged", "inconclusive", "improved", "pairs",
            "seconds", "change seen", "interval holds it", "launches run again")  # fmt: skip
    return _table(head, (_verdict_row(name, gates) for name, gates in cells))


def _verdict_row(name: str, gates: Sequence[GateRecord]) -> Sequence[str]:
    verdicts = Counter(gate.verdict for gate in gates)
    confirming = mean(gate.confirming for gate in gates)
    seen = [gate.estimate for gate in gates if gate.estimate is not None]
    intervals = [(gate.low, gate.high) for gate in gates if gate.low is not None and gate.high is not None]
    holding = sum(low <= gates[0].shift <= high for low, high in intervals)
    return (
        name,
        str(len(gates)),
        *(str(verdicts[verdict]) for verdict in ("regressed", "unchanged", "inconclusive", "improved")),
        f"{mean(gate.used for gate in gates):.1f}" + (f" + {confirming:.1f}" if confirming else ""),
        f"{mean(gate.measuring for gate in gates):.1f} ({mean(gate.total for gate in gates):.1f})",
        f"{median(seen) * 100:+.1f} %" if seen else "",
        f"{holding} of {len(intervals)}",
        str(sum(gate.again for gate in gates)),
    )


def _reasons(cells: Cells) -> str:
    """Why gates were inconclusive, and that no larger change than allowed passed."""
    told = []
    for name, gates in cells:
        reasons = Counter(gate.reason for gate in gates if gate.verdict == "inconclusive")
        if reasons:
            told.append(f"{name}: " + ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())))
    larger = [gate for _, gates in cells for gate in gates if gate.shift > 0.05]
    passed = sum(gate.verdict == "unchanged" for gate in larger)
    lines = [f"Inconclusive: {'; '.join(told)}."] if told else []
    lines += [f"Changes above 5 % called unchanged: {passed} of {len(larger)}."] if larger else []
    return " ".join(lines)


def _rules(cells: Cells, clock: str) -> str:
    head = (f"called slower, by {clock}", *(name for name, _ in cells))
    return _table(head, _rule_rows(cells, clock))


def _rule_rows(cells: Cells, clock: str) -> Iterator[Sequence[str]]:
    if clock == "CPU time":
        yield "**perfkit, confirmed**", *(_of(_regressed(gates)) for _, gates in cells)
    else:
        yield "perfkit's test, first batch", *(_of(_regressed_by_wall(gates)) for _, gates in cells)
    for way, count in (("", called), (", A then B", called_in_turn)):
        for name, rule in RULES.items():
            yield name + way, *(_of(count(gates, rule, CLOCKS[clock])) for _, gates in cells)


def _regressed(gates: Sequence[GateRecord]) -> tuple[int, int]:
    return sum(gate.verdict == "regressed" for gate in gates), len(gates)


def _regressed_by_wall(gates: Sequence[GateRecord]) -> tuple[int, int]:
    return sum(wall_outcome(gate) == "regressed" for gate in gates), len(gates)


def _of(counted: tuple[int, int]) -> str:
    count, whole = counted
    return f"{count} of {whole}" if whole else "not measured"


def _sides(gate: GateRecord, clock: Clock) -> tuple[list[float], list[float]]:
    values = [clock(pair) for pair in gate.pairs[:VALUES]]
    return [base for base, _ in values], [candidate for _, candidate in values]


def _price(record: PriceRecord) -> str:
    gates = record.gates
    added = [gate.added * 100 for gate in gates]
    spans, totals = [gate.span for gate in gates], [gate.total for gate in gates]
    pairs = ", ".join(f"{gate.pairs}" for gate in gates)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in Counter(gate.verdict for gate in gates).items())
    rows = [
        (f"`perfkit gate --against`, {len(gates)} times: {verdicts}", _range(spans), f"pairs: {pairs}"),
        ("of that perfkit's own", f"{_range(added)} %", "between the first spawn and the last exit"),
        ("the whole command, worktrees and judgement included", _range(totals), ""),
        ("`hyperfine -N` on both sides", _or_missing(record.hyperfine), "no verdict"),
        ("`pyperf command` on both sides", f"{record.pyperf:.1f}", "then `compare_to`"),
    ]
    return _table(("no change, a program of 60 ms", "seconds", ""), iter(rows))


def _range(values: Sequence[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def _or_missing(seconds: float | None) -> str:
    return f"{seconds:.1f}" if seconds is not None else "not installed"
