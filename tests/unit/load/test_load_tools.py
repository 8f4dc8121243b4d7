"""What the load generators of others are asked and what they tell, in the forms that their documentation shows."""

import json
import re

import pytest

from perfkit.probes import build
from perfkit.probes._load.tools import oha, read_oha, read_vegeta, read_wrk, vegeta, wrk, wrk2

WRK = """Running 2s test @ http://127.0.0.1:8000/
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   210.00us   90.00us   3.10ms   93.10%
    Req/Sec    18.90k     1.20k   21.00k    75.00%
  37800 requests in 2.00s, 2.40MB read

perfkit {"requests": 37800, "duration": 2000150, "p50": 190.000000, "p95": 330.000000, "p99": 520.000000, \
"max": 3100.000000, "errors": {"connect": 0, "read": 1, "write": 0, "status": 800, "timeout": 2}}
"""
VEGETA = {
    "latencies": {
        "total": 37036760000, "mean": 12345587, "50th": 10234567, "90th": 19876543, "95th": 24567890,
        "99th": 38901234, "max": 98765432, "min": 503210,
    },
    "bytes_in": {"total": 3072000, "mean": 1024.0},
    "bytes_out": {"total": 0, "mean": 0.0},
    "earliest": "2025-03-15T14:30:00.000000000Z", "latest": "2025-03-15T14:30:29.990000000Z",
    "end": "2025-03-15T14:30:30.098765432Z", "duration": 29990000000, "wait": 108765432, "requests": 3000,
    "rate": 100.03334, "throughput": 99.93334, "success": 0.9967, "status_codes": {"0": 3, "200": 2987, "500": 10},
    "errors": ["500 Internal Server Error"],
}  # fmt: skip
OHA = {
    "summary": {
        "successRate": 0.999, "total": 5.001, "slowest": 0.081, "fastest": 0.001, "average": 0.004,
        "requestsPerSec": 200.0, "totalData": 2000, "sizePerRequest": 2, "sizePerSec": 400.0,
    },
    "responseTimeHistogram": {"0.001": 900, "0.081": 100},
    "latencyPercentiles": {"p10": 0.001, "p50": 0.003, "p90": 0.01, "p95": 0.02, "p99": 0.05, "p99.9": 0.08},
    "statusCodeDistribution": {"200": 980, "429": 18},
    "errorDistribution": {"connection refused": 2, "aborted due to deadline": 1},
}  # fmt: skip


def plan(**settings):
    return build("load", {"url": "http://127.0.0.1:8000/x", "duration": "2 s"} | settings).plan(1)


def test_wrk_is_read_from_the_line_of_our_script():
    told = read_wrk(WRK)
    assert (told.requests, told.answered) == (37_802, 37_000)
    assert told.duration == pytest.approx(2.00015)
    assert (told.p50, told.p95, told.p99, told.longest) == pytest.approx((190e-6, 330e-6, 520e-6, 3.1e-3))
    assert told.errors == {"not read": 1, "HTTP 400 and above": 800, "timeout": 2}


def test_vegeta_is_read_from_its_json():
    told = read_vegeta(json.dumps(VEGETA))
    assert (told.requests, told.answered) == (3000, 2987)
    assert told.duration == pytest.approx(30.098765432)
    assert (told.p50, told.p95, told.p99, told.longest) == pytest.approx(
        (10.23e-3, 24.57e-3, 38.9e-3, 98.77e-3), rel=1e-3
    )
    assert told.errors == {"no answer": 3, "HTTP 500": 10}


def test_oha_is_read_from_its_json_and_its_own_end_is_no_error():
    told = read_oha(json.dumps(OHA))
    assert (told.requests, told.answered) == (1000, 980)
    assert (told.p50, told.p99, told.longest) == (0.003, 0.05, 0.081)
    assert told.errors == {"HTTP 429": 18, "connection refused": 2}


@pytest.mark.parametrize("read", [read_wrk, read_vegeta, read_oha])
@pytest.mark.parametrize("text", ["", "command not understood", "[]"])
def test_what_is_no_result_is_refused(read, text):
    with pytest.raises((ValueError, KeyError)):
        read(text)


def test_wrk_gets_users_and_whole_seconds_and_a_script_that_any_text_survives(tmp_path):
    asked = plan(engine="wrk", arrivals="closed", users=4, method="POST", body='say "hi"\n', headers={"X": "ü]]"})
    ((program, *words),) = wrk(asked, 2.0, tmp_path)
    assert program == "wrk"
    assert words[:2] == ["-c", "4"]
    assert words[words.index("-d") + 1] == "2s"
    script = (tmp_path / "wrk.lua").read_text(encoding="ascii")
    (body,) = re.findall(r'wrk\.body = "(.*)"', script)
    assert bytes(int(number) for number in re.findall(r"\\(\d{3})", body)) == b'say "hi"\n'


def test_the_others_get_the_rate(tmp_path):
    ((*words,),) = wrk2(plan(engine="wrk2", rate=250), 2.0, tmp_path)
    assert words[words.index("-R") + 1] == "250"
    attack, report = vegeta(plan(engine="vegeta", rate=2.5, duration="20 s", body="b", method="PUT"), 20.0, tmp_path)
    assert "-rate=150/1m" in attack
    assert report[:3] == ("vegeta", "report", "-type=json")
    assert (tmp_path / "vegeta.target").read_text().startswith("PUT http://127.0.0.1:8000/x\n@")
    ((*words,),) = oha(plan(engine="oha", rate=250, headers={"X": "1"}), 2.0, tmp_path)
    assert "--latency-correction" in words
    assert words[words.index("-H") + 1] == "X: 1"
