"""run.json as bytes: a Run encoded, decoded strictly, and described by a JSON Schema."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from perfkit.model.errors import DataError, UsageError
from perfkit.model.run import Result, Run
from perfkit.storage import converting
from perfkit.storage.files import decode
from perfkit.storage.structs import RUN_SCHEMA, LazyRun, StoredRecorded, StoredResult, StoredRun

_ENCODER = msgspec.json.Encoder()
_RUN = msgspec.json.Decoder(LazyRun)
_RESULT = msgspec.json.Decoder(StoredResult)
_SCHEMAS: dict[str, type[msgspec.Struct]] = {"run": StoredRun, "baseline": StoredRecorded}


def run_to_bytes(run: Run) -> bytes:
    """The run as JSON. Raises ValueError that names benchmark and metric for a value that is not finite."""
    results = tuple(msgspec.Raw(_ENCODER.encode(converting.result_to_stored(result))) for result in run.results)
    stored = LazyRun(
        schema=RUN_SCHEMA,
        sessions=tuple(map(converting.session_to_stored, run.sessions)),
        complete=run.complete,
        results=results,
        **converting.identity_to_stored(run),
    )
    return _ENCODER.encode(stored)


def run_from_bytes(data: bytes, path: Path) -> Run:
    """The run in `data`, read from `path`. Raises DataError of one line with the file and the JSON path."""
    with _collector_paused():
        stored = decode(data, _RUN, path, schema=RUN_SCHEMA)
        return Run(
            **converting.identity_from(stored),
            sessions=tuple(map(converting.session_from, stored.sessions)),
            results=tuple(_results(stored.results, path)),
            complete=stored.complete,
        )


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `run` or `baseline` files. Raises UsageError for another name."""
    if name not in _SCHEMAS:
        raise UsageError(f"no schema {name!r}", hint=f"there are: {', '.join(_SCHEMAS)}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(_SCHEMAS[name])}


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A million launches hold no cycles, yet looking for some takes as long as reading them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _results(stored: tuple[msgspec.Raw, ...], path: Path) -> Iterator[Result]:
    for index, raw in enumerate(stored):
        at = f"$.results[{index}]"
        result = decode(raw, _RESULT, path, schema=RUN_SCHEMA, at=at)
        try:
            yield converting.result_from(result, tuple(map(converting.launch_from, result.launches)))
        except ValueError as error:
            raise DataError(f"{path}: {at}.budgets: {error}", hint="the file was left as it is") from None
