import pytest

from perfkit.model.errors import Failed, Invalid, UsageError
from perfkit.probes import build
from perfkit.probes._load.capacity import measure_capacity, sustained_rate
from perfkit.probes._load.measure import Job, Loaded
from perfkit.probes._load.report import Report
from perfkit.probes._load.settings import Capacity
from perfkit.probes._load.validity import Objection
from perfkit.storage.details import decode, encode


@pytest.mark.parametrize("limit", [35.0, 100.0, 499.0, 500.0, 501.0, 1700.0, 31_000.0])
@pytest.mark.parametrize("factor", [1.05, 2.0])
def test_the_knee_is_found_from_either_side(limit, factor):
    tried = []

    def passes(rate):
        tried.append(rate)
        return rate <= limit

    found = sustained_rate(passes, 500.0, factor, 100_000.0, 0.05)
    assert limit / 1.05 <= found <= limit
    assert len(tried) <= 20


def test_the_search_ends_at_most():
    assert sustained_rate(lambda _: True, 500.0, 2.0, 3000.0, 0.05) == 3000.0


def test_a_service_that_sustains_nothing_is_given_up():
    tried = []
    assert sustained_rate(lambda rate: tried.append(rate) or False, 500.0, 2.0, 3000.0, 0.05) == 0.0
    assert min(tried) == pytest.approx(500 / 64)


class Served:
    """Stands in for the load of one step: a service whose p99 grows towards its limit."""

    def __init__(self, limit: float, *, breaks=3.0, late_at=()) -> None:
        self.limit, self.breaks, self.late = limit, breaks * limit, list(late_at)
        self.durations: dict[float, float] = {}

    def __call__(self, job: Job, _) -> Loaded:
        rate = job.plan.pace.rate
        self.durations[rate] = job.plan.duration
        if self.late and rate >= self.late[0]:
            self.late.pop(0)
            return self.told(rate, 0.001, Objection("the generator sent late", "", generator=True))
        if rate > self.breaks:
            raise Failed("no request succeeded: timeout × 100")
        if rate > self.limit:
            return self.told(rate, 1.0, Objection("the service kept up with 80 %", ""))
        return self.told(rate, 0.002 / (1.001 - rate / self.limit))

    @staticmethod
    def told(rate, p99, *objections):
        return Loaded(Report(values={"response_p99": p99, "throughput": rate * 0.999}, objections=objections), "pinned")


def searched(served: Served, **more):
    probe = build("load", {"url": "http://127.0.0.1:1/", "capacity": {"within": "20 ms", **more}})
    job = Job(plan=probe.plan(1), engine="asyncio", service=None, prepare=None, pin=True)
    return measure_capacity(job, probe.capacity, None, served)


def test_the_capacity_is_where_the_p99_leaves_its_limit():
    measured = searched(Served(4000.0))
    # .002 / (1.001 - x) = .02 at x = .901
    assert measured.values["capacity"] == pytest.approx(0.901 * 4000, rel=0.05)
    assert decode(encode(measured.details)) == measured.details
    times, _, facts = measured.details
    assert [label for _, label in times.marks] == ["knee"]
    assert times.x[times.marks[0][0]] == measured.values["capacity"]
    assert list(times.x) == sorted(times.x)
    assert all(times.y[at] > 0.02 for at in times.flagged)
    assert "first limit: p99" in dict(facts.rows)["result"]


def test_a_step_is_long_enough_for_its_p99():
    served = Served(200.0)
    searched(served, start=100, searches=1)
    assert served.durations[100.0] == 10.0
    assert all(seconds >= 2.0 for seconds in served.durations.values())


def test_a_late_generator_gets_another_try_and_then_voids_the_launch():
    assert searched(Served(4000.0, late_at=[1000.0, 1000.0])).values["capacity"] > 3000
    with pytest.raises(Invalid, match=r"sustains 1 ... /s, and the generator no more than that here: .* sent late"):
        searched(Served(4000.0, late_at=[2000.0] * 100))


def test_a_service_that_is_broken_is_a_failure_and_not_a_low_rate():
    with pytest.raises(Failed, match="no request succeeded"):
        searched(Served(10.0))


def test_a_service_that_is_too_slow_for_any_rate_says_by_what():
    with pytest.raises(Failed, match=r"not even .* are sustained: the service kept up with 80 %"):
        searched(Served(0.01, breaks=1e9), start=2)


def test_a_limit_must_be_a_time():
    with pytest.raises(UsageError, match="within"):
        build("load", {"url": "http://127.0.0.1:1/", "capacity": {"within": "fast"}})
    assert Capacity(within=0.05).searches == 3
