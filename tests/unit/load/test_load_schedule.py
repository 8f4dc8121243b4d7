import numpy as np
import pytest
from scipy import stats

from perfkit.probes._load.pace import Pace
from perfkit.probes._load.schedule import fixed_times, poisson_times, ramp_times, schedule, step_times


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def pace(arrivals="fixed", rate=200.0, **more) -> Pace:
    return Pace(arrivals=arrivals, rate=rate, in_flight=1000, **more)


def test_fixed_arrivals_are_equally_far_apart():
    due = fixed_times(200.0, 3.0)
    assert due.size == 600
    assert due[0] == 0.0
    assert np.diff(due) == pytest.approx(np.full(599, 1 / 200))
    assert due[-1] < 3.0


def test_a_rate_that_does_not_divide_the_duration_fills_it_all_the_same():
    due = fixed_times(3.3, 2.0)
    assert due.size == 7
    assert np.diff(due) == pytest.approx(np.full(6, 2.0 / 7))


def test_poisson_gaps_are_exponential_and_sum_up_to_the_duration():
    due = poisson_times(500.0, 20.0, rng())
    gaps = np.diff(due, prepend=0.0)
    assert due.size == 10_000
    assert gaps.sum() == pytest.approx(20.0, rel=0.001)
    # Seeded; a true exponential law fails this test with probability .001.
    assert stats.kstest(gaps, "expon", args=(0, 1 / 500)).pvalue > 0.001
    assert gaps.std() == pytest.approx(1 / 500, rel=0.05)


def test_counts_of_poisson_arrivals_scatter_as_they_should():
    due = poisson_times(1000.0, 50.0, rng())
    counts = np.histogram(due, bins=500, range=(0, 50))[0]
    assert counts.mean() == 100
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.2)


def test_a_seed_makes_the_arrivals_and_another_makes_others():
    first = schedule(pace("poisson"), 0.5, 2.0, 11).due
    assert (first == schedule(pace("poisson"), 0.5, 2.0, 11).due).all()
    assert not (first == schedule(pace("poisson"), 0.5, 2.0, 12).due).all()


@pytest.mark.parametrize("law", ["fixed", "poisson"])
def test_the_window_holds_equally_many_whatever_the_warmup(law):
    with_warmup = schedule(pace(law), 0.5, 3.0, 1)
    assert with_warmup.warmup == 100
    assert with_warmup.due.size == 700
    assert np.all(np.diff(with_warmup.due) >= 0)
    assert with_warmup.due[99] < 0.5 <= with_warmup.due[100]
    assert schedule(pace(law), 0.0, 3.0, 1).due.size == 600


def test_a_ramp_goes_evenly_from_one_rate_to_the_other():
    due = ramp_times(100.0, 500.0, 10.0)
    assert due.size == 3000
    assert due[0] == 0.0
    assert due[-1] < 10.0
    counts = np.histogram(due, bins=10, range=(0, 10))[0]
    assert counts == pytest.approx(120 + 40 * np.arange(10), abs=1)


def test_a_ramp_downwards_is_the_same_backwards():
    counts = np.histogram(ramp_times(500.0, 100.0, 10.0), bins=10, range=(0, 10))[0]
    assert counts == pytest.approx(480 - 40 * np.arange(10), abs=1)
    assert ramp_times(200.0, 200.0, 3.0) == pytest.approx(fixed_times(200.0, 3.0))


def test_steps_follow_each_other():
    due = step_times([(100.0, 2.0), (400.0, 1.0), (50.0, 2.0)])
    assert np.histogram(due, bins=5, range=(0, 5))[0].tolist() == [100, 100, 400, 50, 50]
    assert np.all(np.diff(due) > 0)


def test_a_window_of_steps_follows_a_warmup_at_the_first_rate():
    made = schedule(pace("steps", 0.0, steps=((100.0, 1.0), (300.0, 1.0))), 0.5, 2.0, 1)
    assert made.warmup == 50
    assert made.due.size == 50 + 400
    assert made.due[50] == 0.5


@pytest.mark.parametrize(
    ("law", "more"), [("fixed", {}), ("ramp", {"rate_end": 450.0}), ("steps", {"steps": ((33.0, 1.5), (150.0, 2.5))})]
)
def test_how_many_there_will_be_is_known_before(law, more):
    made = pace(law, 0.0 if law == "steps" else 133.0, **more)
    assert schedule(made, 0.0, 4.0, 1).due.size == made.requests_in(4.0)
