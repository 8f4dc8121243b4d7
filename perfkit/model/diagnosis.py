"""What doctor found: what this machine can measure, and how much it disturbs what is measured."""

from dataclasses import dataclass

from perfkit.model.environment import Conditions, Machine


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that measuring may need; `advice` says what to do where it is missing or poor."""

    name: str
    available: bool
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """How far launches of one unchanged program lie apart in one metric.

    `deviation` is the robust sd of ln ratios of neighbouring launches, a fraction. `detectable` says for a number of
    seconds spent on both sides of such a benchmark which change pairs of launches would find.
    """

    metric: str
    launches: int
    median: float
    deviation: float
    detectable: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All of it; `noise` is empty where it was not asked for, `advice` what to change first."""

    machine: Machine
    conditions: Conditions
    capabilities: tuple[Capability, ...]
    noise: tuple[Spread, ...] = ()
    advice: tuple[str, ...] = ()
