"""The rule, declared beforehand, by which a launch counts as disturbed by the machine; never by its values."""

from perfkit.model.launch import Disturbance

STEAL = 0.01
RUN_DELAY = 0.05
PRESSURE = 0.10


def contaminated_by(disturbance: Disturbance, *, waiting: bool) -> tuple[str, ...]:
    """The rules that a launch broke, in words; none means clean.

    Shares are of the launch's wall time. Pressure disturbs only launches whose judged metrics contain waiting
    (`waiting`): wall-like times.
    """
    rules = (
        ("steal", disturbance.steal, STEAL),
        ("throttled", disturbance.throttled, 0.0),
        ("run delay", disturbance.run_delay, RUN_DELAY),
        ("CPU pressure", disturbance.cpu_pressure if waiting else None, PRESSURE),
        ("memory pressure", disturbance.memory_pressure if waiting else None, PRESSURE),
        ("I/O pressure", disturbance.io_pressure if waiting else None, PRESSURE),
    )
    return tuple(f"{name} {share * 100:.1f} %" for name, share, most in rules if share is not None and share > most)
