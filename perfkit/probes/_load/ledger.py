"""What the engine wrote down of one load, to be drawn up afterwards."""

from dataclasses import dataclass

from perfkit.instruments.cpu import CpuReading, CpuWindow, between
from perfkit.probes._load.deliveries import Deliveries, Stream
from perfkit.probes._load.tally import Tally


@dataclass(slots=True)
class Ledger:
    """One load. `first_cpu` and `last_cpu` are the service's clocks at the window's ends, `own_cpu` the generator's.

    `tally` is None without requests. Times are those of time.monotonic().
    """

    tally: Tally | None
    streams: tuple[Stream, ...]
    deliveries: Deliveries
    opens: float
    closes: float
    first_cpu: CpuReading | None = None
    last_cpu: CpuReading | None = None
    own_cpu: float = 0.0
    """CPU s of the generator over the window."""
    service_ended: bool = False
    loop: str = ""

    @property
    def cpu(self) -> CpuWindow | None:
        """What the service used over the window; None where it is not ours."""
        return between(self.first_cpu, self.last_cpu) if self.first_cpu and self.last_cpu else None
