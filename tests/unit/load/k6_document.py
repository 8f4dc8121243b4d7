"""What k6 gives to `handleSummary`, in the form of its documentation, cut as our script cuts it."""

import json
from typing import Any


def document(requests: int = 1000, dropped: int = 0, errors: dict[str, int] | None = None) -> dict[str, Any]:
    """The summary of a run of 5 s; metrics without a sample are absent."""
    metrics: dict[str, Any] = {}
    if requests:
        values = {"p(50)": 3.2, "p(95)": 9.5, "p(99)": 21.0, "max": 80.4, "count": requests}
        metrics["perfkit_response"] = {"type": "trend", "contains": "time", "values": values}
    counts = (errors or {}) | ({"dropped_iterations": dropped} if dropped else {})
    for name, count in counts.items():
        values = {"count": count, "rate": count / 5.0042}
        metrics[name] = {"type": "counter", "contains": "default", "values": values}
    state = {"isStdOutTTY": False, "isStdErrTTY": False, "testRunDurationMs": 5004.2}
    return {"state": state, "metrics": metrics}


def line(told: dict[str, Any]) -> str:
    """What it prints at its end."""
    return f"\nperfkit {json.dumps(told)}\n"
