"""The metrics that loads have; declarations only."""

from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
from perfkit.probes._load.settings import LEAST_READINGS

_EXACT_READINGS = 100_000


def percentiles(method: str, readings: int | None = None) -> tuple[Metric, ...]:
    """Response percentiles read by `method`; of so many readings only those that they suffice for."""
    return tuple(
        Metric(
            name, "s", resource=Resource.WALL, method=method,
            description=f"{name.removeprefix('response_')} from the time a request was due to its answer",
        )
        for name, least in LEAST_READINGS.items()
        if name.startswith("response") and (readings is None or readings >= least)
    )  # fmt: skip


def method_of(readings: int) -> str:
    """How a percentile of so many readings is computed."""
    return "Harrell-Davis" if readings <= _EXACT_READINGS else "HdrHistogram"


def _count(name: str, description: str) -> Metric:
    return Metric(name, "1", scale=Scale.DIFFERENCE, kind=Kind.COUNT, description=description)


SERVICE = (
    Metric("cpu", "cores", resource=Resource.CPU, description="CPU of the service's processes during the window"),
    Metric("cpu_per_request", "s", resource=Resource.CPU, description="the same by request of the window"),
    Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the service's whole life"),
    Metric("peak_memory", "B", resource=Resource.MEMORY, method="maxrss", description="peak RSS of the service's life"),
)
REQUESTS = (
    Metric("response_max", "s", resource=Resource.WALL, description="the slowest response"),
    Metric("throughput", "1/s", Better.HIGHER, resource=Resource.WALL, description="expected answers a second"),
    _count("errors", "requests that failed, timed out or had another status"),
)
SCHEDULED = (
    _count("dropped", "requests not sent, for too many were in flight"),
    Metric("send_lag_p99", "s", resource=Resource.WALL, description="how late the generator sent"),
)
"""What only requests have that were due at a time."""
STREAMS = (
    Metric("stream_gap_p99", "s", resource=Resource.WALL, description="p99 of the gaps between a stream's messages"),
    Metric("first_message", "s", resource=Resource.WALL, description="from connecting to the first message, slowest"),
    Metric("delivered", "1", Better.HIGHER, description="share of the expected messages that came"),
    Metric("streams_sustained", "1", Better.HIGHER, description="streams that stayed, 99 % delivered and none lost"),
    _count("disconnects", "streams refused or closed by the service"),
)
LOST = _count("lost", "messages missing in the streams' numbering")


def capacity(within: str) -> Metric:
    """The highest rate whose p99 stays `within` a time, which is part of what it means."""
    description = "most requests a second that are sustained"
    return Metric("capacity", "1/s", Better.HIGHER, resource=Resource.WALL, method=within, description=description)
