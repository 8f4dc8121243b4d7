"""How far launches of one unchanged program lie apart on this machine, and which change pairs of them would find."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from perfkit.model.diagnosis import Diagnosis, Spread
from perfkit.model.errors import MeasurementError
from perfkit.model.launch import Outcome
from perfkit.running.host import Host, LaunchRequest
from perfkit.running.lock import machine_lock

SECONDS = 10.0
SPENT = (10.0, 60.0, 300.0)
"""Seconds spent on the two sides of a benchmark, for which a prediction is made."""

ALPHA, BETA, IGNORE = 0.01, 0.05, 0.01
NOISY = 0.05

_BUSY = "total = 0\nfor number in range(400_000):\n    total += number * number"
_METRICS = {"ready_time": "wall time", "cpu_time": "CPU time"}


def with_noise(diagnosis: Diagnosis, python: str, root: Path) -> Diagnosis:
    """The diagnosis with ten seconds of launches. Raises MeasurementError where the program cannot be measured."""
    values: dict[str, list[float]] = {metric: [] for metric in _METRICS}
    with machine_lock("`perfkit doctor`"), Host.open() as host:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            reply = host.launch(_request(python, root, seed=len(values["cpu_time"])))
            if reply.outcome is not Outcome.MEASURED:
                raise MeasurementError(f"a plain Python program could not be measured: {reply.reason}")
            for metric, row in values.items():
                row.append(reply.measurement.values[metric])
    noise = tuple(spread_of(_METRICS[metric], row) for metric, row in values.items())
    return replace(diagnosis, noise=noise, advice=_advice(noise))


def spread_of(metric: str, values: Sequence[float]) -> Spread:
    """What launches of one program say: neighbours are taken as pairs of two sides that do not differ."""
    import numpy as np

    from perfkit.stats.power import detectable, pair_spread

    row = np.asarray(values[: len(values) // 2 * 2], dtype=float)
    deviation = pair_spread(np.log(row[1::2] / row[::2]))
    cost = 2 * SECONDS / len(values)
    seen = [
        (spent, float(np.expm1(detectable(IGNORE, deviation, max(1, int(spent / cost)), alpha=ALPHA, beta=BETA))))
        for spent in SPENT
    ]
    return Spread(metric, len(values), float(np.median(row)), deviation / 2**0.5, tuple(seen))


def _request(python: str, root: Path, seed: int) -> LaunchRequest:
    return LaunchRequest(
        kind="startup",
        settings={"command": ["python", "-I", "-c", _BUSY]},
        root=root,
        python=python,
        seed=seed,
        timeout=30.0,
        env_pass=(),
        plugins={},
    )


def _advice(noise: Sequence[Spread]) -> tuple[str, ...]:
    wall, cpu = noise
    if wall.deviation <= NOISY:
        return ("this machine is quiet enough to hold wall times as well as CPU time",)
    if cpu.deviation < wall.deviation / 2:
        return ("wall times scatter here: put tolerances on CPU time, and limits on wall times",)
    return ("times scatter here: end what else runs, or measure longer (--thorough)",)
