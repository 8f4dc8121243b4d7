"""The load generator k6: the script that it is given, and what that makes it print at its end.

From its documentation: the executor `constant-arrival-rate` starts an iteration whenever one is due, if a virtual user
is free, and counts it as dropped if none is. A request's times begin when it is really sent.
"""

import json
import math
from pathlib import Path
from typing import Any

from perfkit.probes._load.settings import Plan
from perfkit.probes._load.told import Command, Told, asked, our_line

_MILLI = 1e-3
_MINUTE = 60
_RESPONSES = "perfkit_response"
_CLASSES = {
    "timeout": "perfkit_timeout",
    "no answer": "perfkit_no_answer",
    "HTTP 1xx": "perfkit_http_1xx",
    "HTTP 4xx": "perfkit_http_4xx",
    "HTTP 5xx": "perfkit_http_5xx",
    "another status": "perfkit_another_status",
}
_DROPPED = "dropped_iterations"
_TIMEOUTS = (1050, 1211)
"""Its codes of a request and of a connection that took too long."""
_LAST_ANSWERS = 1.0
"""s beyond the timeout of a request that the last ones have to end by themselves."""
_SCRIPT = """
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';

const asked = %s;
const responses = new Trend(asked.responses, true);
const errors = {};
for (const name in asked.classes) errors[name] = new Counter(asked.classes[name]);

export const options = asked.options;

export default function () {
  const answer = http.request(asked.method, asked.url, asked.body, asked.params);
  const late = asked.timeouts.includes(answer.error_code);
  const taken = answer.timings.blocked + answer.timings.duration;
  responses.add(late ? Math.max(taken, asked.params.timeout) : taken);
  if (late) errors['timeout'].add(1);
  else if (!answer.status) errors['no answer'].add(1);
  else if (answer.status < 200 || answer.status >= 400) {
    const name = `HTTP ${Math.floor(answer.status / 100)}xx`;
    errors[name in errors ? name : 'another status'].add(1);
  }
}

export function handleSummary(data) {
  const metrics = {};
  for (const name of asked.kept) if (data.metrics[name]) metrics[name] = data.metrics[name];
  return { stdout: `\\nperfkit ${JSON.stringify({ state: data.state, metrics: metrics })}\\n` };
}
"""


def k6(plan: Plan, seconds: float, folder: Path) -> tuple[Command, ...]:
    """k6: iterations of one request at a constant rate, each by a virtual user of its own connection."""
    script = folder / "k6.js"
    # JSON in ASCII is an expression of JavaScript.
    script.write_text(_SCRIPT.lstrip() % json.dumps(_asked(plan, seconds)), encoding="ascii")
    # Its own server would take a fixed port, and a report of its use would go over the network.
    return (("k6", "run", "--quiet", "--no-color", "--no-usage-report", "--address=", str(script)),)


def read_k6(text: str) -> Told:
    """The line that our script prints: the documented summary, cut to what is read here; its times are ms.

    Metrics without a sample are absent. Raises ValueError where no request was sent.
    """
    told = json.loads(our_line(text))
    metrics = told["metrics"]
    if _RESPONSES not in metrics:
        raise ValueError("it sent no request")
    times = metrics[_RESPONSES]["values"]
    counts = {name: _count(metrics, metric) for name, metric in _CLASSES.items()}
    errors = {name: count for name, count in counts.items() if count}
    return Told(
        requests=times["count"],
        answered=times["count"] - sum(errors.values()),
        duration=told["state"]["testRunDurationMs"] * _MILLI,
        p50=times["p(50)"] * _MILLI,
        p95=times["p(95)"] * _MILLI,
        p99=times["p(99)"] * _MILLI,
        longest=times["max"] * _MILLI,
        errors=errors,
        dropped=_count(metrics, _DROPPED),
    )


def _asked(plan: Plan, seconds: float) -> dict[str, Any]:
    http, pace = asked(plan)
    users = min(pace.in_flight, math.ceil(pace.rate * plan.timeout) + 1)
    load = {
        "executor": "constant-arrival-rate", "rate": round(pace.rate * _MINUTE), "timeUnit": f"{_MINUTE}s",
        "duration": f"{round(seconds * 1000)}ms", "preAllocatedVUs": users, "maxVUs": users,
        "gracefulStop": f"{round((plan.timeout + _LAST_ANSWERS) * 1000)}ms",
    }  # fmt: skip
    return {
        "method": http.method,
        "url": http.url,
        "body": http.body or None,
        "params": {"headers": dict(http.headers), "timeout": round(plan.timeout * 1000), "redirects": 0},
        "timeouts": _TIMEOUTS,
        "responses": _RESPONSES,
        "classes": _CLASSES,
        "kept": [_RESPONSES, _DROPPED, *_CLASSES.values()],
        "options": {
            "scenarios": {"perfkit": load},
            "discardResponseBodies": True,
            "summaryTrendStats": ["p(50)", "p(95)", "p(99)", "max", "count"],
        },
    }


def _count(metrics: dict[str, Any], name: str) -> int:
    return round(metrics[name]["values"]["count"]) if name in metrics else 0
