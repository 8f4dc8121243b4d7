"""How far the pairs of one benchmark are: its launches, and the gates of its metrics side by side."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from perfkit.judging.options import Options
from perfkit.judging.pair_gates import PairGate, Settled, open_gate
from perfkit.judging.standing import VOID, Standing, limits_settled, standing
from perfkit.model.budget import Tolerance
from perfkit.model.events import Progress
from perfkit.model.launch import Launch, Outcome, Side
from perfkit.model.metric import Metric
from perfkit.model.run import Result
from perfkit.running.track import Track

LEAST = 8
"""Pairs that may be run again however few count so far: a machine that is always disturbed keeps those after them."""
UNREPORTED = 3
"""Pairs without a value of a metric after which it is not waited for."""


@dataclass(slots=True)
class PairTrack(Track):
    """The pairs of one benchmark. `options.alpha` is the share of each finding's gate.

    `only` names the metrics that a confirmation is about; empty means every one with a tolerance, and the limits too.
    """

    options: Options = field(default_factory=Options)
    only: Collection[str] = ()
    gates: dict[str, PairGate] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    pairs: int = 0
    replaced: int = 0
    numbered: int = 0
    closed: bool = False

    def __post_init__(self) -> None:
        """Open the gates."""
        for name in self.benchmark.budgets:
            tolerance = self.benchmark.tolerance(name)
            if tolerance and (not self.only or name in self.only):
                self.gates[name] = self._open(name, tolerance)
                self.taken[name] = 0

    @property
    def stands(self) -> Standing:
        """What the outcomes of the launches say of it."""
        return standing(self.launches)

    @property
    def alone(self) -> bool:
        """Whether only the candidate is launched, as the base cannot run it."""
        return self.stands is Standing.NEW

    def may_replace(self) -> bool:
        """Whether another disturbed pair may be run again: up to twice as many in all."""
        return self.replaced < max(LEAST, self.pairs)

    def number(self) -> int:
        """The number of the next pair."""
        self.numbered += 1
        return self.numbered - 1

    def go_on(self, launches: Sequence[Launch], *, closed: bool) -> None:
        """Take over the launches of earlier sessions; `closed` tells that the time had ended it."""
        self.launches += launches
        result: Result = self.result()
        self.replaced = len({(launch.session, launch.pair) for launch in launches if launch.replaced})
        for pair in result.complete_pairs({launch.session for launch in launches}):
            self.take(pair)
        if closed:
            self.close()

    def take(self, launches: Sequence[Launch]) -> None:
        """The launches of one pair that is not run again, or the launch of a candidate alone."""
        values = {launch.side: launch.values for launch in launches if launch.outcome is Outcome.MEASURED}
        if len(values) < len(Side):
            return
        self.pairs += 1
        for name in self.gates:
            if name in values[Side.BASE] and name in values[Side.CANDIDATE]:
                tolerance = self.benchmark.tolerance(name)
                if not self.taken[name] and tolerance:  # by now the launches have told what the metric is
                    self.gates[name] = self._open(name, tolerance)
                self.taken[name] += 1
                self.gates[name].add(values[Side.BASE][name], values[Side.CANDIDATE][name])

    def close(self) -> None:
        """Out of time: every gate judges once more."""
        self.closed = True
        for gate in self.gates.values():
            gate.close()

    @property
    def is_decided(self) -> bool:
        """Whether another launch would change nothing."""
        stands = self.stands
        if self.closed or stands in {Standing.CRASHED, Standing.UNMEASURED} or self._hopeless():
            return True
        if stands is Standing.NEW:
            return bool(self.only) or limits_settled(self.result())
        if not all(self._is_settled(name) for name in self.gates):
            return False
        return bool(self.only) or limits_settled(self.result())

    def most_left(self) -> int:
        """How many launches it may still take, both sides counted."""
        if self.is_decided:
            return 0
        most = max((gate.most for name, gate in self.gates.items() if not self._is_settled(name)), default=LEAST)
        return 2 * max(1, most - self.pairs)

    def comparison(self) -> Progress:
        """How far its decision is: the change of the metric that is decided last."""
        trouble = next((launch.reason for launch in reversed(self.launches) if launch.reason), "")
        done, name = self.is_decided, self._leading()
        launches = self.counting()
        if name is None or self.stands is not Standing.PAIRED:
            state = {Standing.PAIRED: ""}.get(self.stands, self.stands.value)
            return Progress(self.benchmark.id, launches, settled=done, trouble=trouble, pairs=self.pairs, state=state)
        gate = self.gates[name]
        metric = next((one for one in self.metrics if one.name == name), None)
        seen = gate.so_far()
        change = seen.change if isinstance(seen, Settled) else None
        return Progress(
            self.benchmark.id,
            launches,
            metric,
            change.estimate if change else None,
            change.low if change else None,
            change.high if change else None,
            done,
            trouble,
            self.pairs,
            gate.most,
            self._state(),
        )

    def _open(self, name: str, tolerance: Tolerance) -> PairGate:
        metric = next((one for one in self.metrics if one.name == name), None) or Metric(name, tolerance.unit)
        return open_gate(metric, tolerance, self.options, confirming=bool(self.only))

    def _is_settled(self, name: str) -> bool:
        missing = self.pairs - self.taken[name]
        return self.gates[name].settled is not None or missing >= max(UNREPORTED, self.taken[name])

    def _hopeless(self) -> bool:
        """Whether launches that are void have taken the place of too many pairs."""
        void = sum(launch.outcome is Outcome.INVALID for launch in self.launches)
        return void >= max(VOID, self.pairs)

    def _leading(self) -> str | None:
        waiting = [name for name in self.gates if not self._is_settled(name)]
        return next(iter((*waiting, *self.gates)), None)

    def _state(self) -> str:
        words = []
        for name in self.gates:
            settled = self.gates[name].settled
            if settled is None and not self._is_settled(name):
                return "deciding"
            words.append(settled.outcome if isinstance(settled, Settled) else "inconclusive")
        order = ("regressed", "inconclusive", "improved", "unchanged")
        worst = min(words, key=order.index)
        return "suspected" if worst == "regressed" and not self.only else worst
