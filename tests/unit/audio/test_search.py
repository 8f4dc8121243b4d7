"""The search for the smallest block, on programs whose answer is known."""

import pytest

from perfkit.probes._audio_search import smallest_passing

SIZES = (32, 64, 128, 256, 512, 1024)


@pytest.mark.parametrize("needed", [1, 32, 33, 48, 64, 65, 100, 128, 129, 250, 600, 1009, 1024])
def test_the_answer_is_the_first_multiple_of_16_that_suffices(needed):
    found = smallest_passing(SIZES, 16, lambda size: size >= needed)
    assert found == max(32, -(-needed // 16) * 16)


def test_none_where_even_the_largest_fails():
    assert smallest_passing(SIZES, 16, lambda _: False) is None


def test_a_coarse_step_stays_with_the_sizes_named():
    assert smallest_passing(SIZES, 1024, lambda size: size >= 100) == 128


@pytest.mark.parametrize("step", [1, 7, 16])
def test_sizes_that_are_no_multiples_of_the_step_still_end(step):
    found = smallest_passing((30, 101), step, lambda size: size >= 90)
    assert found is not None
    assert 90 <= found <= 101
    assert found - 90 < step or found == 101


def test_each_size_is_tried_once():
    tried = []
    smallest_passing(SIZES, 16, lambda size: tried.append(size) or size >= 200)
    assert len(tried) == len(set(tried))
    assert tried[:4] == [32, 64, 128, 256]
