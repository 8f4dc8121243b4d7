import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from perfkit.instruments.histogram import LatencyHistogram

SHARES = (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)


def filled(values) -> LatencyHistogram:
    histogram = LatencyHistogram()
    histogram.record(values)
    return histogram


@pytest.mark.parametrize("scale", [1e-6, 1e-4, 1e-2, 1.0, 60.0])
def test_percentiles_agree_with_numpy_to_three_digits(scale):
    values = scale * np.random.default_rng(2).lognormal(0.0, 0.7, 20_001)
    truth = np.quantile(values, SHARES, method="inverted_cdf")
    # 0.1 % of the value and half a ns of rounding; the library also rounds the rank to the nearest.
    assert filled(values).percentiles(SHARES) == pytest.approx(truth, rel=1.6e-3, abs=1e-9)


def test_the_largest_is_exact_and_nothing_reads_above_it():
    histogram = filled([0.1234567, 0.1])
    assert histogram.largest == 0.1234567
    assert histogram.percentile(1.0) == 0.1234567


def test_merging_is_as_recording_together():
    rng = np.random.default_rng(3)
    first, second = rng.exponential(0.01, 3000), rng.exponential(0.5, 500)
    merged = filled(first)
    merged.merge(filled(second))
    together = filled(np.concatenate((first, second)))
    assert merged.count == 3500
    assert merged.percentiles(SHARES) == together.percentiles(SHARES)


def test_merging_an_empty_one_changes_nothing():
    histogram = filled([0.2])
    histogram.merge(LatencyHistogram())
    assert (histogram.count, histogram.largest) == (1, 0.2)


def test_the_range_is_clipped_not_dropped():
    histogram = filled([-1.0, 0.0, 7200.0])
    assert histogram.count == 3
    assert histogram.percentile(0.0) == 0.0
    assert histogram.percentile(1.0) == pytest.approx(3600.0, rel=1e-3)


def test_what_is_no_duration_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        filled([0.1, float("nan")])
    with pytest.raises(ValueError, match="no duration"):
        LatencyHistogram().percentile(0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        filled([1.0]).percentile(99)


def test_it_counts_as_the_library_does():
    values = np.concatenate(
        (np.random.default_rng(6).lognormal(-6.0, 2.0, 3000), [0.0, 1e-9, 2047e-9, 2048e-9, 3600.0])
    )
    library = HdrHistogram(1, 3600 * 10**9, 3)
    for nanoseconds in np.rint(values * 1e9).astype(int).tolist():
        library.record_value(nanoseconds)
    assert filled(values).encode() == library.encode().decode()


def test_percentiles_are_the_same_after_a_round_trip():
    rng = np.random.default_rng(7)
    histogram = filled(np.concatenate((rng.exponential(0.01, 40_000), rng.uniform(0.5, 1.0, 17))))
    shares = (*SHARES, 0.9999, 0.99999)
    again = LatencyHistogram.decode(histogram.encode(), histogram.largest)
    assert again.percentiles(shares) == histogram.percentiles(shares)
    assert (again.count, again.largest) == (histogram.count, histogram.largest)
    assert LatencyHistogram.decode(histogram.encode()).largest == pytest.approx(histogram.largest, rel=1e-3)


def test_what_was_read_back_merges():
    first, second = filled([0.1, 0.2]), filled([0.3])
    read = LatencyHistogram.decode(first.encode(), first.largest)
    read.merge(LatencyHistogram.decode(second.encode(), second.largest))
    assert read.encode() == filled([0.1, 0.2, 0.3]).encode()
    empty = LatencyHistogram.decode(LatencyHistogram().encode())
    assert empty.count == 0
    empty.merge(first)
    assert empty.percentile(1.0) == 0.2


@pytest.mark.parametrize("damaged", ["", "nonsense", "HISTFAAAAA", HdrHistogram(1, 10**6, 3).encode().decode()])
def test_what_is_no_histogram_of_ours_is_refused(damaged):
    with pytest.raises(ValueError, match="histogram"):
        LatencyHistogram.decode(damaged)


def test_the_drawing_keeps_every_reading_losslessly():
    histogram = filled([0.01, 0.02, 0.5])
    assert LatencyHistogram.decode(histogram.drawing("times").encoded).encode() == histogram.encode()


def test_the_drawing_holds_every_reading():
    values = np.random.default_rng(4).lognormal(-5.0, 1.5, 5000)
    drawing = filled(values).drawing("times", marks=(("p50", 0.01),))
    assert sum(drawing.counts) == 5000
    assert len(drawing.edges) == len(drawing.counts) + 1
    assert drawing.edges[0] <= values.min()
    assert drawing.edges[-1] >= values.max()
    middle = np.interp(2500, np.cumsum(drawing.counts), drawing.edges[1:])
    assert middle == pytest.approx(np.median(values), rel=0.2)


def test_an_even_law_is_drawn_evenly_however_narrow_it_is():
    counts = np.array(filled(np.random.default_rng(7).uniform(0.0195, 0.0205, 100_000)).drawing("gaps").counts)
    assert counts.size == 60
    assert counts.sum() == 100_000
    assert counts[3:-3].max() < 1.2 * counts[3:-3].min()


def test_nothing_is_drawn_where_nothing_was():
    counts = filled([0.001] * 5 + [1.0] * 5).drawing("times").counts
    assert (counts[0], sum(counts[1:-1]), counts[-1]) == (5, 0, 5)


def test_a_duration_of_nothing_is_drawn_too():
    assert filled([0.0, 0.0, 0.01]).drawing("times").counts[0] == 2


def test_identical_readings_can_be_drawn():
    assert sum(filled([0.01] * 10).drawing("times").counts) == 10


def test_one_slow_reading_is_where_percentiles_by_nines_end():
    curve = filled([0.001] * 399 + [0.5]).by_nines("percentiles")
    assert curve.y[-1] == 0.5
    assert curve.y[-2] == pytest.approx(0.001, rel=2e-3)


def test_percentiles_by_nines_end_at_the_slowest():
    curve = filled(np.arange(1, 1001) / 1000).by_nines("percentiles")
    assert curve.y[-1] == pytest.approx(1.0, rel=2e-3)
    at_99 = np.interp(100.0, curve.x, curve.y)
    assert at_99 == pytest.approx(0.99, rel=3e-3)
