import pytest

from perfkit.loading.budgets import budgets_for
from perfkit.model.errors import UsageError
from perfkit.probes import build
from perfkit.probes._load.pace import Pace

URL = {"url": "http://127.0.0.1:1/"}


def load(**settings):
    return build("load", URL | settings)


@pytest.mark.parametrize(
    ("settings", "requests"),
    [
        ({"rate": 200, "duration": "3 s"}, 600),
        ({"arrivals": "poisson", "rate": 200, "duration": "3 s"}, 600),
        ({"arrivals": "ramp", "rate": 100, "rate_end": 300, "duration": "5 s"}, 1000),
        ({"arrivals": "steps", "steps": [[100, "2 s"], [400, 1.5]]}, 800),
        ({"arrivals": "closed", "users": 4, "think": "10 ms", "duration": "5 s"}, 0),
    ],
)
def test_each_law_says_how_many_requests_it_makes(settings, requests):
    assert load(**settings).readings("response_p50") == requests


def test_steps_tell_how_long_they_last():
    assert load(arrivals="steps", steps=[[100, "2 s"], [400, 1.5]]).window == pytest.approx(3.5)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": 200, "rate_end": 300, "duration": "3 s"}, "only a ramp ends at another rate"),
        ({"arrivals": "ramp", "rate": 200, "duration": "3 s"}, "rate_end must be positive"),
        ({"arrivals": "steps", "rate": 200, "duration": "3 s"}, "`rate` is nothing that arrivals = 'steps' have"),
        ({"arrivals": "steps", "duration": "3 s"}, "steps must be pairs"),
        ({"arrivals": "steps", "steps": [[0, "1 s"]]}, "each rate positive"),
        ({"arrivals": "steps", "steps": [[100, "2 s"]], "duration": "3 s"}, "leave out `duration`"),
        ({"rate": 200}, "`duration` is missing"),
        ({"rate": 200, "users": 3, "duration": "3 s"}, "only a closed loop has users"),
        ({"arrivals": "closed", "duration": "3 s"}, "users must be at least 1"),
        ({"arrivals": "closed", "users": 2, "rate": 5, "duration": "3 s"}, "`rate` is nothing"),
        ({"rate": 200, "think": "1 s", "duration": "3 s"}, "only users of a closed loop think"),
        ({"rate": 200, "duration": "3 s", "headers": {"X": "a\r\nb"}}, "line break"),
        ({"rate": 200, "duration": "3 s", "capacity": {"within": "50 ms"}}, "`rate` is nothing that a load with"),
        ({"capacity": {"within": "50 ms"}, "arrivals": "closed", "users": 3}, "fixed or poisson"),
        ({"capacity": {"within": "50 ms", "start": 0}}, "capacity.start"),
        ({"capacity": {"within": "50 ms", "precision": 2}}, "capacity.precision"),
        ({"rate": 200, "duration": "3 s", "call": "a.py:f"}, "goes without `url`"),
        ({"engine": "wrk", "rate": 200, "duration": "3 s"}, "arrivals = 'closed' only"),
        ({"engine": "wrk2", "arrivals": "closed", "users": 3, "duration": "3 s"}, "arrivals = 'fixed' only"),
        ({"engine": "oha", "rate": 200, "duration": "3 s", "expect": [204]}, "knows no `call`, `streams` or `expect`"),
        ({"engine": "wrk", "arrivals": "closed", "users": 3, "duration": "2.5 s"}, "whole seconds"),
        ({"engine": "k6", "rate": 200, "duration": "0.5 s"}, "no less than 1 s"),
        ({"engine": "k6", "rate": 200, "duration": "2 s", "warmup": "0.5 s"}, "no less than 1 s"),
        ({"engine": "k6", "arrivals": "closed", "users": 3, "duration": "3 s"}, "arrivals = 'fixed' only"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_named(settings, said):
    with pytest.raises(UsageError) as caught:
        load(**settings)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("call", "said"), [("journey.py", "path/to/file.py:function"), ("journey:go", "path/to/file.py:function")]
)
def test_a_call_names_a_function_of_a_file(call, said):
    with pytest.raises(UsageError, match=said):
        build("load", {"call": call, "rate": 200, "duration": "3 s"})


def test_a_capacity_is_the_only_metric_and_its_limit_is_part_of_it():
    (metric,) = load(capacity={"within": "50 ms"}).metrics
    assert (metric.name, metric.unit, metric.method) == ("capacity", "1/s", "p99 within 50 ms")
    assert metric.better == "higher"
    assert "that one metric" in load(capacity={"within": "50 ms"}).why_missing("response_p99")


def test_a_closed_loop_has_response_times_of_another_method():
    metrics = {m.name: m for m in load(arrivals="closed", users=3, duration="3 s").metrics}
    assert metrics["response_p99"].method == "closed loop"
    assert "dropped" not in metrics
    assert "send_lag_p99" not in metrics


@pytest.mark.parametrize("settings", [{"arrivals": "closed"}, {"arrivals": "closed", "engine": "wrk"}])
@pytest.mark.parametrize("name", ["response_p50", "response_p99", "response_max"])
def test_response_times_of_a_closed_loop_may_not_gate(settings, name):
    probe = load(users=3, duration="3 s", **settings)
    assert "may not gate" in probe.why_no_budget(name)
    assert probe.why_no_budget("throughput") == ""


def test_a_budget_on_them_is_refused_when_the_scenario_is_read():
    probe = load(arrivals="closed", users=3, duration="3 s")
    assert budgets_for({"throughput": "> 50 /s"}, {}, probe)
    with pytest.raises(UsageError, match=r"^budget\.response_p99: response times of a closed loop hide every stall"):
        budgets_for({"response_p99": "< 50 ms"}, {}, probe)


@pytest.mark.parametrize("engine", ["asyncio", "wrk2", "vegeta", "oha", "k6"])
def test_response_times_of_a_schedule_may(engine):
    assert load(rate=200, duration="10 s", engine=engine).why_no_budget("response_p99") == ""


def test_a_pace_begins_at_the_rate_of_its_first_step():
    assert Pace(arrivals="steps", in_flight=1, steps=((30.0, 1.0), (60.0, 1.0))).first_rate == 30.0
    assert Pace(arrivals="ramp", in_flight=1, rate=50.0, rate_end=70.0).first_rate == 50.0


def test_a_tool_at_a_rate_has_the_percentiles_that_its_requests_suffice_for():
    assert "response_p99" not in {metric.name for metric in load(rate=200, duration="3 s", engine="oha").metrics}
    assert "needs 1000 requests" in load(rate=200, duration="3 s", engine="oha").why_missing("response_p99")
