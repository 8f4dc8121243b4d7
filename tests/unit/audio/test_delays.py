"""The delays of one open: several bursts, the middle one, and how far they lie apart."""

import numpy as np
import pytest

from perfkit.model.errors import Invalid
from perfkit.probes._audio_loop import BURSTS, bursts, check, find_delays, less
from perfkit.signal.correlation import LENGTH

TAIL = 2000


def recorded(played, *delays):
    """What comes back of each burst so many frames later."""
    sound = np.zeros(len(played) + TAIL)
    for number, delay in enumerate(delays):
        burst = slice(number * LENGTH, (number + 1) * LENGTH)
        sound[burst.start + delay : burst.stop + delay] += played[burst]
    return sound


def test_each_burst_is_measured_by_itself():
    played = bursts(3)
    found = find_delays(played, recorded(played, 128, 131, 129))
    assert [burst.frames for burst in found.bursts] == pytest.approx([128, 131, 129], abs=1e-3)
    assert found.frames == pytest.approx(129, abs=1e-3)
    assert found.spread == pytest.approx(3, abs=1e-3)
    check(found, "")


def test_one_void_burst_makes_the_launch_void():
    played = bursts(3)
    sound = recorded(played, 128, 128, 128)
    sound[LENGTH + 2000 : 2 * LENGTH] = 0.0
    with pytest.raises(Invalid, match="no clean signal"):
        check(find_delays(played, sound), "")


def test_what_a_client_adds_is_taken_burst_by_burst():
    played = bursts(3)
    own = find_delays(played, recorded(played, 128, 130, 128))
    through = find_delays(played, recorded(played, 228, 230, 228))
    assert less(through, own).spread == pytest.approx(0, abs=1e-3)
    assert less(through, own).frames == pytest.approx(100, abs=1e-3)


def test_bursts_are_alike_for_a_seed_and_unlike_each_other():
    assert (bursts(5) == bursts(5)).all()
    parts = bursts(5).reshape(BURSTS, LENGTH)
    assert abs(np.corrcoef(parts)[0, 1]) < 0.05
