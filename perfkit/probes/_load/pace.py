"""When requests leave; declarations only, checked without I/O."""

from dataclasses import dataclass
from typing import Literal

Arrivals = Literal["fixed", "poisson", "ramp", "steps", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`rate` requests a second, to `rate_end` in a ramp, or `steps` of (rate, s); at most `in_flight` at once.

    A closed loop has no rate: `users` who each wait for an answer, and then for `think` s.
    """

    arrivals: Arrivals
    in_flight: int
    rate: float = 0.0
    rate_end: float = 0.0
    steps: tuple[tuple[float, float], ...] = ()
    users: int = 0
    think: float = 0.0

    def __post_init__(self) -> None:
        own = _OWN[self.arrivals]
        for key in _MEANINGS:
            if getattr(self, key) and key not in own:
                raise ValueError(f"`{key}` is nothing that arrivals = {self.arrivals!r} have; {_ELSEWHERE[key]}")
        for key in own:
            value = getattr(self, key)
            if key != "think" and not (value if key == "steps" else value > 0):
                shown = "" if key == "steps" else f", not {value:g}"
                raise ValueError(f"{key} must be {_MEANINGS[key]}{shown}")
        if any(not rate > 0 for rate, _ in self.steps):
            raise ValueError(f"steps must be {_MEANINGS['steps']}, each rate positive")
        if self.in_flight < 1:
            raise ValueError(f"in_flight must be at least 1, not {self.in_flight}")

    @property
    def closed(self) -> bool:
        """Whether the service's own answers set the pace."""
        return self.arrivals == "closed"

    @property
    def first_rate(self) -> float:
        """The rate with which the window begins, 1/s."""
        return self.steps[0][0] if self.steps else self.rate

    def requests_in(self, duration: float) -> int:
        """How many requests the window of `duration` s will have; 0 where that depends on the service."""
        match self.arrivals:
            case "closed":
                return 0
            case "ramp":
                return max(1, round((self.rate + self.rate_end) / 2 * duration))
            case "steps":
                return sum(max(1, round(rate * seconds)) for rate, seconds in self.steps)
            case _:
                return max(1, round(self.rate * duration))


_OWN = {
    "fixed": ("rate",),
    "poisson": ("rate",),
    "ramp": ("rate", "rate_end"),
    "steps": ("steps",),
    "closed": ("users", "think"),
}
"""The settings of each law; think times may be 0."""
_MEANINGS = {
    "rate": "positive (requests a second)",
    "rate_end": "positive (requests a second at the end of the ramp)",
    "steps": "pairs of a rate and a duration, such as [[100, '2 s'], [200, '2 s']]",
    "users": "at least 1 (how many wait at once)",
    "think": "a duration (from an answer to the next request)",
}
_ELSEWHERE = {
    "rate": "leave it out",
    "rate_end": "only a ramp ends at another rate: arrivals = 'ramp'",
    "steps": "write arrivals = 'steps'",
    "users": "only a closed loop has users: arrivals = 'closed'",
    "think": "only users of a closed loop think: arrivals = 'closed'",
}
