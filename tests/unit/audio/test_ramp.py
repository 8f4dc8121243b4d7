"""The search for the highest level, on programs whose answer is known."""

import pytest

from perfkit.model.errors import Invalid
from perfkit.probes._audio_ramp import Ending, Try, decide, sustained


def search(limit, **settings):
    tried = []

    def passes(level):
        tried.append(level)
        return level <= limit

    return sustained(passes, **{"guess": 1, "jump": 1, "most": 1000, "precision": 0.0} | settings), tried


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9, 23, 100, 511, 999, 1000])
@pytest.mark.parametrize("guess", [1, 20, 1000])
def test_the_answer_is_the_limit_wherever_the_search_begins(limit, guess):
    found, tried = search(limit, guess=guess)
    assert found == limit
    assert sorted(tried) == sorted([*set(tried), *([limit + 1] if limit < 1000 else [])])


def test_it_doubles_first():
    assert search(23)[1] == [1, 2, 4, 8, 16, 32, 24, 20, 22, 23, 24]


def test_from_the_last_answer_two_levels_suffice_one_of_them_twice():
    assert search(23, guess=23)[1] == [23, 24, 24]


def test_zero_where_not_even_one_passes():
    assert search(0) == (0, [1, 1])
    assert search(0, guess=9)[0] == 0


def test_a_coarse_step_ends_within_it():
    found, tried = search(700, precision=0.03)
    assert 680 <= found <= 700
    assert len(tried) < len(search(700)[1])


def test_nothing_beyond_the_most_is_tried():
    found, tried = search(10_000, most=100)
    assert found == max(tried) == 100


def ending(*endings):
    given = iter(endings)
    return lambda _: Try(next(given), 0.5)


@pytest.mark.parametrize(
    ("endings", "passed"),
    [("pp", True), ("ff", False), ("pfp", True), ("fpf", False), ("cpcp", True), ("fcpcf", False)],
)
def test_two_of_three_decide_and_contaminated_tries_are_made_again(endings, passed):
    names = {"p": Ending.PASSED, "f": Ending.FAILED, "c": Ending.CONTAMINATED}
    level = decide(7, ending(*(names[letter] for letter in endings)))
    assert level.passed is passed
    assert len(level.tries) == len(endings)


def test_a_machine_that_is_never_at_rest_gives_no_answer():
    with pytest.raises(Invalid, match="canary was late in 6 tries at 7"):
        decide(7, ending(*[Ending.CONTAMINATED] * 6))


def ramp(limit, stray):
    """A whole search on a program with this limit; `stray` says how tries end, by level, before that tells."""
    left = {level: list(endings) for level, endings in stray.items()}

    def once(level):
        if left.get(level):
            return Try(left[level].pop(0), 0.5)
        return Try(Ending.PASSED if level <= limit else Ending.FAILED, level / limit)

    return sustained(lambda level: decide(level, once).passed, guess=1, jump=1, most=1000, precision=0.0)


@pytest.mark.parametrize("level", [1, 2, 4, 16, 20, 22, 23])
def test_a_stray_stall_does_not_end_the_ramp(level):
    assert ramp(23, {level: [Ending.FAILED]}) == 23
    assert ramp(23, {level: [Ending.CONTAMINATED] * 5}) == 23
    assert ramp(23, {level: [Ending.CONTAMINATED, Ending.FAILED, Ending.CONTAMINATED]}) == 23


@pytest.mark.parametrize("level", [1, 4, 8, 16, 20, 22, 23])
def test_a_burst_of_them_is_found_out_when_the_search_has_ended_below(level):
    assert ramp(23, {level: [Ending.FAILED, Ending.FAILED]}) == 23


def test_a_level_that_misses_again_when_it_is_asked_once_more_ends_it():
    assert ramp(23, {4: [Ending.FAILED] * 4}) == 3
