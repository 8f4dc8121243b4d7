"""What doctor found: what this machine can measure, and how much it disturbs what is measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from perfkit.model.environment import Conditions, Machine
from perfkit.model.launch import Disturbance


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that measuring may need; `advice` says what to do where it is missing or poor."""

    name: str
    available: bool
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """One A/A session: pairs of launches of one unchanged program, taken for a base and a candidate.

    `first` and `second` hold each metric's values in the order of time, one a pair, in base units; `swapped` tells of
    each pair whether the candidate came first. `during` is what the machine did meanwhile, `idle` what it did while
    perfkit waited before, and `busy` the share of all CPUs that something else used in that wait (None: unreadable).
    `contaminated` counts launches that broke a rule of disturbance. Times are seconds since the epoch.
    """

    started: float
    ended: float
    program: str
    conditions: Conditions
    first: Mapping[str, tuple[float, ...]]
    second: Mapping[str, tuple[float, ...]]
    swapped: tuple[bool, ...]
    during: Disturbance
    idle: Disturbance
    busy: float | None
    contaminated: int


class DoctorObserver:
    """Told of how far doctor is; every method defaults to doing nothing."""

    def machine_held(self, holder: str) -> None:
        """A run, which says `holder` of itself, holds the machine; its end is waited for."""

    def session_started(self, number: int, sessions: int) -> None:
        """Session `number` (from 1) of so many begins."""

    def pair_ended(self, pairs: int, of: int | None) -> None:
        """So many pairs of this session are done; None where time and not a number ends it."""

    def waiting(self, seconds: float) -> None:
        """The next session begins in so many seconds."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The smallest change, a fraction, that pairs find in so many seconds of measuring both sides of a benchmark."""

    seconds: float
    pairs: int
    change: float


@dataclass(frozen=True, slots=True)
class Need:
    """The pairs and seconds that finding `change` (a fraction) takes; `reason` where no number of pairs would do."""

    change: float
    pairs: int | None
    seconds: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """How far sessions lie apart, as sds of ln values; None before enough of them are known, which `reason` says.

    `seen` is that of their centres beyond the noise of launches, `used` the same shrunk to the prior, `pairs` that of
    what their pairs come to, shrunk to none. `stored` is the smallest change, a fraction, that a comparison with one
    stored session of ten launches would tell from none.
    """

    sessions: int
    seen: float | None
    used: float
    pairs: float
    stored: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What launches of one unchanged program show in one metric.

    `deviation` is the robust sd of a pair's ln ratio, a fraction. `autocorrelation` is that of neighbouring launches,
    beyond ±`independent` more than chance. `order` is how much the second launch of a pair takes more than the first,
    with its 98 % interval (None for too few pairs). `separation` is Ashman's D of the best two groups (`two_modes`
    where it means something), `quantum` the step of the clock, 0 where none shows. `holds` is the price of finding the
    tolerance in force.
    """

    metric: str
    unit: str
    launches: int
    median: float
    deviation: float
    autocorrelation: float
    independent: float
    order: float
    order_low: float | None
    order_high: float | None
    separation: float
    two_modes: bool
    quantum: float
    detectable: tuple[Prediction, ...]
    needed: tuple[Need, ...]
    holds: Need
    between: Between


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What the sessions that count say together.

    `pair_seconds` is what a pair took, `contaminated` the share of launches that the machine disturbed, `during`,
    `idle` and `busy` the largest of any session. `gate_on` names the metrics that can hold the tolerance, best first;
    none: it has not `passed`. `summary` says so in words.
    """

    sessions: int
    apart: int
    program: str
    pair_seconds: float
    contaminated: float
    during: Disturbance
    idle: Disturbance
    busy: float | None
    spreads: tuple[Spread, ...]
    gate_on: tuple[str, ...]
    passed: bool
    summary: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All of it; `noise` is None where nothing was launched, `advice` what to change first.

    `kept` is the file that holds the machine's sessions, or empty where none was measured.
    """

    machine: Machine
    conditions: Conditions
    capabilities: tuple[Capability, ...]
    noise: Noise | None = None
    advice: tuple[str, ...] = ()
    interrupted: bool = False
    kept: str = ""
