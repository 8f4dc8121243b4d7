"""The engines by name; a new one is one file and one line here."""

from importlib import import_module
from typing import cast

from perfkit.probes._load.report import Engine

REGISTRY: dict[str, str] = {
    "asyncio": "perfkit.probes._load.asyncio_engine:load",
    "locust": "perfkit.probes._load.locust_engine:load",
    "locustfile": "perfkit.probes._load.locust_file:load",
    "visits": "perfkit.probes._load.visits_engine:load",
    "wrk": "perfkit.probes._load.tool_engine:wrk",
    "wrk2": "perfkit.probes._load.tool_engine:wrk2",
    "vegeta": "perfkit.probes._load.tool_engine:vegeta",
    "oha": "perfkit.probes._load.tool_engine:oha",
    "k6": "perfkit.probes._load.tool_engine:k6",
}
"""Name → `module:function`."""


def engine(name: str) -> Engine:
    """The engine of a name that the settings allow."""
    module, _, function = REGISTRY[name].partition(":")
    return cast("Engine", getattr(import_module(module), function))
