"""A scenario's parameters bound: its benchmarks, each with a checked probe, its budgets and a fingerprint."""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from perfkit.loading.budgets import budgets_for, check_conditions
from perfkit.loading.conditions import spelled
from perfkit.model.errors import UsageError
from perfkit.model.placeholders import fill
from perfkit.model.scenario import Benchmark, KnowsItsTime, Probe, Scenario
from perfkit.model.units import format_plain
from perfkit.probes import build
from perfkit.probes.servers import put_on_server

LAUNCH_NAMES = ("port", "root", "tmp")
"""Placeholders that each launch fills by itself."""

_DUMMY = {"port": 1, "root": "/root-of-the-side", "tmp": "/folder-of-the-launch"}


def expand(scenario: Scenario) -> Iterator[Benchmark]:
    """One benchmark for each combination of parameter values, in the order written.

    Raises UsageError that names file, line, scenario and key.
    """
    names = list(scenario.params)
    try:
        check_conditions(scenario.budget, scenario.params)
    except UsageError as error:
        raise _placed(scenario, error) from None
    for values in itertools.product(*scenario.params.values()):
        yield _bind(scenario, dict(zip(names, values, strict=True)))


def benchmark_id(name: str, params: Mapping[str, Any]) -> str:
    """The id that is stable across runs: `name` or `name[key=value,key=value]`."""
    bound = ",".join(f"{key}={spelled(value)}" for key, value in params.items())
    return f"{name}[{bound}]" if bound else name


def on_server(scenario: Scenario, benchmark: Benchmark, server: str) -> Benchmark:
    """The same on an audio `server`, if it needs one and leaves open which.

    Raises UsageError where it cannot play there.
    """
    settings = put_on_server(scenario.kind, benchmark.settings, server)
    if settings == benchmark.settings:
        return benchmark
    try:
        probe = build(scenario.kind, fill(settings, _DUMMY))
        budgets = budgets_for(scenario.budget, benchmark.params, probe)
    except (UsageError, ValueError) as error:
        hint = f"leave it out: -k 'not {scenario.name}'"
        raise UsageError(f"--server {server}: [{scenario.name}] {error}", hint=hint) from None
    return replace(benchmark, probe=probe, settings=settings, budgets=budgets)


def _bind(scenario: Scenario, params: Mapping[str, Any]) -> Benchmark:
    try:
        settings = fill(scenario.settings, params, keep=LAUNCH_NAMES)
        probe = build(scenario.kind, fill(settings, _DUMMY))
        _check_timeout(scenario.timeout, probe)
        budgets = budgets_for(scenario.budget, params, probe)
    except UsageError as error:
        raise _placed(scenario, error) from None
    except ValueError as error:
        raise UsageError(f"{scenario.source.where}: [{scenario.name}] {error}") from None
    return Benchmark(
        id=benchmark_id(scenario.name, params),
        scenario=scenario.name,
        source=scenario.source,
        probe=probe,
        settings=settings,
        params=params,
        budgets=budgets,
        tags=scenario.tags,
        timeout=scenario.timeout,
        fingerprint=_fingerprint(scenario.kind, settings),
    )


def _placed(scenario: Scenario, error: UsageError) -> UsageError:
    return UsageError(f"{scenario.source.where}: [{scenario.name}] {error}", hint=error.hint)


def _check_timeout(timeout: float, probe: Probe) -> None:
    if isinstance(probe, KnowsItsTime) and probe.least_time >= timeout:
        needed, given = format_plain(probe.least_time, "s"), format_plain(timeout, "s")
        raise UsageError(
            f"timeout: a launch takes up to {needed} with these settings, and its `timeout` is {given}",
            hint="raise `timeout` above that, for the start of what is measured too, or shorten `duration`",
        )


def _fingerprint(kind: str, settings: Mapping[str, Any]) -> str:
    definition = json.dumps([kind, settings], sort_keys=True, default=str)
    return hashlib.sha256(definition.encode()).hexdigest()[:12]
