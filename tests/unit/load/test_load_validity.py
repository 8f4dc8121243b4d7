import numpy as np
import pytest

from perfkit.probes._load.flow import Flow
from perfkit.probes._load.validity import Offered, busy_generator, objections


def offered(**changes) -> Offered:
    fields = {"requests": 1000, "dropped": 0, "timed_out": 0, "behind": 0, "send_lag_p99": 2e-4, "response_p99": 0.01}
    return Offered(**fields | changes)


def whys(**changes) -> str:
    return "; ".join(objection.why for objection in objections(offered(**changes), {}))


def test_a_clean_load_is_valid():
    assert objections(offered(), {}) == ()


def test_a_single_dropped_request_voids():
    assert whys(dropped=1) == "1 of 1000 requests dropped at the cap of requests in flight"


@pytest.mark.parametrize("lost", ["timed_out", "behind"])
def test_a_hundredth_may_be_missing_and_no_more(lost):
    assert whys(**{lost: 10}) == ""
    assert "98.9 %" in whys(**{lost: 11})


def test_send_lag_may_be_a_millisecond_or_a_twentieth_of_the_response():
    assert whys(send_lag_p99=0.99e-3) == ""
    assert "allowed 1.00 ms" in whys(send_lag_p99=1.01e-3)
    assert whys(send_lag_p99=0.04, response_p99=0.9) == ""
    assert "allowed 45.0 ms" in whys(send_lag_p99=0.046, response_p99=0.9)


def test_a_generator_without_a_schedule_needs_time_to_spare():
    assert busy_generator(0.5) == ()
    assert "98 %" in busy_generator(0.98)[0].why


def test_requests_that_found_no_open_file_are_the_generators_fault():
    (found,) = objections(offered(), {"too many open files": 7})
    assert "7 requests could not be sent" in found.why
    assert "ulimit" in found.hint


def falling_behind(due: np.ndarray, done: np.ndarray, opens: float, closes: float) -> int:
    flow = Flow(opens, closes - opens, warmup=0.5, timeout=2.0)
    half = due.size // 2  # in two parts, in whatever order
    flow.add(due[half:], done[half:])
    flow.add(due[:half], done[:half])
    return flow.behind()


def served(due: np.ndarray, capacity: float, latency: float = 0.0) -> np.ndarray:
    """Done times of one server, first come first served."""
    done, free = np.empty(due.size), 0.0
    for index, time in enumerate(due):
        free = max(free, time) + 1 / capacity
        done[index] = free + latency
    return done


EVERY_5_MS = np.arange(-100, 600) / 200


def test_a_service_with_room_never_falls_behind():
    assert falling_behind(EVERY_5_MS, served(EVERY_5_MS, 1000.0), 0.0, 3.0) == 0


@pytest.mark.parametrize("latency", [0.05, 0.4])
def test_requests_in_flight_are_no_backlog(latency):
    due = EVERY_5_MS[100:]  # without a warmup, none are in flight at the start
    assert falling_behind(due, due + latency, 0.0, 3.0) == 0


@pytest.mark.parametrize("capacity", [190.0, 150.0, 20.0])
def test_a_service_that_cannot_do_the_rate_falls_behind(capacity):
    behind = falling_behind(EVERY_5_MS, served(EVERY_5_MS, capacity), 0.0, 3.0)
    assert behind == pytest.approx((200 - capacity) * 3, abs=2)


@pytest.mark.parametrize("begins", [0.5, 2.0, 2.5, 2.9])
def test_a_pause_is_no_backlog_even_at_the_end(begins):
    done = served(EVERY_5_MS, 1000.0)
    pausing = (done >= begins) & (done < begins + 1.0)
    done[pausing] = begins + 1.0 + np.arange(pausing.sum()) / 1000
    assert falling_behind(EVERY_5_MS, np.sort(done), 0.0, 3.0) == 0


def test_random_arrivals_and_latencies_are_valid_nearly_always():
    rng = np.random.default_rng(5)
    false_alarms = 0
    for _ in range(300):
        due = np.sort(rng.uniform(-0.5, 3.0, 700))
        false_alarms += falling_behind(due, due + rng.exponential(0.05, 700), 0.0, 3.0) > 0
    assert false_alarms <= 3
