"""What is measured: a metric's name, unit, direction, scale and kind."""

from dataclasses import dataclass
from enum import StrEnum


class Better(StrEnum):
    """Which way is better."""

    LOWER = "lower"
    HIGHER = "higher"


class Scale(StrEnum):
    """How two values are compared: by their ratio (positive quantities) or by their difference."""

    RATIO = "ratio"
    DIFFERENCE = "difference"


class Kind(StrEnum):
    """How values repeat: with noise, to the digit, or as a count of events in a fixed exposure."""

    NOISY = "noisy"
    DETERMINISTIC = "deterministic"
    COUNT = "count"


class Resource(StrEnum):
    """What the metric draws on; it decides how far sessions of one machine lie apart."""

    WALL = "wall"
    CPU = "cpu"
    MEMORY = "memory"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured quantity.

    `unit` is a base unit (`s B 1/s 1 cores dB ppm frames`); `method` is part of its identity.
    """

    name: str
    unit: str
    better: Better = Better.LOWER
    scale: Scale = Scale.RATIO
    kind: Kind = Kind.NOISY
    resource: Resource = Resource.OTHER
    method: str = ""
    description: str = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        """Values of different identity are never compared."""
        return (self.name, self.unit, self.method)
