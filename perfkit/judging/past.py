"""What the base knows of each benchmark and metric, and when it may not be compared with."""

from collections import defaultdict
from collections.abc import Sequence

from perfkit.judging.refusal import Refusal
from perfkit.model.environment import Machine
from perfkit.model.metric import Kind, Metric
from perfkit.model.run import Recorded, Result, Sample
from perfkit.model.verdict import Reason

SAVE = "save a baseline: perfkit run, then perfkit baseline save"


class Past:
    """Sessions of a base, oldest first, indexed; those of the candidate's machine where there are any."""

    def __init__(self, sessions: Sequence[Recorded], machine: Machine) -> None:
        here = [session for session in sessions if session.machine.fingerprint == machine.fingerprint]
        self.sessions: Sequence[Recorded] = here or sessions
        self.is_elsewhere = bool(sessions) and not here
        self._same_architecture = all(s.machine.architecture == machine.architecture for s in self.sessions)
        self._samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        for session in self.sessions:
            for sample in session.samples:
                self._samples[sample.benchmark, sample.metric.name].append(sample)

    @property
    def branch(self) -> str:
        """The git reference to measure pairs against."""
        return next((s.commit.branch for s in reversed(self.sessions) if s.commit.branch), "main")

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """What the newest session measured; older ones may hold benchmarks that no longer exist."""
        newest = self.sessions[-1].samples if self.sessions else ()
        return tuple(dict.fromkeys(sample.benchmark for sample in newest))

    def values(self, result: Result, metric: Metric) -> tuple[tuple[float, ...], ...] | Refusal:
        """The base's sessions of one metric, oldest first, or why they are not to be compared with."""
        if not self.sessions:
            return Refusal(Reason.NO_BASELINE, "there is no baseline", f"{SAVE}, or use: perfkit gate --against main")
        samples = self._samples.get((result.benchmark, metric.name), [])
        if not samples:
            return Refusal(Reason.NO_BASELINE, "no baseline value yet", SAVE, new=True)
        if self.is_elsewhere and not (metric.kind is Kind.DETERMINISTIC and self._same_architecture):
            why = f"the baseline was measured on another machine ({self.sessions[-1].machine})"
            advice = f"use: perfkit gate --against {self.branch}, or {SAVE} on this machine"
            return Refusal(Reason.OTHER_MACHINE, why, advice)
        same = [sample for sample in samples if sample.fingerprint == result.fingerprint]
        if not same:
            why = "the scenario's definition has changed since the baseline"
            return Refusal(Reason.OTHER_DEFINITION, why, f"{SAVE} of the new definition")
        if comparable := [sample for sample in same if sample.metric.identity == metric.identity]:
            return tuple(sample.values for sample in comparable)
        then, now = same[-1].metric, metric
        why = f"measured by {_method(then)} in the baseline and by {_method(now)} now"
        return Refusal(Reason.OTHER_METHOD, why, f"{SAVE} by the new method")

    def at_floor(self, result: Result, metric: Metric) -> bool:
        """Whether the values that it is compared with are all no more than upper bounds."""
        samples = self._samples.get((result.benchmark, metric.name), [])
        like = [s for s in samples if s.fingerprint == result.fingerprint and s.metric.identity == metric.identity]
        return bool(like) and all(sample.at_floor for sample in like)


def _method(metric: Metric) -> str:
    return f"{metric.method or 'an unnamed method'} ({metric.unit})"
