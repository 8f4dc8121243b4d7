import pytest

from perfkit.model.units import Duration, format_change, format_percent, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10 ms", "s", 0.01),
        ("2s", "s", 2.0),
        ("1.5 µs", "s", 1.5e-6),
        ("5 min", "s", 300.0),
        ("100 MB", "B", 100e6),
        ("1 KiB", "B", 1024.0),
        ("800 kB", "B", 800e3),
        ("10 000 B", "B", 10_000.0),
        ("15 %", "cores", 0.15),
        ("2 cores", "cores", 2.0),
        ("5 %", "1", 0.05),
        ("0", "1", 0.0),
        ("48 kHz", "1/s", 48_000.0),
        ("-0.5 dB", "dB", -0.5),
        ("1e3", "s", 1000.0),
        ("42 widgets", "widgets", 42.0),
    ],
)
def test_quantities_come_in_their_base_unit(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "says"),
    [
        ("10 KB", "B", "kB for 1000"),
        ("10 mb", "B", "MB"),
        ("10 sec", "s", "ms"),
        ("ten ms", "s", "not a number"),
        ("", "s", "not a number"),
        ("10 % 5", "1", "not a unit"),
        ("1,5 ms", "s", "not a"),
        ("nan", "s", "not a number"),
    ],
)
def test_what_is_no_quantity_is_refused(text, unit, says):
    with pytest.raises(ValueError, match=says):
        parse_quantity(text, unit)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (999.999e-6, "s", "1.00 ms"),
        (0.0123456, "s", "12.3 ms"),
        (59.96, "s", "60.0 s"),
        (0.0, "s", "0 s"),
        (4.2e-10, "s", "0.420 ns"),
        (123_456_789.0, "B", "123 MB"),
        (999.9, "B", "1.00 kB"),
        (0.0, "B", "0 B"),
        (0.0734, "cores", "7.34 %"),
        (750.0, "1", "750"),
        (502.00000000000006, "1", "502"),
        (320_900_123.7, "1", "320 900 124"),
        (12_000.0, "frames", "12 000 frames"),
        (0.123456, "1", "0.1235"),
        (8123.0, "1/s", "8.12 k/s"),
        (-61.25, "dB", "-61.2 dB"),
        (float("nan"), "s", "-"),
    ],
)
def test_numbers_are_rounded_before_their_unit_is_chosen(value, unit, text):
    assert format_quantity(value, unit) == text


def test_changes_carry_their_sign():
    assert format_percent(0.0421) == "+4.2 %"
    assert format_percent(-0.5) == "-50.0 %"
    assert format_change(0.5, "dB", relative=False) == "+0.500 dB"
    assert format_change(-0.0005, "s", relative=False) == "-500 µs"


@pytest.mark.parametrize(("written", "seconds"), [("2 s", 2.0), (0.5, 0.5), ("300 ms", 0.3), (3, 3.0)])
def test_durations(written, seconds):
    assert Duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize("written", ["0 s", -1, "inf", "x", "5 MB"])
def test_durations_are_positive(written):
    with pytest.raises(ValueError, match=r"."):
        Duration(written)
