"""One session: rounds over the benchmarks in an order drawn by the seed, until all are settled or the time is up.

Each round takes every benchmark once, and those whose launches are short oftener, by deficit round robin (Shreedhar and
Varghese, 1995): what a benchmark may cost in a round is what a launch costs on average, and what it leaves is kept for
the next. So a start-up of .3 s is measured five times as often as a load of 1.5 s, for the same price.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from perfkit.model.detail import Detail
from perfkit.model.events import RunObserver
from perfkit.model.launch import Disturbance, Launch, Measurement, Outcome, Side
from perfkit.model.scenario import Benchmark
from perfkit.running.contamination import contaminated_by
from perfkit.running.plan import Plan
from perfkit.running.track import Track


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one launch gave: a measurement where the outcome is measured, else the reason."""

    outcome: Outcome
    reason: str
    measurement: Measurement
    disturbance: Disturbance
    started: float
    duration: float

    def launch(
        self, track: Track, *, session: int, order: int, seed: int, side: Side = Side.CANDIDATE, pair: int | None = None
    ) -> Launch:
        """What is recorded of it; `track` learns the definitions of metrics that it brought."""
        track.refined.update({metric.name: metric for metric in self.measurement.metrics})
        return Launch(
            outcome=self.outcome,
            session=session,
            order=order,
            started=self.started,
            duration=self.duration,
            seed=seed,
            values=self.measurement.values,
            reason=self.reason,
            disturbance=self.disturbance,
            contaminated=contaminated_by(self.disturbance, waiting=track.waiting),
            caveats=self.measurement.caveats,
            side=side,
            pair=pair,
        )


Attempting = Callable[[Benchmark, int], Attempt]
"""Makes one launch of a benchmark with a seed."""

Recording = Callable[[str, Launch, tuple[Detail, ...]], Launch]
"""Puts a launch on disk at once and returns it as recorded."""


@dataclass(frozen=True, slots=True)
class Session:
    """The collaborators of a session. `number` counts the sessions of a run from 0, `clock` is monotonic seconds."""

    number: int
    plan: Plan
    attempt: Attempting
    record: Recording
    observer: RunObserver
    clock: Callable[[], float]

    def measure(self, tracks: Sequence[Track]) -> bool:
        """Add launches to `tracks` until all are settled; False if the hard limit came first.

        Ctrl-C passes through: what was measured is in the tracks and on disk by then.
        """
        draw, order = random.Random(self.plan.seed), count()  # noqa: S311 - an order, not a secret
        begun = self.clock()
        self.observer.session_started([track.benchmark for track in tracks])
        credit: dict[str, float] = {}
        while round_ := self._round([track for track in tracks if not self._settled(track, begun)], credit):
            draw.shuffle(round_)
            for track in round_:
                if self._left(begun) == 0:
                    return False
                if self._settled(track, begun):
                    continue
                expected = self._expected(tracks, begun)
                self.observer.launch_started(track.benchmark.id, len(track.launches) + 1, expected)
                self._launch(track, draw.getrandbits(32), next(order), begun)
        return True

    def _settled(self, track: Track, begun: float) -> bool:
        return track.settled(self.plan, late=self._late(begun))

    @staticmethod
    def _round(open_: Sequence[Track], credit: dict[str, float]) -> list[Track]:
        """The tracks of a round, each at least once; `credit` is what each has left over of its share, in s."""
        took = {track.benchmark.id: duration for track in open_ if (duration := track.mean_duration())}
        share = sum(took.values()) / len(took) if took else 0.0
        turns = []
        for track in open_:
            identity = track.benchmark.id
            own = took.get(identity, share)
            has = credit.get(identity, 0.0) + share
            times = max(1, int(has / own)) if own else 1
            credit[identity] = max(0.0, has - times * own)
            turns += [track] * times
        return turns

    def _launch(self, track: Track, seed: int, order: int, begun: float) -> None:
        identity = track.benchmark.id
        attempt = self.attempt(track.benchmark, seed)
        launch = attempt.launch(track, session=self.number, order=order, seed=seed)
        again = bool(launch.contaminated) and not self._late(begun) and track.may_rerun(self.plan)
        launch = replace(launch, replaced=again and attempt.outcome is Outcome.MEASURED)
        track.launches.append(self.record(identity, launch, attempt.measurement.details))
        late = self._late(begun)
        self.observer.launch_ended(identity, track.launches[-1], track.progress(self.plan, late=late))

    def _expected(self, tracks: Sequence[Track], begun: float) -> float | None:
        """Seconds that are left at most, from how long launches took so far; None before any has ended."""
        took = [launch.duration for track in tracks for launch in track.launches]
        if not took:
            return None
        missing = sum(
            (self.plan.least - track.counting()) * (track.mean_duration() or sum(took) / len(took))
            for track in tracks
            if not track.settled(self.plan, late=True)
        )
        most = max(missing, self.plan.soft_limit - (self.clock() - begun))
        left = self._left(begun)
        return most if left is None else min(most, left)

    def _late(self, begun: float) -> bool:
        return self.clock() - begun >= self.plan.soft_limit

    def _left(self, begun: float) -> float | None:
        limit = self.plan.hard_limit
        return None if limit is None else max(0.0, limit - (self.clock() - begun))
