import json

import pytest

from perfkit.model.detail import Curve, Facts, Histogram
from perfkit.model.errors import DataError
from perfkit.storage.details import decode, encode

HISTOGRAM = Histogram("block time", "s", (0.0, 0.001, 0.002), (3, 1), (("deadline", 0.0015),))
CURVE = Curve(
    "memory", "time", "s", "RSS", "B", (0.0, 0.1), (1e6, 2e6), (("limit", 3e6),), (1,), "over", ((0, "low"),),
    (("ready", 0.05),), (("children", (0.0, 5e5)),),
)  # fmt: skip
FACTS = Facts("server", (("backend", "JACK"), ("quantum", "128")))


def test_every_type_of_detail_comes_back_as_it_was():
    assert decode(encode((HISTOGRAM, CURVE, FACTS))) == (HISTOGRAM, CURVE, FACTS)
    assert decode(encode(())) == ()


def test_the_bytes_are_compact_json_tagged_by_type():
    data = encode((FACTS,))
    assert json.loads(data)[0]["type"] == "facts"
    assert b": " not in data
    assert b"marks" not in encode((Histogram("h", "s", (0.0, 1.0), (1,)),))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_json_cannot_hold_is_refused_by_the_details_title(bad):
    with pytest.raises(ValueError, match="'memory' holds NaN or infinity"):
        encode((Curve("memory", "t", "s", "RSS", "B", (0.0,), (bad,)),))
    with pytest.raises(ValueError, match="'memory' holds NaN or infinity"):
        encode((Curve("memory", "t", "s", "RSS", "B", (0.0,), (0.0,), beside=(("children", (bad,)),)),))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'[{"type":"facts"', "truncated"),
        (b"not json", "malformed"),
        (b'[{"type":"pie"}]', "Invalid value 'pie'"),
        (b'[{"type":"facts","title":"t","rows":[],"more":1}]', "unknown field `more`"),
        (b'[{"type":"facts","title":"t","rows":[["a",1]]}]', "Expected `str`, got `int`"),
    ],
)
def test_damage_is_an_error_that_says_where(data, message):
    with pytest.raises(DataError, match=message):
        decode(data)
