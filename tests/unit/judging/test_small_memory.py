"""Pairs of small programs: what widens their tolerance is said."""

import pytest

from perfkit.judging.options import Options
from perfkit.judging.pair_gates import Settled, open_gate
from perfkit.judging.wording import described
from perfkit.model.budget import Tolerance
from tests.builders import MEMORY, STEADY


@pytest.mark.parametrize(("size", "told"), [(1e7, True), (1e9, False)])
def test_pairs_of_small_programs_say_what_is_ignored(size, told):
    gate = open_gate(MEMORY, Tolerance(0.05, "B", relative=True), Options())
    for base, candidate in zip(STEADY * 3, STEADY[::-1] * 3, strict=True):
        gate.add(base * size, candidate * size * 1.002)
    assert isinstance(gate.settled, Settled)
    said = described(MEMORY, gate.settled.change)
    assert said.endswith(" (differences below 256 KiB are ignored)") is told
