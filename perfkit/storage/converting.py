"""Model values to their stored form and back."""

import math
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from msgspec import UNSET, UnsetType, structs

from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.launch import Disturbance, Launch, Outcome
from perfkit.model.metric import Metric
from perfkit.model.run import Against, Result, Run, Session
from perfkit.storage import budgets
from perfkit.storage.structs import (
    Identity,
    ResultHead,
    StoredAgainst,
    StoredCommit,
    StoredDisturbance,
    StoredLaunch,
    StoredMachine,
    StoredMetric,
    StoredResult,
    StoredSession,
)

_CALM = Disturbance()
_READINGS = tuple(field.name for field in fields(Disturbance))
_DEFINITION = ("benchmark", "scenario", "kind", "source", "fingerprint", "params", "tags")


def machine_to_stored(machine: Machine) -> StoredMachine:
    """The same fields under the same names."""
    return StoredMachine(**asdict(machine))


def machine_from(stored: StoredMachine) -> Machine:
    """The same fields under the same names."""
    return Machine(**structs.asdict(stored))


def commit_to_stored(commit: Commit) -> StoredCommit:
    """The same fields under the same names."""
    return StoredCommit(**asdict(commit))


def commit_from(stored: StoredCommit) -> Commit:
    """The same fields under the same names."""
    return Commit(**structs.asdict(stored))


def identity_to_stored(run: Run) -> dict[str, Any]:
    """The fields of Identity."""
    return {
        "id": run.id,
        "version": run.version,
        "created": run.created,
        "arguments": printables(run.arguments),
        "machine": machine_to_stored(run.machine),
        "conditions": conditions_to_stored(run.conditions),
        "commit": commit_to_stored(run.commit),
        "notes": printables(run.notes),
        "against": against_to_stored(run.against),
    }


def identity_from(stored: Identity) -> dict[str, Any]:
    """The fields of Run that Identity has."""
    return {
        "id": stored.id,
        "version": stored.version,
        "created": stored.created,
        "arguments": stored.arguments,
        "machine": machine_from(stored.machine),
        "conditions": Conditions(stored.conditions),
        "commit": commit_from(stored.commit),
        "notes": stored.notes,
        "against": against_from(stored.against),
    }


def against_to_stored(against: Against | None) -> StoredAgainst | UnsetType:
    """The same fields under the same names; nothing where no pairs were measured."""
    if against is None:
        return UNSET
    fields_of = {name: getattr(against, name) for name in ("snapshot", "exact", "in_place")}
    identical = UNSET if against.identical is None else against.identical
    commit = commit_to_stored(against.commit)
    return StoredAgainst(ref=printable(against.ref), commit=commit, identical=identical, **fields_of)


def against_from(stored: StoredAgainst | UnsetType) -> Against | None:
    """The same fields under the same names."""
    if isinstance(stored, UnsetType):
        return None
    identical = None if isinstance(stored.identical, UnsetType) else stored.identical
    return Against(stored.ref, commit_from(stored.commit), stored.snapshot, stored.exact, stored.in_place, identical)


def conditions_to_stored(conditions: Conditions) -> dict[str, str]:
    """Name to value."""
    return {name: printable(value) for name, value in conditions.values.items()}


def session_to_stored(session: Session) -> StoredSession:
    """The same fields under the same names."""
    return StoredSession(**asdict(session))


def session_from(stored: StoredSession) -> Session:
    """The same fields under the same names."""
    return Session(**structs.asdict(stored))


def metric_to_stored(metric: Metric) -> StoredMetric:
    """The same fields under the same names."""
    return StoredMetric(**asdict(metric))


def metric_from(stored: StoredMetric) -> Metric:
    """The same fields under the same names."""
    return Metric(**structs.asdict(stored))


def head_to_stored(result: Result) -> ResultHead:
    """A result's definition without its launches."""
    return ResultHead(**_head(result))


def result_to_stored(result: Result) -> StoredResult:
    """A result with its launches. Raises ValueError that names the benchmark for a value that is not finite."""
    try:
        launches = tuple(launch_to_stored(launch) for launch in result.launches)
    except ValueError as error:
        raise ValueError(f"{result.benchmark}: {error}") from None
    return StoredResult(**_head(result), launches=launches)


def result_from(stored: ResultHead, launches: tuple[Launch, ...]) -> Result:
    """The result of a stored definition. Raises ValueError for a budget that cannot be read."""
    allowed = {name: tuple(map(budgets.to_budget, written)) for name, written in stored.budgets.items()}
    definition = {name: getattr(stored, name) for name in _DEFINITION}
    return Result(**definition, budgets=allowed, metrics=tuple(map(metric_from, stored.metrics)), launches=launches)


def launch_to_stored(launch: Launch) -> StoredLaunch:
    """A launch as stored. Raises ValueError for a value that is not finite, which JSON cannot hold."""
    for name, value in launch.values.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}, which is no value")
    readings = {name: value for name in _READINGS if (value := getattr(launch.disturbance, name)) is not None}
    reason = printable(launch.reason)
    if launch.outcome is not Outcome.MEASURED:
        reason = reason or "no reason was given"
    return StoredLaunch(
        outcome=launch.outcome,
        session=launch.session,
        order=launch.order,
        started=launch.started,
        duration=launch.duration,
        seed=launch.seed,
        values=dict(launch.values),
        reason=reason,
        disturbance=StoredDisturbance(**readings) if readings else UNSET,
        contaminated=launch.contaminated,
        replaced=launch.replaced,
        caveats=launch.caveats,
        details=launch.details,
        side=launch.side,
        pair=UNSET if launch.pair is None else launch.pair,
    )


def launch_from(stored: StoredLaunch) -> Launch:
    """A launch as measured."""
    return Launch(
        stored.outcome,
        stored.session,
        stored.order,
        stored.started,
        stored.duration,
        stored.seed,
        stored.values,
        stored.reason,
        _disturbance_from(stored.disturbance),
        stored.contaminated,
        stored.replaced,
        stored.caveats,
        stored.details,
        stored.side,
        None if stored.pair is UNSET else stored.pair,
    )


def printable(text: str) -> str:
    """The text without the lone surrogates that undecodable bytes leave and UTF-8 refuses."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def printables(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text as `printable` gives it."""
    return tuple(map(printable, texts))


def _disturbance_from(stored: StoredDisturbance | UnsetType) -> Disturbance:
    if stored is UNSET:
        return _CALM
    readings = {name: value for name in _READINGS if (value := getattr(stored, name)) is not UNSET}
    return Disturbance(**readings)


def _head(result: Result) -> dict[str, Any]:
    definition = {name: getattr(result, name) for name in _DEFINITION}
    written = {name: tuple(map(budgets.to_stored, allowed)) for name, allowed in result.budgets.items()}
    return {
        **definition,
        "params": dict(result.params),
        "budgets": written,
        "metrics": tuple(map(metric_to_stored, result.metrics)),
    }
