"""Charts: what is drawn where, and that nothing is lost on the way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.model.detail import Curve, Histogram
from perfkit.reporting.curve_chart import curve
from perfkit.reporting.drawing import WIDTH, Chart
from perfkit.reporting.forest import forest, reach
from perfkit.reporting.histogram_chart import histogram
from perfkit.reporting.launch_charts import in_order, strip
from perfkit.reporting.pictures import Centre, Picture, Point, Series
from tests.builders import CPU, a_change, a_finding, a_judgement, a_result, a_run
from tests.reporting_builders import gate_view


def the_picture(number: int = 0) -> Picture:
    picture = gate_view().rows[number].picture
    assert picture is not None
    return picture


def drawn(chart: Chart, style: str) -> str:
    return "".join(shape.path for shape in chart.shapes if shape.style == style)


def all_within(chart: Chart) -> bool:
    pairs = [tuple(map(float, pair.split(","))) for pair in chart.points.split()]
    return all(0 <= x <= WIDTH and 0 <= y <= chart.height for x, y in pairs)


def test_every_launch_is_a_dot_a_ring_or_a_cross():
    for chart in (strip(the_picture()), in_order(the_picture())):
        assert drawn(chart, "d base").count("h0") == 20
        assert drawn(chart, "d candidate").count("h0") == 8
        assert drawn(chart, "o candidate").count("a3 3 0 1 0 6 0") == 1
        assert drawn(chart, "o candidate").count("l6 6m0-6l-6 6") == 1
        assert len(chart.points.split()) == 30
        assert all_within(chart)


def test_both_pictures_are_told_by_one_table():
    chart = strip(the_picture())
    assert chart.table is not None
    assert len(chart.table.rows) == 30
    assert chart.table.rows[23] == (
        "candidate 9c41d7e20b", "launch 4", "459.9 ms", "contaminated: steal above 2 %; run again, does not count",
    )  # fmt: skip
    assert in_order(the_picture()).table is None


def test_values_rise_to_the_right_and_upwards():
    picture = the_picture()
    values = [point.value for series in picture.series for point in series.points]
    across = [float(pair.split(",")[0]) for pair in strip(picture).points.split()]
    upward = [-float(pair.split(",")[1]) for pair in in_order(picture).points.split()]
    highest, lowest = values.index(max(values)), values.index(min(values))
    assert across[highest] == max(across)
    assert across[lowest] == min(across)
    assert upward[highest] == max(upward)


def test_a_far_limit_is_told_and_does_not_squash_the_launches():
    chart = strip(the_picture())
    assert "limit < 2 s →" in [label.text for label in chart.labels]
    across = [float(pair.split(",")[0]) for pair in chart.points.split()]
    assert max(across) - min(across) > WIDTH / 2


def test_a_lone_launch_is_drawn():
    run = a_run(a_result({CPU: (0.1,)}))
    from perfkit.reporting import build_view

    finding = a_finding(base=None, change=None, budgets=())
    row = build_view(a_judgement(finding), run, None, lambda _: (), generated=0.0).rows[0]
    assert row.picture is not None
    assert all_within(strip(row.picture))
    assert all_within(in_order(row.picture))


def test_a_histogram_keeps_every_reading():
    chart = histogram(Histogram("t", "s", tuple(i / 10 for i in range(1001)), (2,) * 1000))
    assert chart.table is not None
    assert sum(int(row[1]) for row in chart.table.rows) == 2000
    assert len(chart.table.rows) <= 100


def test_narrow_bins_are_told_apart():
    chart = histogram(Histogram("t", "s", (0.01971, 0.01974, 0.01978), (4, 1)))
    assert chart.table.rows == (("19.71 ms to 19.74 ms", "4"), ("19.74 ms to 19.78 ms", "1"))


def test_a_rare_slow_mode_is_seen():
    chart = histogram(Histogram("t", "s", (0.0, 1.0, 2.0, 3.0), (100_000, 0, 2)))
    assert ("", "counts on a logarithmic axis") in chart.legend
    heights = [float(height) for height in re.findall(r"M[\d.]+ ([\d.]+)H", drawn(chart, "h"))]
    assert chart.height - heights[1] > 30


def test_an_empty_histogram_is_a_frame():
    chart = histogram(Histogram("t", "s", (0.0, 1.0), (0,)))
    assert chart.points == ""
    assert drawn(chart, "h") == ""


def test_a_long_curve_is_thinned_but_keeps_its_peak():
    y = [1.0] * 100_000
    y[77_777] = 9.0
    chart = curve(Curve("t", "time", "s", "y", "s", tuple(map(float, range(100_000))), tuple(y), (), (77_777,)))
    path = drawn(chart, "l candidate")
    assert len(path) < 6000
    assert min(float(y) for y in re.findall(r" ([\d.]+)", path)) == pytest.approx(24.0)
    assert chart.table is not None
    assert ("77778 s", "9.000 s", "flagged") not in chart.table.rows
    assert [row for row in chart.table.rows if row[2] == "flagged"] == [("77780 s", "9.000 s", "flagged")]


def the_labels(chart: Chart) -> list[str]:
    return [label.text for label in chart.labels]


def test_a_curve_shows_its_levels_moments_and_marked_points():
    xs = tuple(float(n) for n in range(1, 31))
    ys = tuple(n / 23 for n in xs)
    detail = Curve(
        "capacity", "voices", "1", "load", "1", xs, ys, (("deadline", 1.0),), (23, 24), "not sustained",
        marks=((22, "23 voices"),), moments=(("warm", 5.0),), beside=(("canary", tuple(0.1 for _ in xs)),),
    )  # fmt: skip
    chart = curve(detail)
    assert {"deadline 1", "warm 5", "23 voices"} <= set(the_labels(chart))
    assert drawn(chart, "f").count("M") == 2
    assert drawn(chart, "p").count("M") == 1
    assert drawn(chart, "l s1").startswith("M")
    assert drawn(chart, "d candidate").count("h0") == 30
    assert chart.legend == (("○", "not sustained"),)
    assert chart.series == (("candidate", "load"), ("s1", "canary"))
    assert chart.table is not None
    assert chart.table.head == ("voices", "load", "canary", "")
    assert chart.table.rows[22] == ("23", "1", "0.1000", "23 voices")
    assert chart.table.rows[23][3] == "not sustained"
    assert all_within(chart)


def test_labels_that_would_cover_each_other_move_or_stay_away():
    xs = tuple(float(n) for n in range(400))
    marks = tuple((n, f"harmonic {n}") for n in range(100, 140, 2))
    chart = curve(Curve("t", "f", "Hz", "level", "dB", xs, tuple(-n / 10 for n in xs), marks=marks))
    placed = [label for label in chart.labels if label.style == "n"]
    assert 1 <= len(placed) < len(marks)
    boxes = [(float(label.x), float(label.y)) for label in placed]
    assert len(set(boxes)) == len(boxes)
    assert drawn(chart, "p").count("M") == len(marks)


def test_pairs_stand_in_the_order_in_which_they_were_measured():
    def series(side, session, values, orders):
        points = tuple(Point(value, f"{value}", order=order) for value, order in zip(values, orders, strict=True))
        return Series(side, f"{side}, session {session + 1}", points, session)

    rows = (
        series("base", 0, (1.0, 1.1), (0, 3)), series("base", 1, (1.0,), (7,)),
        series("candidate", 0, (1.2, 1.3), (1, 2)), series("candidate", 1, (1.2,), (4,)),
    )  # fmt: skip
    centres = (Centre("base", 1.0, None, None, "1 s"), Centre("candidate", 1.2, None, None, "1.2 s"))
    picture = Picture(CPU, rows, centres, ())
    chart = in_order(picture)
    across = [float(pair.split(",")[0]) for pair in chart.points.split()]
    assert sorted(range(6), key=across.__getitem__) == [0, 3, 4, 1, 5, 2]
    assert {"session 1", "session 2"} <= set(the_labels(chart))
    assert chart.series == (("base", "base"), ("candidate", "candidate"))
    alone = in_order(Picture(CPU, (rows[0], rows[2]), centres, ()))
    assert "as measured" in the_labels(alone)


def test_percentiles_are_written_as_nines():
    chart = curve(
        Curve("t", "1 / (1 − percentile), logarithmic", "1", "time", "s", (1.0, 10.0, 100.0), (1.0, 2.0, 3.0))
    )
    texts = [label.text for label in chart.labels]
    assert {"0 %", "90 %", "99 %", "percentile"} <= set(texts)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=50),
)
def test_any_curve_stays_inside(points: list[tuple[float, float]]):
    xs, ys = zip(*points, strict=True)
    chart = curve(Curve("t", "x", "1", "y", "s", xs, ys))
    assert all_within(chart)
    assert "nan" not in "".join(shape.path for shape in chart.shapes)


def test_changes_share_one_scale():
    rows = gate_view().rows
    largest = reach(rows)
    assert 0.16 < largest <= 0.5
    first = forest(rows[0], largest)
    assert first is not None
    assert float(first.estimate[1:].split()[0]) > 60
    assert first.tolerance
    assert forest(next(row for row in rows if row.metric == "errors"), largest) is None


def test_a_huge_change_is_held_at_the_edge():
    run = a_run()
    from perfkit.reporting import build_view

    finding = a_finding(change=a_change(40.0))
    row = build_view(a_judgement(finding), run, None, lambda _: (), generated=0.0).rows[0]
    small = forest(row, reach([row]))
    assert small is not None
    assert small.estimate == "M117 10h0"
