"""Probe memory on scripted ends: which reading it takes, and what it says of it."""

import pytest

from perfkit.model.errors import Failed, Skipped, TimedOut, UsageError
from perfkit.model.launch import Ready
from perfkit.probes import build
from tests.fakes import MIB, FakeLauncher, an_exit


def memory(**settings):
    return build("memory", {"command": ["server"], **settings})


def peak(tmp_path, ended, **settings):
    fake = FakeLauncher(tmp_path, [ended])
    measured = memory(**settings).measure(fake)
    (metric,) = measured.metrics
    assert metric.name == "peak_memory"
    return measured.values["peak_memory"] / MIB, metric.method, measured.caveats


def test_a_cgroup_of_its_own_comes_first(tmp_path):
    ended = an_exit(cgroup_peak=300 * MIB, cgroup_method="cgroup v2", alone=False)
    assert peak(tmp_path, ended) == (300, "cgroup v2", ())


def test_a_program_that_stayed_one_process_is_read_by_its_own_high_water_mark(tmp_path):
    assert peak(tmp_path, an_exit()) == (50, "maxrss", ())


def test_a_tree_without_a_cgroup_is_a_lower_bound(tmp_path):
    assert peak(tmp_path, an_exit(alone=False)) == (50, "pss", ("lower bound",))


def test_the_method_asked_for_is_taken_and_labelled(tmp_path):
    ended = an_exit(cgroup_peak=300 * MIB, cgroup_method="cgroup v2", alone=False)
    assert peak(tmp_path, ended, method="maxrss") == (50, "maxrss", ("largest process only",))
    assert peak(tmp_path, ended, method="pss")[1:] == ("pss", ("lower bound",))
    with pytest.raises(Skipped, match="no memory cgroup"):
        peak(tmp_path, an_exit(), method="cgroup")


def test_a_cgroup_is_asked_for_only_where_it_is_used(tmp_path):
    asked = {}
    for method in ("auto", "cgroup", "maxrss", "pss"):
        fake = FakeLauncher(tmp_path, [an_exit(cgroup_peak=1, cgroup_method="cgroup v2")])
        memory(method=method).measure(fake)
        asked[method] = fake.cgroups
    assert asked == {"auto": [True], "cgroup": [True], "maxrss": [False], "pss": [False]}


def test_a_peak_at_the_launchers_own_size_says_so(tmp_path):
    assert peak(tmp_path, an_exit(peak_memory=10 * MIB))[2] == ("peak memory ≤ floor",)


def test_a_driver_exercises_it_once_ready_and_ends_the_launch(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(-15, ready=100.2, stopped=True), an_exit()])
    memory(ready={"tcp": 8080}, drive=["client", "--all"], exit_codes=[7], env={"A": "1"}).measure(fake)
    server, driver = fake.programs
    assert fake.targets[0].asked == ["wait_ready", "stop"]
    assert (driver.command, driver.ready, driver.exit_codes, driver.env) == (
        ("client", "--all"),
        Ready(),
        (0,),
        server.env,
    )


def test_a_driver_that_fails_fails_the_launch(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(ready=100.2), an_exit(1, stderr="refused")])
    with pytest.raises(Failed, match="client ended with code 1"):
        memory(ready={"tcp": 8080}, drive=["client"]).measure(fake)


def test_holding_needs_no_ready_and_ends_early_where_the_program_does(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(0)])
    memory(hold="50 s").measure(fake)
    assert fake.targets[0].asked == ["stop"]


def test_a_program_that_dies_while_held_has_failed(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(1, ready=100.1, stderr="no space")])
    with pytest.raises(Failed, match="server ended with code 1") as caught:
        memory(ready={"stdout": "up"}, hold=1).measure(fake)
    assert "no space" in caught.value.hint


def test_holding_longer_than_the_launch_may_last_is_told_at_once(tmp_path):
    with pytest.raises(TimedOut, match="hold = 100 s"):
        memory(hold=100).measure(FakeLauncher(tmp_path, [an_exit()]))


def test_methods_are_part_of_the_metrics_identity():
    identities = {memory(method=method).metrics[0].identity for method in ("auto", "maxrss", "pss")}
    assert len(identities) == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"drive": ["client"]}, "drive needs ready"),
        ({"method": "rss"}, "method"),
        ({"command": []}, "command is empty"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        memory(**settings)
