import pytest

from perfkit.model.budget import Level, Limit, Tolerance, parse_budget
from perfkit.model.metric import Metric, Scale

TIME = Metric("ready_time", "s")
LEVEL = Metric("level", "dB", scale=Scale.DIFFERENCE)
ERRORS = Metric("errors", "1", scale=Scale.DIFFERENCE)
CPU = Metric("cpu", "cores")
SIZE = Metric("raw", "B")


@pytest.mark.parametrize(
    ("written", "metric", "budget"),
    [
        ("< 2 s", TIME, Limit("<", 2.0, "s")),
        (">= 10 ms", TIME, Limit(">=", 0.01, "s")),
        ("< 15 %", CPU, Limit("<", 0.15, "cores")),
        (0, ERRORS, Limit("==", 0.0, "1")),
        ("0", ERRORS, Limit("==", 0.0, "1")),
        ("+5 %", TIME, Tolerance(0.05, "s", relative=True)),
        ("+ 0.5 dB", LEVEL, Tolerance(0.5, "dB", relative=False)),
        ("> -60 dB", LEVEL, Limit(">", -60.0, "dB")),
    ],
)
def test_limits_and_tolerances(written, metric, budget):
    assert parse_budget(written, metric) == budget


@pytest.mark.parametrize(
    ("written", "metric", "says"),
    [
        ("-5 %", TIME, r"begins with \+"),
        ("+5 ms", TIME, "compared by ratio"),
        ("about 5 ms", TIME, "is not a budget"),
        ("< fast", TIME, "not a number"),
        ("=> 5 ms", TIME, "is not a budget"),
        (True, TIME, "is not a budget"),
        (None, TIME, "is not a budget"),
        (float("nan"), TIME, "not a finite"),
    ],
)
def test_what_is_no_budget_is_refused(written, metric, says):
    with pytest.raises(ValueError, match=says):
        parse_budget(written, metric)


@pytest.mark.parametrize(("operator", "below", "at", "above"), [
    ("<", True, False, False), ("<=", True, True, False), (">", False, False, True),
    (">=", False, True, True), ("==", False, True, False),
])  # fmt: skip
def test_a_limit_holds_on_its_side(operator, below, at, above):
    limit = Limit(operator, 2.0, "s")
    assert [limit.holds(value) for value in (1.9, 2.0, 2.1)] == [below, at, above]


def test_budgets_read_as_they_were_written():
    written_of = {
        TIME: ("< 2 s", "<= 250 ms", "< 120 ms", "< 2.25 s", "+5 %"),
        CPU: ("< 15 %",),
        LEVEL: ("+0.5 dB",),
        ERRORS: ("== 0",),
        SIZE: ("< 12 MiB", "< 1 GiB", "< 800 kB", "< 1.5 MB", "< 0.5 B"),
    }
    for metric, written in ((metric, text) for metric, texts in written_of.items() for text in texts):
        assert str(parse_budget(written, metric)) == written
    assert parse_budget("< 1 s", TIME, Level.WARN).level is Level.WARN
