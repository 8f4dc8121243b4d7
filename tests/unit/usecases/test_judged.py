"""How a run without a base is called, and what is said of one that is short of launches."""

from pathlib import Path

from perfkit.judging.options import Options
from perfkit.model.launch import Outcome
from perfkit.model.run import Session
from perfkit.running.plan import exactly, shortages
from perfkit.usecases.judged import judged_alone
from tests.builders import CPU, NOON, SIZE, a_launch, a_result, a_run


def headline(run, *, interrupted=False):
    return judged_alone(run, Path("reports"), Options(), interrupted=interrupted).judgement.headline


def test_an_interrupted_run_is_not_one_that_was_to_be_made_once():
    cut = a_run(a_result({CPU: ()}), complete=False, sessions=(Session(0, NOON, NOON + 1, 7, interrupted=True),))
    assert headline(cut, interrupted=True) == "0 benchmarks measured until then, 1 not measured"
    assert headline(cut) == headline(cut, interrupted=True)  # rendered again
    assert headline(a_run(a_result({CPU: (0.1,)}))) == "1 benchmark worked once"


def short(values, invalid, *, wanted, metric=CPU):
    void = tuple(a_launch(outcome=Outcome.INVALID, reason="late", order=10 + number) for number in range(invalid))
    counting = a_result({metric: values})
    run = a_run(a_result({metric: values}, launches=(*counting.launches, *void)))
    return shortages(run, exactly(7, wanted))


def test_launches_that_are_missing_are_counted():
    assert short((0.1, 0.2), 3, wanted=3) == ("synth_startup: wanted 3 launches, 2 count",)
    assert short((0.1, 0.2, 0.3), 2, wanted=3) == ()
    assert short((), 3, wanted=3) == ()  # not measured at all: told as that
    assert short((7.0, 7.0, 7.0), 1, wanted=9, metric=SIZE) == ()  # the same every time
