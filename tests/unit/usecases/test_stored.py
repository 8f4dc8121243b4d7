"""A stored run is judged with what settled it, against the baseline that it was gated against."""

from dataclasses import replace

import pytest
from typer.main import get_command

from perfkit.cli.app import app
from perfkit.model.errors import UsageError
from perfkit.model.verdict import ExitCode, Verdict
from perfkit.storage.baselines import save_baseline
from perfkit.storage.runs import write_run
from perfkit.usecases import keeping, stored
from tests.builders import CPU, a_recorded, a_result, a_run
from tests.unit.judging.test_settling import PLUS_5, pairs_of, slower

SLOWER = a_run(a_result({CPU: slower(1.3)}, budgets=PLUS_5), arguments=("gate",))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perfkit.toml").touch()
    for name in ("main", "other"):
        save_baseline(tmp_path / "baselines", name, a_recorded(id="before"))
    return tmp_path


def keep(project, run, **looks):
    """Write a run, and the runs that were measured for its sake."""
    folder = project / "reports" / run.id
    write_run(folder, run)
    for name, look in looks.items():
        write_run(folder / f"{run.id}-{name}", look)


def verdict_of(judged):
    (finding,) = judged.judgement.findings
    return finding.verdict


def save(project, name=""):
    return keeping.save_baseline(project, name, "", accept="", anchor=False)


def test_what_pairs_acquitted_is_kept_and_compared_so(project):
    keep(project, SLOWER, pairs=pairs_of(1.0))
    assert verdict_of(stored.compare(project, "main", SLOWER.id)) is Verdict.UNCHANGED
    assert verdict_of(stored.judge_stored(project, "", baseline="", on_inconclusive=None)) is Verdict.UNCHANGED
    path, _ = save(project)
    assert path.exists()


def test_what_pairs_confirmed_is_not_said_to_be_unconfirmed(project):
    keep(project, SLOWER, pairs=pairs_of(1.2, batches=2))
    (finding,) = stored.compare(project, "main", SLOWER.id).judgement.findings
    assert finding.confirmation == "confirmed"
    assert "not confirmed" not in finding.why
    with pytest.raises(UsageError, match="fails: 1 regression"):
        save(project)


def test_a_second_session_that_saw_nothing_counts(project):
    keep(project, SLOWER, again=a_run(a_result(budgets=PLUS_5)))
    assert verdict_of(stored.compare(project, "", SLOWER.id)) is Verdict.INCONCLUSIVE
    save(project)


@pytest.mark.parametrize(
    ("arguments", "settled", "open_"),
    [
        (("gate",), "main", "other"),
        (("gate", "--quick", "--baseline", "other"), "other", "main"),
        (("gate", "--baseline=other", "app"), "other", "main"),
    ],
)
def test_pairs_say_nothing_of_another_baseline(project, arguments, settled, open_):
    keep(project, replace(SLOWER, arguments=arguments), pairs=pairs_of(1.0))
    assert verdict_of(stored.compare(project, settled, SLOWER.id)) is Verdict.UNCHANGED
    assert verdict_of(stored.compare(project, open_, SLOWER.id)) is Verdict.REGRESSED
    assert verdict_of(stored.judge_stored(project, "", baseline=settled, on_inconclusive=None)) is Verdict.UNCHANGED
    again = stored.rendered_again(project, "", baseline="")
    assert (again.base.name, verdict_of(again)) == (settled, Verdict.UNCHANGED)
    with pytest.raises(UsageError, match="fails: 1 regression"):
        save(project, open_)
    save(project, settled)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("gate", "--processes", "7", "synth_startup"), ExitCode.PASSED),
        (("gate", "-k", "synth"), ExitCode.PASSED),
        (("gate", "--tag", "fast"), ExitCode.PASSED),
        (("gate", "--processes", "7", "--seed", "3"), ExitCode.NOT_MEASURED),
    ],
)
def test_only_what_a_run_was_to_measure_is_missed(project, arguments, code):
    both = a_run(a_result(), a_result(benchmark="other")).recorded()
    save_baseline(project / "baselines", "main", replace(both, id="both", created=both.created + 1))
    keep(project, a_run(a_result(budgets=PLUS_5), arguments=arguments))
    for judged in (
        stored.rendered_again(project, "", baseline=""),
        stored.judge_stored(project, "", baseline="main", on_inconclusive="pass"),
        stored.compare(project, "main", SLOWER.id),
    ):
        assert (judged.exit_code, len(judged.judgement.unmeasured)) == (code, int(code is ExitCode.NOT_MEASURED))


def test_a_command_line_is_read_back():
    words = ("run", "--quick", "a", "--seed", "7", "-k", "x or y", "-kz", "--tag=t", "--no-pairs", "b", "--", "--c")
    typed = {"": ["a", "b", "--c"], "--seed": ["7"], "-k": ["x or y", "z"], "--tag": ["t"]}
    assert stored.typed_in(words) == typed
    assert stored.typed_in(()) == {}


def test_every_option_without_a_value_is_known():
    commands = get_command(app).commands
    options = [
        option for verb in ("run", "gate") for option in commands[verb].params if getattr(option, "is_flag", False)
    ]
    assert {name for option in options for name in (*option.opts, *option.secondary_opts)} == stored.SWITCHES
