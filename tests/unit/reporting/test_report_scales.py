"""Axes: where a value stands, and which round values are written beside it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.reporting.scales import linear, log, log_ticks, nice_ticks, nines_texts, spacing, tick_texts

finite = st.floats(-1e12, 1e12, allow_subnormal=False)


def test_ticks_are_round_and_inside():
    assert nice_ticks(0.0, 10.0, 5) == (0.0, 2.5, 5.0, 7.5, 10.0)
    assert nice_ticks(0.0, 10.0, 6) == (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
    assert nice_ticks(0.398, 0.487, 6) == (0.4, 0.42, 0.44, 0.46, 0.48)


@given(finite, st.floats(1e-9, 1e12), st.integers(3, 9))
def test_ticks_are_few_rising_and_inside(low: float, span: float, count: int):
    high = low + span
    ticks = nice_ticks(low, high, count)
    room = max(abs(low), abs(high)) * 1e-8
    assert 1 <= len(ticks) <= count
    assert list(ticks) == sorted(ticks)
    assert all(low - room - span * 1e-6 <= tick <= high + room + span * 1e-6 for tick in ticks)


@given(st.floats(1e-9, 1e9), st.floats(1.001, 1e9), st.integers(4, 8))
def test_logarithmic_ticks_are_few_and_inside(low: float, ratio: float, count: int):
    high = low * ratio
    ticks = log_ticks(low, high, count)
    assert 1 <= len(ticks) <= count
    assert all(low * (1 - 1e-6) <= tick <= high * (1 + 1e-6) for tick in ticks)


def test_logarithmic_ticks_over_decades():
    assert log_ticks(1.0, 10_000.0, 5) == (1.0, 10.0, 100.0, 1000.0, 10_000.0)
    assert log_ticks(1.0, 10.0, 5) == (1.0, 2.0, 5.0, 10.0)


def test_an_axis_places_its_ends_and_its_middle():
    axis = linear(0.0, 10.0, 50.0, 150.0)
    assert [axis.at(value) for value in (0.0, 5.0, 10.0)] == [50.0, 100.0, 150.0]
    decades = log(1.0, 100.0, 0.0, 200.0)
    assert [decades.at(value) for value in (1.0, 10.0, 100.0)] == pytest.approx([0.0, 100.0, 200.0])


def test_what_lies_outside_is_held_at_the_edge():
    axis = linear(0.0, 1.0, 0.0, 100.0)
    assert (axis.at(-5.0), axis.at(5.0)) == (0.0, 100.0)


@pytest.mark.parametrize("value", [0.0, 3.0, -2.0, 1e-12, 1e12])
def test_a_single_value_gets_room_around_it(value: float):
    axis = linear(value, value, 0.0, 100.0)
    assert axis.at(value) == pytest.approx(50.0)
    assert math.isfinite(axis.low)


def test_a_logarithmic_axis_needs_positive_values():
    with pytest.raises(ValueError, match="positive"):
        log(0.0, 1.0, 0.0, 1.0)
    assert log(5.0, 5.0, 0.0, 100.0).at(5.0) == pytest.approx(50.0)


def test_widening_edges_ask_for_a_logarithmic_axis():
    assert spacing((64.0, 128.0, 256.0)) == "log"
    assert spacing(tuple(0.001 * 1.1**i for i in range(40))) == "log"
    assert spacing(tuple(0.1 * i for i in range(40))) == "linear"
    assert spacing((0.0, 1.0, 10.0, 100.0)) == "linear"
    assert spacing((3.0, 2.0, 1.0)) == "linear"


@pytest.mark.parametrize(
    ("ticks", "unit", "texts", "shown"),
    [
        ((0.25, 0.5), "s", ("250", "500"), "ms"),
        ((0.0, 5e7, 1e8), "B", ("0", "50", "100"), "MB"),
        ((0.1, 0.2), "cores", ("10", "20"), "%"),
        ((0.0, 1500.0), "1", ("0", "1 500"), ""),
        ((-1.0, 0.5), "dB", ("-1", "0.5"), "dB"),
        ((1.0, 2.0), "furlongs", ("1", "2"), "furlongs"),
        ((100.0, 2000.0), "1/s", ("0.1", "2"), "k/s"),
    ],
)
def test_ticks_share_one_unit(ticks, unit, texts, shown):
    assert tick_texts(ticks, unit) == (texts, shown)


def test_nines():
    assert nines_texts((1.0, 10.0, 100.0, 10_000.0)) == ("0 %", "90 %", "99 %", "99.99 %")
    assert nines_texts((1.26540, 8.7654, 1234.56)) == ("21 %", "88.6 %", "99.919 %")
