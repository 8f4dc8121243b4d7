import re
import sys
from subprocess import run

import pytest

from perfkit.model.errors import UsageError
from perfkit.model.metric import Kind, Scale
from perfkit.probes import build

HTTP = {"url": "http://127.0.0.1:1/", "rate": 200, "duration": "10 s"}
STREAMS = {"url": "ws://127.0.0.1:1/stream", "count": 8, "rate": 50, "sequence": "<Q"}
SERVICE = {"command": ["python", "-m", "synth"], "cwd": "scenarios", "ready": {"stdout": "audio ready"}}


def names(**settings) -> set[str]:
    return {metric.name for metric in build("load", settings).metrics}


def test_metrics_follow_from_what_is_loaded():
    requests = {"response_max", "throughput", "errors", "dropped", "send_lag_p99"}
    percentiles = {"response_p50", "response_p95", "response_p99"}
    assert names(**HTTP) == requests | percentiles
    assert names(**HTTP, service=SERVICE) == requests | percentiles | {
        "cpu", "cpu_per_request", "cpu_time", "peak_memory"
    }  # fmt: skip
    assert names(streams=STREAMS, duration="3 s", service=SERVICE) == {
        "cpu", "cpu_time", "peak_memory", "stream_gap_p99", "first_message", "delivered", "disconnects", "lost",
        "streams_sustained",
    }  # fmt: skip


def test_a_percentile_needs_its_readings():
    assert "response_p99" not in names(**HTTP | {"duration": "4.99 s"})
    assert "response_p99" in names(**HTTP | {"duration": "5 s"})
    assert "response_p95" not in names(**HTTP | {"duration": "0.9 s"})
    assert "stream_gap_p99" not in names(streams=STREAMS | {"count": 1}, duration="3 s")


@pytest.mark.parametrize(
    ("settings", "name", "why"),
    [
        (HTTP | {"duration": "4 s"}, "response_p99", "needs 1000 requests a launch, and these settings give 800"),
        ({"streams": STREAMS | {"count": 1}, "duration": "3 s"}, "stream_gap_p99", "1000 messages a launch, .* 150"),
        (HTTP, "cpu_time", "only a load with `service`"),
        ({"streams": STREAMS, "duration": "3 s"}, "response_p99", "only a load with `url`"),
        ({"streams": STREAMS, "duration": "3 s", "service": SERVICE}, "cpu_per_request", "only a load with `url`"),
        (HTTP, "delivered", "only a load with `streams`"),
        ({"streams": STREAMS | {"sequence": ""}, "duration": "3 s"}, "lost", "only a load with `streams.sequence`"),
        (HTTP, "respons_p99", "^$"),
    ],
)
def test_why_a_metric_is_missing_is_told(settings, name, why):
    assert re.search(why, build("load", settings).why_missing(name))


def test_lost_messages_need_numbers():
    assert "lost" not in names(streams=STREAMS | {"sequence": ""}, duration="3 s")


def test_events_are_counts_and_very_many_requests_are_another_method():
    metrics = {metric.name: metric for metric in build("load", HTTP).metrics}
    assert (metrics["errors"].kind, metrics["errors"].scale) == (Kind.COUNT, Scale.DIFFERENCE)
    assert metrics["response_p99"].method == "Harrell-Davis"
    many = {metric.name: metric for metric in build("load", HTTP | {"rate": 20_000}).metrics}
    assert many["response_p99"].method == "HdrHistogram"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"duration": "3 s"}, "needs `url`"),
        (HTTP | {"url": "127.0.0.1:80"}, "http://"),
        (HTTP | {"rate": 0}, "rate must be positive"),
        (HTTP | {"rate": 1}, "too few for a median"),
        (HTTP | {"in_flight": 0}, "in_flight"),
        (HTTP | {"duration": "-3 s"}, "positive duration"),
        (HTTP | {"arrivals": "uniform"}, "arrivals"),
        (HTTP | {"service": {"command": ["x"]}}, "service.ready is missing"),
        (HTTP | {"services": SERVICE}, "services"),
        (HTTP | {"arguments": {"size": 3}}, "`arguments` without `call`"),
        (HTTP | {"expect": []}, "`expect` is empty"),
        (HTTP | {"service": SERVICE | {"ready": {"http": "127.0.0.1:80/"}}}, "http://127.0.0.1:{port}/"),
        (HTTP | {"service": SERVICE | {"ready": {"http": "https://127.0.0.1/"}}}, "for https, use `tcp`"),
        (HTTP | {"service": SERVICE | {"ready": {"http": "http://127.0.0.1:80x/"}}}, "is not an address"),
        ({"streams": STREAMS, "rate": 5, "duration": "3 s"}, "`rate` without `url`"),
        ({"streams": STREAMS | {"url": "http://x/"}, "duration": "3 s"}, "ws://"),
        ({"streams": STREAMS | {"sequence": "<2Q"}, "duration": "3 s"}, "one integer"),
        ({"streams": STREAMS | {"sequence": "d"}, "duration": "3 s"}, "one integer"),
        ({"streams": STREAMS | {"count": 0}, "duration": "3 s"}, "streams.count"),
        ({"streams": STREAMS | {"rate": 0}, "duration": "3 s"}, "streams.rate"),
        ({"streams": STREAMS | {"sequence_offset": -1}, "duration": "3 s"}, "sequence_offset"),
    ],
)
def test_wrong_settings_are_named(settings, said):
    with pytest.raises(UsageError) as caught:
        build("load", settings)
    assert said in str(caught.value)


def test_declaring_a_load_imports_nothing_heavy():
    code = "import sys, perfkit.probes.load; print({'aiohttp', 'numpy', 'scipy', 'psutil'} & set(sys.modules))"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
