"""Paths to one value in JSON: the singular queries of RFC 9535, `$.runs[0].latency['p99']`.

Only those, because a metric is one value; what selects many (`*`, `..`, slices, filters) has no place here.
"""

import re
from typing import Any

Path = tuple[str | int, ...]

_STEP = re.compile(r"""\.([^\W\d]\w*) | \[(-?\d+)\] | \['([^']*)'\] | \["([^"]*)"\]""", re.VERBOSE)


def parse_path(text: str) -> Path:
    """The names and indices of a path. Raises ValueError where it selects anything but one value."""
    steps: list[str | int] = []
    at = 1
    while text.startswith("$") and at < len(text) and (step := _STEP.match(text, at)):
        name, index, single, double = step.groups()
        steps.append(int(index) if index else next(word for word in (name, single, double) if word is not None))
        at = step.end()
    if not text.startswith("$") or at < len(text):
        raise ValueError(f"{text!r} is not a path to one value, such as $.latency.p99 or $.runs[0]['p 99']")
    return tuple(steps)


def value_at(document: Any, path: Path) -> Any:
    """What stands there. Raises LookupError that says where the path ends and what there is instead."""
    for number, step in enumerate(path):
        if not _holds(document, step):
            raise LookupError(f"{_written(path[:number])} has no {step!r}: it is {_said(document)}")
        document = document[step]
    return document


def _holds(document: Any, step: str | int) -> bool:
    if isinstance(step, str):
        return isinstance(document, dict) and step in document
    return isinstance(document, list) and -len(document) <= step < len(document)


def _written(path: Path) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _said(document: Any) -> str:
    if isinstance(document, dict):
        return f"a table of {', '.join(sorted(document)[:8]) or 'nothing'}"
    return f"a list of {len(document)}" if isinstance(document, list) else repr(document)
