"""A body that plays on a server and does not come to its end."""

from types import SimpleNamespace

import pytest

from perfkit.instruments.jack_body import Performing
from perfkit.model.errors import Failed, TimedOut


class Endless:
    """A program that outlives every wait; `waits` has how long was waited."""

    def __init__(self):
        self.waits = []

    def wait(self, timeout):
        self.waits.append(timeout)
        raise TimedOut(f"python still ran after {timeout:g} s")


def performing(remaining):
    target = Endless()
    return target, Performing(target, SimpleNamespace(remaining=remaining), SimpleNamespace(), 3.0)


def test_a_body_that_does_not_end_is_a_failure_of_its_own():
    target, played = performing(remaining=60.0)
    with pytest.raises(Failed, match="did not come to its end within 15 s of its time"):
        played.end()
    assert target.waits == [18.0]


def test_where_the_launch_has_less_time_left_it_is_the_launchs_limit():
    target, played = performing(remaining=10.0)
    with pytest.raises(TimedOut):
        played.end()
    assert target.waits == [10.0]
