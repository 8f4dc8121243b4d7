"""Details as bytes: compact JSON, each detail tagged with its type."""

import math
from collections.abc import Iterable

import msgspec

from perfkit.model.detail import Curve, Detail, Facts, Histogram
from perfkit.model.errors import DataError

_Mark = tuple[str, float]


class _Histogram(msgspec.Struct, tag="histogram", tag_field="type", forbid_unknown_fields=True, omit_defaults=True):
    title: str
    unit: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    marks: tuple[_Mark, ...] = ()
    encoded: str = ""


class _Curve(msgspec.Struct, tag="curve", tag_field="type", forbid_unknown_fields=True, omit_defaults=True):
    title: str
    x_label: str
    x_unit: str
    y_label: str
    y_unit: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    lines: tuple[_Mark, ...] = ()
    flagged: tuple[int, ...] = ()
    flag: str = "flagged"
    marks: tuple[tuple[int, str], ...] = ()
    moments: tuple[_Mark, ...] = ()
    beside: tuple[tuple[str, tuple[float, ...]], ...] = ()


class _Facts(msgspec.Struct, tag="facts", tag_field="type", forbid_unknown_fields=True):
    title: str
    rows: tuple[tuple[str, str], ...]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(tuple[_Histogram | _Curve | _Facts, ...])


def encode(details: tuple[Detail, ...]) -> bytes:
    """The details as one JSON array. Raises ValueError that names the detail holding NaN or infinity."""
    return _ENCODER.encode([_to_stored(detail) for detail in details])


def decode(data: bytes) -> tuple[Detail, ...]:
    """The details written by `encode`. Raises DataError with the JSON path of what is wrong."""
    try:
        return tuple(_to_detail(stored) for stored in _DECODER.decode(data))
    except msgspec.DecodeError as error:
        raise DataError(f"damaged details: {error}") from None


def _to_stored(detail: Detail) -> _Histogram | _Curve | _Facts:
    match detail:
        case Histogram(title, unit, edges, counts, marks, encoded):
            _refuse_non_finite(title, edges, (value for _, value in marks))
            return _Histogram(title, unit, edges, counts, marks, encoded)
        case Curve():
            named = (value for _, value in (*detail.lines, *detail.moments))
            _refuse_non_finite(detail.title, detail.x, detail.y, named, *(row for _, row in detail.beside))
            return _Curve(**{name: getattr(detail, name) for name in _Curve.__struct_fields__})
        case Facts(title, rows):
            return _Facts(title, rows)


def _to_detail(stored: _Histogram | _Curve | _Facts) -> Detail:
    match stored:
        case _Histogram():
            return Histogram(stored.title, stored.unit, stored.edges, stored.counts, stored.marks, stored.encoded)
        case _Curve():
            return Curve(**msgspec.structs.asdict(stored))
        case _Facts():
            return Facts(stored.title, stored.rows)


def _refuse_non_finite(title: str, *rows: Iterable[float]) -> None:
    # JSON has no NaN: msgspec would write null, which reads back as damage
    if not all(math.isfinite(value) for row in rows for value in row):
        raise ValueError(f"detail {title!r} holds NaN or infinity")
