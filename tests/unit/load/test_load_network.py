import pytest

from perfkit.instruments.netem import Link, shaping
from perfkit.model.errors import UsageError
from perfkit.model.launch import Program, Ready
from perfkit.probes import build
from perfkit.probes._load.network import Network
from perfkit.probes._load.network_routes import ports, route, urls

HTTP = {"url": "http://127.0.0.1:8000/", "rate": 200, "duration": "10 s"}


def plan(**settings):
    return build("load", HTTP | settings).plan(1)


@pytest.mark.parametrize(
    ("rate", "bits"),
    [("10 Mbit/s", 10e6), ("1.5 kbit/s", 1500), ("1 MB/s", 8e6), ("2 Gbit/s", 2e9), ("9600 bit/s", 9600), ("", 0)],
)
def test_rates_are_bits_or_bytes(rate, bits):
    assert Network(rate=rate, loss="1 %").bits == pytest.approx(bits)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "changes nothing"),
        ({"jitter": "2 ms", "rate": "1 Mbit/s"}, "cannot be longer"),
        ({"latency": "1 ms", "jitter": "2 ms"}, "cannot be longer"),
        ({"rate": "10 Mbps"}, "is not a rate such as"),
        ({"rate": "0 Mbit/s"}, "is nothing"),
        ({"loss": "100 %"}, "not a share between 0 and 1"),
        ({"loss": "1 %", "by": "proxy"}, "a proxy cannot lose packets; leave out `by`, or `loss`"),
        ({"delay": "1 ms"}, "unknown key `network.delay`"),
        ({"latency": "1 s"}, "request_timeout"),
    ],
)
def test_what_is_no_network_is_refused_by_the_key(settings, why):
    with pytest.raises(UsageError, match=why):
        build("load", HTTP | {"network": settings})


@pytest.mark.parametrize(
    "asks", [{"call": "a.py:f", "rate": 100}, {"engine": "locust", "locustfile": "locustfile.py", "users": 3}]
)
def test_a_network_needs_an_address_that_it_lies_before(asks):
    with pytest.raises(UsageError, match="`network` without `url` or `streams`"):
        build("load", asks | {"duration": "3 s", "network": {"rate": "1 Mbit/s"}})


def test_it_is_described_in_a_line():
    network = build("load", HTTP | {"network": {"latency": "20 ms", "jitter": "2 ms", "rate": "10 Mbit/s"}}).network
    assert str(network) == "20 ms ± 2 ms each way, 10 Mbit/s"
    assert str(Network(loss="1 %")) == "1 % loss"


def test_either_direction_has_its_class_and_other_connections_have_none():
    commands = [" ".join(command) for command in shaping(Link(0.02, 0.002, 1e7, 0.01), (8000, 9000))]
    assert commands[0] == "tc qdisc add dev lo root handle 1: htb"
    classes = [command for command in commands if "tc class" in command]
    assert [command.split("rate ")[1].split()[0] for command in classes] == ["10000000bit"] * 2
    queues = [command for command in commands if "netem" in command]
    assert len(queues) == 2
    assert all(command.endswith("netem limit 100000 delay 20000us 2000us loss 1%") for command in queues)
    filters = [command for command in commands if "tc filter" in command]
    assert len(filters) == 8
    assert sum("dport 8000" in command and command.endswith("flowid 1:1") for command in filters) == 2
    assert sum("sport 9000" in command and command.endswith("flowid 1:2") for command in filters) == 2


def test_bandwidth_alone_needs_no_netem():
    assert not any("netem" in command for command in shaping(Link(rate=8e6), (8000,)))


def test_the_ports_of_requests_and_streams_are_those_of_their_addresses():
    streams = {"url": "ws://127.0.0.1:9000/stream", "rate": 10}
    assert ports(plan(streams=streams)) == (8000, 9000)
    assert ports(plan(url="http://127.0.0.1/", streams=streams | {"url": "ws://127.0.0.1/"})) == (80,)
    assert urls(plan()) == ("http://127.0.0.1:8000/",)


def test_without_a_network_the_way_is_direct():
    with route(plan(), None, None, None) as way:
        assert way.plan == plan()
        assert way.prefix == ()
        assert way.of(Program(("true",), ready=Ready()), None).command == ("true",)
