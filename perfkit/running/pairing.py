"""One session of pairs: rounds over the benchmarks that are undecided, until none is left or the time is up."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from perfkit.model.events import RunObserver
from perfkit.model.launch import Launch, Outcome, Side
from perfkit.model.scenario import Benchmark
from perfkit.running.pair_track import PairTrack
from perfkit.running.session import Attempt, Recording

SidedAttempting = Callable[[Benchmark, Side, int], Attempt]
"""Makes one launch of a benchmark on a side with a seed."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """The collaborators of a session of pairs. `clock` is monotonic seconds, `deadline` on it the end of the time."""

    number: int
    seed: int
    attempt: SidedAttempting
    record: Recording
    observer: RunObserver
    clock: Callable[[], float]
    deadline: float | None = None

    def measure(self, tracks: Sequence[PairTrack]) -> tuple[str, ...]:
        """Add pairs to `tracks` until all are decided. Returns the benchmarks that the end of the time decided.

        Ctrl-C passes through: what was measured is in the tracks and on disk by then.
        """
        draw, order = random.Random(self.seed), count()  # noqa: S311 - recorded coins, not secrets
        self.observer.session_started([track.benchmark for track in tracks])
        while round_ := [track for track in tracks if not track.is_decided]:
            draw.shuffle(round_)
            for track in round_:
                if self._is_late():
                    return self._close(tracks)
                self._pair(track, draw, order, self._expected(tracks))
        return ()

    def _close(self, tracks: Sequence[PairTrack]) -> tuple[str, ...]:
        undecided = [track for track in tracks if not track.is_decided]
        for track in undecided:
            track.close()
        return tuple(track.benchmark.id for track in undecided)

    def _pair(self, track: PairTrack, draw: random.Random, order: "count[int]", expected: float | None) -> None:
        """One pair in an order that a fair coin decides; one that the machine disturbed is run again, as a whole."""
        sides = [Side.BASE, Side.CANDIDATE]
        if draw.getrandbits(1):
            sides.reverse()
        number = track.number()
        alone = track.alone
        launches: list[Launch] = []
        again = False
        for side in [Side.CANDIDATE] if alone else sides:
            pair = None if alone else number
            self.observer.launch_started(track.benchmark.id, len(track.launches) + 1, expected)
            launches.append(self._launch(track, side, pair, draw.getrandbits(32), next(order)))
            if again := self._is_void(track, launches):
                break
        if again:
            self._replace(track, launches)
        else:
            track.take(launches)
        self.observer.launch_ended(track.benchmark.id, launches[-1], track.comparison())

    def _is_void(self, track: PairTrack, launches: Sequence[Launch]) -> bool:
        """Whether these launches are to be run again: measured, disturbed, and there is room for it."""
        disturbed = any(launch.contaminated for launch in launches)
        measured = all(launch.outcome is Outcome.MEASURED for launch in launches)
        return disturbed and measured and track.may_replace() and not self._is_late()

    def _replace(self, track: PairTrack, launches: list[Launch]) -> None:
        track.replaced += 1
        for launch in launches:
            again = replace(launch, replaced=True)
            track.launches[track.launches.index(launch)] = self.record(track.benchmark.id, again, ())

    def _launch(self, track: PairTrack, side: Side, pair: int | None, seed: int, order: int) -> Launch:
        attempt = self.attempt(track.benchmark, side, seed)
        launch = attempt.launch(track, session=self.number, order=order, seed=seed, side=side, pair=pair)
        kept = self.record(track.benchmark.id, launch, attempt.measurement.details)
        track.launches.append(kept)
        return kept

    def _expected(self, tracks: Sequence[PairTrack]) -> float | None:
        """Seconds that are left at most, from how long launches took so far; None before any has ended."""
        took = [launch.duration for track in tracks for launch in track.launches]
        if not took:
            return self._left()
        missing = sum(track.most_left() * (track.mean_duration() or sum(took) / len(took)) for track in tracks)
        left = self._left()
        return missing if left is None else min(missing, left)

    def _left(self) -> float | None:
        return None if self.deadline is None else max(0.0, self.deadline - self.clock())

    def _is_late(self) -> bool:
        return self._left() == 0
