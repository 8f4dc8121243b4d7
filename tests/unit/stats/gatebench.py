"""Models of noise that a gate meets, as differences of pairs; every launch is a factor exp(.) on the same work.

ln-k: independent, sd k %. bimodal: 1 % plus, one launch in ten, 20 %. tail: 1 % plus, one in ten, a Pareto excess.
drift: 1 % plus a slow AR(1) of sd 4 % that neighbouring launches share. process: 2 % a process plus 1 %.
machine: the base was measured on a machine up to 8 % away (sd), but pairs measure it again here.
trace-*: launches recorded in order on a shared virtual machine, taken as neighbours from a random start.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import log1p
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfkit.stats.decision import Decision, GateRule
from perfkit.stats.gate import Gate

TRACE = Path(__file__).parents[2] / "data" / "noise" / "shared-vm-1.json"
RULE = GateRule(ignore=log1p(0.01), tolerance=log1p(0.05))

Launches = NDArray[np.float64]
Model = Callable[[np.random.Generator, int], Launches]


def gaussian(deviation: float) -> Model:
    return lambda rng, count: rng.normal(0, deviation, size=count)


def bimodal(rng: np.random.Generator, count: int) -> Launches:
    return rng.normal(0, 0.01, size=count) + np.where(rng.random(count) < 0.1, log1p(0.20), 0.0)


def tail(rng: np.random.Generator, count: int) -> Launches:
    excess = np.log1p(0.05 * (1 + rng.pareto(1.5, size=count)))
    return rng.normal(0, 0.01, size=count) + np.where(rng.random(count) < 0.1, excess, 0.0)


def drift(rng: np.random.Generator, count: int) -> Launches:
    steps = rng.normal(0, 0.04 * np.sqrt(1 - 0.98**2), size=count)
    level = np.empty(count)
    level[0] = rng.normal(0, 0.04)
    for i in range(1, count):
        level[i] = 0.98 * level[i - 1] + steps[i]
    return level + rng.normal(0, 0.01, size=count)


def process(rng: np.random.Generator, count: int) -> Launches:
    return rng.normal(0, 0.02, size=count) + rng.normal(0, 0.01, size=count)


def machine(rng: np.random.Generator, count: int) -> Launches:
    return rng.normal(0, 0.08) + rng.normal(0, 0.01, size=count)


@lru_cache(maxsize=2)
def _trace(clock: str) -> Launches:
    return np.log(np.array(json.loads(TRACE.read_text())[clock]))


def trace(clock: str) -> Model:
    def neighbours(rng: np.random.Generator, count: int) -> Launches:
        recorded = _trace(clock)
        return np.roll(recorded, -int(rng.integers(recorded.size)))[:count]

    return neighbours


MODELS: dict[str, Model] = {
    "ln-1": gaussian(0.01),
    "ln-3": gaussian(0.03),
    "ln-10": gaussian(0.10),
    "bimodal": bimodal,
    "tail": tail,
    "drift": drift,
    "process": process,
    "machine": machine,
    "trace-wall": trace("wall"),
    "trace-cpu": trace("cpu"),
}


def differences(model: Model, rng: np.random.Generator, change: float, pairs: int) -> Launches:
    """ln(candidate / base) of neighbouring launches, the order within each pair drawn by a fair coin."""
    launches = model(rng, 2 * pairs).reshape(pairs, 2)
    first_is_base = rng.random(pairs) < 0.5
    return np.where(first_is_base, 1, -1) * (launches[:, 1] - launches[:, 0]) + log1p(change)


def decide(model: Model, rng: np.random.Generator, change: float, rule: GateRule = RULE) -> Decision:
    gate = Gate(rule)
    for difference in differences(model, rng, change, rule.cap):
        if (decision := gate.add(float(difference))) is not None:
            return decision
    raise AssertionError("a gate ends at its cap")


@dataclass(frozen=True)
class Figures:
    """Shares in % and mean pairs over many seeded gates."""

    gates: int
    regressed: float
    improved: float
    unchanged: float
    inconclusive: float
    pairs: float
    covered: float


def bench(name: str, change: float, gates: int, *, rule: GateRule = RULE, seed: int = 1) -> Figures:
    """Judge `gates` seeded changes of the same size under one model."""
    rng = np.random.default_rng([seed, list(MODELS).index(name), round(change * 1e6)])
    decisions = [decide(MODELS[name], rng, change, rule) for _ in range(gates)]
    truth = log1p(change)
    intervals = [decision.interval for decision in decisions if decision.interval is not None]
    share = {
        outcome: 100 * sum(decision.outcome == outcome for decision in decisions) / gates
        for outcome in ("regressed", "improved", "unchanged", "inconclusive")
    }
    return Figures(
        gates=gates,
        pairs=float(np.mean([decision.pairs for decision in decisions])),
        covered=100 * float(np.mean([interval.low <= truth <= interval.high for interval in intervals])),
        **share,
    )
