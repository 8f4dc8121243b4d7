"""What doctor prints, from sessions made up to a known truth."""

from io import StringIO

import pytest
from rich.console import Console

from perfkit.cli.diagnosis_progress import DiagnosisProgress
from perfkit.cli.diagnosis_table import print_diagnosis
from perfkit.judging.fitness import noise_of
from perfkit.judging.options import Options
from perfkit.model.diagnosis import Capability, Diagnosis
from perfkit.model.environment import Conditions
from tests.builders import a_machine
from tests.repeats import a_repeat


def printed(*repeats, width=80):
    poor = Capability("an idle machine", available=False, found="load 3 [x] on 2 CPUs", advice="end what else runs")
    noise = noise_of(repeats, repeats, Options()) if repeats else None
    out = StringIO()
    diagnosis = Diagnosis(a_machine(), Conditions({}), (poor,), noise, ("plug it in [now]",))
    print_diagnosis(diagnosis, Console(file=out, width=width, color_system=None))
    return out.getvalue()


@pytest.mark.parametrize("scatter", [0.001, 0.02, 0.6])
def test_nothing_is_cut_or_wrapped_in_a_table_of_80_columns(scatter):
    text = printed(*(a_repeat(number, scatter=scatter) for number in range(3)))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for metric in ("wall time", "wall - run delay", "CPU time", "peak memory"):
        assert text.count(f"\n  {metric:<16} ") == 4


def test_it_says_what_was_measured_what_that_allows_and_what_to_change():
    text = printed(*map(a_repeat, range(3)))
    assert "One unchanged program in pairs (3 sessions of 20 pairs)" in text
    assert "Spread between sessions (3 a minute apart or more)" in text
    assert "✓ this machine can gate" in text
    assert "meanwhile: CPU pressure 2.0 %, steal 0.0 %, launches disturbed 0.0 %," in text
    assert "→ plug it in [now]" in text
    assert "load 3 [x] on 2 CPUs" in text


def test_a_price_beyond_a_gates_means_is_marked_and_explained():
    text = printed(a_repeat(scatter=0.2))
    assert "(seconds; ! a gate takes 100 pairs at most)" in text
    assert "✗ this machine cannot gate times at +5 %" in text
    assert "0 of 3" not in text
    assert "(1 of 3 sessions a minute apart)" in text


def test_without_launches_only_capabilities_are_told():
    text = printed()
    assert "an idle machine" in text
    assert "pairs" not in text


def test_off_a_terminal_every_session_is_one_line():
    out = StringIO()
    with DiagnosisProgress(Console(file=out, width=80)) as progress:
        for number in (1, 2):
            progress.waiting(60)
            progress.session_started(number, 2)
            progress.pair_ended(1, 20)
    assert out.getvalue().count("\n") == 2


def test_on_a_terminal_pairs_and_waits_are_shown():
    out = StringIO()
    with DiagnosisProgress(Console(file=out, width=100, force_terminal=True, color_system=None)) as progress:
        progress.session_started(1, 3)
        progress._status.stop()
        progress.waiting(42)
        progress._status.start()
    assert "session 1 of 3 is kept; the next one in 42 s" in out.getvalue()
