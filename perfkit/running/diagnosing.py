"""A/A sessions: pairs of launches of one unchanged program, whose sides a coin decides, with waits between them."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from perfkit.instruments.neighbours import count_cpus, read_busy
from perfkit.instruments.pressure import disturbance, read_pressure
from perfkit.model.diagnosis import DoctorObserver, Repeat
from perfkit.model.environment import Conditions
from perfkit.model.errors import MeasurementError
from perfkit.model.launch import Disturbance, Outcome
from perfkit.running.contamination import contaminated_by
from perfkit.running.host import Host, LaunchRequest
from perfkit.running.session import Attempt

SECONDS = 10.0
"""What the session of a doctor that was asked for nothing else takes."""
SETTLE = 1.0
"""s of waiting before the first session, to see what the machine does by itself."""
_STEP = 1.0
_METRICS = ("ready_time", "run_delay", "cpu_time", "peak_memory")
_BODY = "held = b'.' * (16 << 20)\ntotal = 0\nfor number in range(400_000):\n    total += number * number"


@dataclass(frozen=True, slots=True)
class Asked:
    """How many sessions of how many pairs (None: for SECONDS), how many s apart, and the seed of the coins."""

    sessions: int
    pairs: int | None
    gap: float
    seed: int


@dataclass(frozen=True, slots=True)
class Idleness:
    """What the machine did while nothing was measured; `busy` is the share of all CPUs that was used."""

    disturbance: Disturbance
    busy: float | None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds since the epoch, monotonic seconds, and a way to wait: real ones by default."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def measure_repeats(
    asked: Asked,
    launch: Callable[[int], Attempt],
    keep: Callable[[Repeat], None],
    about: tuple[str, Conditions],
    observer: DoctorObserver,
    clocks: Clocks,
) -> bool:
    """Measure the sessions, `keep` each as it ends; False if Ctrl-C ended it, which drops the session going on.

    `launch` makes one launch with a seed; `about` is the program's name and the conditions. Raises MeasurementError
    where the program cannot be measured.
    """
    draw = random.Random(asked.seed)  # noqa: S311 - recorded coins, not secrets
    try:
        for number in range(1, asked.sessions + 1):
            idle = _wait(asked.gap if number > 1 else SETTLE, observer, clocks, said=number > 1)
            observer.session_started(number, asked.sessions)
            keep(_session(asked.pairs, draw, launch, idle, about, observer, clocks))
    except KeyboardInterrupt:
        return False
    return True


def launching(host: Host, python: str, root: Path) -> Callable[[int], Attempt]:
    """Launches of doctor's own program by a probe host."""

    def launch(seed: int) -> Attempt:
        settings = {"command": ["python", "-I", "-c", _BODY]}
        return host.launch(
            LaunchRequest(
                kind="startup", settings=settings, root=root, python=python, seed=seed, timeout=30.0, env_pass=(),
                plugins={},
            )
        )  # fmt: skip

    return launch


def program_name(conditions: Conditions) -> str:
    """What makes two sessions measure the same program: its text and the interpreter that runs it."""
    digest = sha256(_BODY.encode()).hexdigest()[:8]
    python = conditions.values.get("side's Python", "Python")
    return f"{python}, {digest}"


def _session(
    pairs: int | None,
    draw: random.Random,
    launch: Callable[[int], Attempt],
    idle: Idleness,
    about: tuple[str, Conditions],
    observer: DoctorObserver,
    clocks: Clocks,
) -> Repeat:
    first, second = _columns(), _columns()
    swapped: list[bool] = []
    contaminated = 0
    started, end, before = clocks.now(), clocks.monotonic() + SECONDS, read_pressure()
    while len(swapped) < pairs if pairs is not None else clocks.monotonic() < end:
        for column in (first, second):
            attempt = launch(draw.getrandbits(32))
            _take(attempt, column)
            contaminated += bool(contaminated_by(attempt.disturbance, waiting=True))
        swapped.append(bool(draw.getrandbits(1)))
        observer.pair_ended(len(swapped), pairs)
    program, conditions = about
    return Repeat(
        started=started,
        ended=clocks.now(),
        program=program,
        conditions=conditions,
        first=_frozen(first),
        second=_frozen(second),
        swapped=tuple(swapped),
        during=disturbance(before, read_pressure()),
        idle=idle.disturbance,
        busy=idle.busy,
        contaminated=contaminated,
    )


def _wait(seconds: float, observer: DoctorObserver, clocks: Clocks, *, said: bool) -> Idleness:
    """Wait, in steps that can be told of, and read what the machine did meanwhile."""
    before, worked, begun = read_pressure(), read_busy(), clocks.monotonic()
    while (left := begun + seconds - clocks.monotonic()) > 0:
        if said:
            observer.waiting(left)
        clocks.sleep(min(_STEP, left))
    took = clocks.monotonic() - begun
    busy = None if took <= 0 else min(1.0, max(0.0, (read_busy() - worked) / took / count_cpus()))
    return Idleness(disturbance(before, read_pressure()), busy)


def _take(attempt: Attempt, column: Mapping[str, list[float]]) -> None:
    if attempt.outcome is not Outcome.MEASURED:
        raise MeasurementError(f"a plain Python program could not be measured: {attempt.reason}")
    for metric, values in column.items():
        values.append(attempt.measurement.values[metric])


def _columns() -> dict[str, list[float]]:
    return {metric: [] for metric in _METRICS}


def _frozen(column: Mapping[str, list[float]]) -> dict[str, tuple[float, ...]]:
    return {metric: tuple(values) for metric, values in column.items()}
