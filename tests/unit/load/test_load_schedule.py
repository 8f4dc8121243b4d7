import numpy as np
import pytest
from scipy import stats

from perfkit.probes._load.schedule import arrival_times, schedule
from perfkit.probes._load.settings import Http


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def http(arrivals="fixed", rate=200.0) -> Http:
    return Http("http://127.0.0.1:1/", "GET", {}, "", (200,), rate, arrivals, 1000)


def test_fixed_arrivals_are_equally_far_apart():
    due = arrival_times("fixed", 200.0, 3.0, rng())
    assert due.size == 600
    assert due[0] == 0.0
    assert np.diff(due) == pytest.approx(np.full(599, 1 / 200))
    assert due[-1] < 3.0


def test_a_rate_that_does_not_divide_the_duration_fills_it_all_the_same():
    due = arrival_times("fixed", 3.3, 2.0, rng())
    assert due.size == 7
    assert np.diff(due) == pytest.approx(np.full(6, 2.0 / 7))


def test_poisson_gaps_are_exponential_and_sum_up_to_the_duration():
    due = arrival_times("poisson", 500.0, 20.0, rng())
    gaps = np.diff(due, prepend=0.0)
    assert due.size == 10_000
    assert gaps.sum() == pytest.approx(20.0, rel=0.001)
    # Seeded; a true exponential law fails this test with probability .001.
    assert stats.kstest(gaps, "expon", args=(0, 1 / 500)).pvalue > 0.001
    assert gaps.std() == pytest.approx(1 / 500, rel=0.05)


def test_counts_of_poisson_arrivals_scatter_as_they_should():
    due = arrival_times("poisson", 1000.0, 50.0, rng())
    counts = np.histogram(due, bins=500, range=(0, 50))[0]
    assert counts.mean() == 100
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.2)


def test_a_seed_makes_the_arrivals_and_another_makes_others():
    first = schedule(http("poisson"), 0.5, 2.0, 11).due
    assert (first == schedule(http("poisson"), 0.5, 2.0, 11).due).all()
    assert not (first == schedule(http("poisson"), 0.5, 2.0, 12).due).all()


@pytest.mark.parametrize("law", ["fixed", "poisson"])
def test_the_window_holds_equally_many_whatever_the_warmup(law):
    with_warmup = schedule(http(law), 0.5, 3.0, 1)
    assert with_warmup.warmup == 100
    assert with_warmup.due.size == 700
    assert np.all(np.diff(with_warmup.due) >= 0)
    assert with_warmup.due[99] < 0.5 <= with_warmup.due[100]
    assert schedule(http(law), 0.0, 3.0, 1).due.size == 600


def test_streams_alone_have_no_arrivals():
    assert schedule(None, 0.5, 3.0, 1).due.size == 0
