"""How busy the machine's CPUs are, whoever uses them."""

import psutil


def read_busy() -> float:
    """Seconds that all CPUs together have worked since the machine started; stolen time counts as work."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted within user and nice as well
    return float(sum(times) - idle - twice)


def count_cpus() -> int:
    """Logical CPUs of the machine."""
    return psutil.cpu_count() or 1
