from hypothesis import given
from hypothesis import strategies as st

from perfkit.model.units import UNITS, format_quantity, parse_quantity

positive = st.floats(1e-9, 1e12)


@given(positive, st.sampled_from(UNITS))
def test_what_is_drawn_reads_back_within_its_digits(value, unit):
    if unit == "1" and value < 1e-3:
        value += 1e-3
    text = format_quantity(value, unit)
    assert abs(parse_quantity(text, unit) - value) <= 0.0051 * value + (0.5 if unit in {"1", "frames"} else 0)


@given(positive, positive, st.sampled_from(["s", "B", "1/s", "dB", "cores"]))
def test_drawing_keeps_the_order(first, second, unit):
    low, high = sorted((first, second))
    drawn = [parse_quantity(format_quantity(value, unit), unit) for value in (low, high)]
    assert drawn[0] <= drawn[1]
