import os

from perfkit.instruments.priority import preferred


def test_the_priority_holds_inside_and_what_it_was_comes_back():
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with preferred() as words:
        inside = os.getpriority(os.PRIO_PROCESS, 0)
        assert words == (f"generator at nice {inside}" if inside < before else words)
        assert (inside < before) == words.startswith("generator at nice")
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
