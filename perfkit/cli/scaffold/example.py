"""The same for a Python function: what is yielded is measured, what stands before it is set up."""

import json

from perfkit import scenario


@scenario(params={"items": [10, 1_000]}, budget={"cpu_time": "+5 %"}, tags=["example"])
def dump_json(items):
    payload = [{"id": number, "name": f"item {number}"} for number in range(items)]
    yield lambda: json.dumps(payload)
