"""What k6 is asked and what it tells, in the form of its documented summary."""

import json
import shutil
import subprocess

import pytest

from perfkit.probes import build
from perfkit.probes._load.grades import TOOLS, Grade
from perfkit.probes._load.k6 import k6, read_k6
from perfkit.probes._load.tool_engine import _report
from tests.unit.load.k6_document import document, line

NODE_HTTP = """
const answers = %s;
let next = 0;
export default {
  request(method, url, body, params) {
    globalThis.requests.push({ method, url, body, params });
    return answers[next++];
  },
};
"""
NODE_METRICS = """
globalThis.metrics = {};
globalThis.requests = [];
class Metric {
  constructor(name, time) { this.name = name; this.time = time; }
  add(value) { (globalThis.metrics[this.name] ??= []).push(value); }
}
export { Metric as Counter, Metric as Trend };
"""
NODE_RUN = """
import 'k6/metrics';
const script = await import('./script.mjs');
for (let n = 0; n < %d; n++) script.default();
const metrics = { vus: { type: 'gauge', values: { value: 1 } } };
for (const [name, all] of Object.entries(globalThis.metrics)) {
  const sum = all.reduce((a, b) => a + b, 0), max = Math.max(...all);
  metrics[name] = { values: { count: all.length, sum, max, 'p(50)': all[0], 'p(95)': max, 'p(99)': max } };
}
const told = script.handleSummary({ metrics, state: { testRunDurationMs: 1000 } });
process.stdout.write(told.stdout);
console.log(JSON.stringify({ options: script.options, requests: globalThis.requests }));
"""


def plan(**settings):
    return build("load", {"url": "http://127.0.0.1:8000/x", "duration": "2 s", "engine": "k6"} | settings).plan(1)


def test_it_is_read_from_the_line_of_our_script():
    told = read_k6(line(document(errors={"perfkit_timeout": 3, "perfkit_http_5xx": 10})))
    assert (told.requests, told.answered, told.dropped) == (1000, 987, 0)
    assert told.duration == pytest.approx(5.0042)
    assert (told.p50, told.p95, told.p99, told.longest) == pytest.approx((3.2e-3, 9.5e-3, 21e-3, 80.4e-3))
    assert told.errors == {"timeout": 3, "HTTP 5xx": 10}


@pytest.mark.parametrize("text", ["", "running (2.0s), 1 VU", "perfkit {}", line(document(requests=0))])
def test_what_is_no_result_is_refused(text):
    with pytest.raises((ValueError, KeyError)):
        read_k6(text)


def test_what_it_had_nobody_to_send_with_voids_the_launch():
    told = read_k6(line(document(requests=990, dropped=10)))
    assert told.dropped == 10
    voids = _report("k6", plan(rate=500), told).objections
    assert [void.why for void in voids] == ["10 of 1000 requests dropped at the cap of requests in flight"]
    assert _report("k6", plan(rate=500), read_k6(line(document()))).objections == ()
    too_few = _report("k6", plan(rate=500), read_k6(line(document(requests=900)))).objections
    assert "90.0 % of the offered requests" in too_few[0].why


def test_its_times_count_from_the_sending_and_every_report_says_so():
    assert TOOLS["k6"] is Grade.APPROXIMATE
    report = _report("k6", plan(rate=500), read_k6(line(document())))
    assert report.caveats == ("k6: coordinated omission partly accounted for",)
    assert report.values["throughput"] == pytest.approx(1000 / 5.0042)


def test_arrivals_are_constant_and_users_as_many_as_can_be_in_flight(tmp_path):
    ((*words,),) = k6(plan(rate=2.5, duration="20 s", request_timeout="3 s"), 20.0, tmp_path)
    assert words[:2] == ["k6", "run"]
    assert {"--quiet", "--no-usage-report", "--address="} <= set(words)
    script = (tmp_path / "k6.js").read_text(encoding="ascii")
    assert words[-1] == str(tmp_path / "k6.js")
    (asked,) = (row.removeprefix("const asked = ").rstrip(";") for row in script.splitlines() if "const asked" in row)
    load = json.loads(asked)["options"]["scenarios"]["perfkit"]
    assert load == {
        "executor": "constant-arrival-rate", "rate": 150, "timeUnit": "60s", "duration": "20000ms",
        "preAllocatedVUs": 9, "maxVUs": 9, "gracefulStop": "4000ms",
    }  # fmt: skip
    k6(plan(rate=1000, in_flight=50), 2.0, tmp_path)
    assert '"maxVUs": 50' in (tmp_path / "k6.js").read_text(encoding="ascii")


def test_the_script_counts_what_became_of_each_request(tmp_path, require):
    require(shutil.which("node"), "apt-get install nodejs")
    timings = {"blocked": 2, "duration": 5}
    answers = [
        {"status": status, "error_code": code, "timings": timings}
        for status, code in [(200, 0), (302, 0), (404, 1404), (503, 1503), (999, 0), (0, 1212), (0, 1050), (0, 1211)]
    ]
    body = 'say "hi" to ü\n</script>${1}`'
    k6(plan(rate=50, method="POST", body=body, headers={"X": "ü]]"}), 2.0, tmp_path)
    (tmp_path / "k6.js").rename(tmp_path / "script.mjs")
    package = tmp_path / "node_modules" / "k6"
    package.mkdir(parents=True)
    exports = {"type": "module", "exports": {"./http": "./http.js", "./metrics": "./metrics.js"}}
    (package / "package.json").write_text(json.dumps(exports))
    (package / "http.js").write_text(NODE_HTTP % json.dumps(answers))
    (package / "metrics.js").write_text(NODE_METRICS)
    (tmp_path / "run.mjs").write_text(NODE_RUN % len(answers))
    ran = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    told = read_k6(ran.stdout)
    assert (told.requests, told.answered) == (8, 2)
    assert told.errors == {"timeout": 2, "no answer": 1, "HTTP 4xx": 1, "HTTP 5xx": 1, "another status": 1}
    assert told.p50 == pytest.approx(7e-3)
    assert told.longest == 2.0  # a connection that never came about took the whole timeout
    seen = json.loads(ran.stdout.splitlines()[-1])
    assert seen["requests"][0] == {
        "method": "POST", "url": "http://127.0.0.1:8000/x", "body": body,
        "params": {"headers": {"X": "ü]]"}, "timeout": 2000, "redirects": 0},
    }  # fmt: skip
    assert seen["options"]["discardResponseBodies"] is True
