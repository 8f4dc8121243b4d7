"""A client that hangs: once it may be chance, again and again it is a level's limit."""

import pytest

from perfkit.instruments.jack_clients import Hung
from perfkit.model.errors import Failed
from perfkit.probes._audio_ramp import Ending, Try, decide
from perfkit.probes._capacity_tries import Told, or_refused


def hanging():
    raise Hung("a client of PipeWire did not come back from a call")


def test_the_first_hang_at_a_level_is_tried_again_and_the_next_ones_count():
    told = Told()
    endings = [or_refused(hanging, level, told).ending for level in (64, 64, 128, 64)]
    assert endings == [Ending.CONTAMINATED, Ending.FAILED, Ending.CONTAMINATED, Ending.FAILED]


def test_a_level_at_which_a_client_always_hangs_is_not_sustained():
    told = Told()
    decided = decide(1024, lambda level: or_refused(hanging, level, told))
    assert not decided.passed
    assert len(decided.tries) == 3
    assert decided.tries[-1].why == "a client of PipeWire did not come back from a call"


def test_a_single_hang_costs_a_level_nothing():
    told, outcomes = Told(), iter([hanging, *[lambda: Try(Ending.PASSED, 0.5)] * 3])
    assert decide(64, lambda level: or_refused(next(outcomes), level, told)).passed


def test_a_program_that_fails_before_any_level_has_passed_is_broken():
    def failing():
        raise Failed("no such file")

    with pytest.raises(Failed, match="no such file"):
        or_refused(failing, 1, Told())
