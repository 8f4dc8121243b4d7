import random

import pytest

from perfkit.running.diagnosing import spread_of


def test_the_scatter_of_known_noise_is_read_and_the_prediction_falls_with_time():
    draw = random.Random(4)
    seen = spread_of("wall time", [0.1 * draw.lognormvariate(0, 0.03) for _ in range(4000)])
    assert seen.deviation == pytest.approx(0.03, rel=0.1)
    assert seen.median == pytest.approx(0.1, rel=0.01)
    changes = [change for _, change in seen.detectable]
    assert changes == sorted(changes, reverse=True)
    assert all(change > 0.01 for change in changes)


def test_a_slow_drift_is_not_scatter_between_neighbours():
    seen = spread_of("wall time", [0.1 * (1 + n / 1000) for n in range(200)])
    assert seen.deviation < 0.001
