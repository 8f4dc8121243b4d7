"""The network between generator and service, as a scenario describes it; declarations only, checked without I/O."""

import re
from dataclasses import dataclass
from typing import Literal

from perfkit.model.units import Duration, format_plain, parse_quantity

_RATE = re.compile(r"([\d.]+)\s*([kMG]?)(bit|B)/s")
_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a link does to each direction alike, so a round trip takes twice `latency` more.

    Each packet (each piece of data, with the proxy) takes `latency` ± `jitter`, uniformly; `rate` is what the link
    carries, such as "10 Mbit/s"; `loss` is the share of packets that never arrive, such as "1 %".

    `by` = "netem" shapes with the kernel's queues in a network namespace, in which the service runs; "proxy" delays
    with a TCP proxy, which can lose nothing; "auto" takes the kernel where that can be done.
    """

    latency: Duration | None = None
    jitter: Duration | None = None
    rate: str = ""
    loss: str = ""
    by: Literal["auto", "netem", "proxy"] = "auto"

    def __post_init__(self) -> None:
        if not (self.latency or self.rate or self.loss):
            raise ValueError("network changes nothing: give `latency`, `rate` or `loss`")
        if self.jitter and not (self.latency and self.jitter <= self.latency):
            raise ValueError("network.jitter cannot be longer than network.latency: nothing arrives before it was sent")
        if self.rate and not self.bits > 0:
            raise ValueError(f"network.rate {self.rate!r} is nothing")
        if self.loss and not 0 < self.lost < 1:
            raise ValueError(f'network.loss {self.loss!r} is not a share between 0 and 1, such as "1 %"')
        if self.loss and self.by == "proxy":
            raise ValueError("network.loss needs the kernel: a proxy cannot lose packets; leave out `by`, or `loss`")

    @property
    def delay(self) -> float:
        """Latency of one direction, s."""
        return self.latency or 0.0

    @property
    def spread(self) -> float:
        """Jitter, s."""
        return self.jitter or 0.0

    @property
    def bits(self) -> float:
        """Bits a second; 0 is no limit. Raises ValueError."""
        if not self.rate:
            return 0.0
        match = _RATE.fullmatch(self.rate.strip())
        if match is None:
            raise ValueError(f'network.rate {self.rate!r} is not a rate such as "10 Mbit/s" or "1 MB/s"')
        return float(match[1]) * _PREFIXES[match[2]] * (8 if match[3] == "B" else 1)

    @property
    def lost(self) -> float:
        """The share of packets that never arrive. Raises ValueError."""
        return parse_quantity(self.loss, "1") if self.loss else 0.0

    def __str__(self) -> str:
        jitter = f" ± {format_plain(self.spread, 's')}" if self.jitter else ""
        latency = f"{format_plain(self.delay, 's')}{jitter} each way" if self.latency else ""
        return ", ".join(filter(None, (latency, self.rate, f"{self.loss} loss" if self.loss else "")))
