"""Probe memory on scripted ends: which reading it takes, and what it says of it."""

import pytest

from perfkit.model.errors import Failed, Skipped, TimedOut, UsageError
from perfkit.model.launch import Ready
from perfkit.probes import build
from perfkit.probes._driven import work_done
from perfkit.probes._memory.leak import words
from perfkit.probes._python_command import python_parts
from perfkit.stats.leaks import Leak
from perfkit.stats.pseudo_median import Interval
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


def names(**settings):
    return [metric.name for metric in memory(**settings).metrics]


DRIVEN = {"ready": {"tcp": 8080}, "drive": ["client"]}


def test_each_mode_has_its_metrics():
    assert names() == ["peak_memory", "cpu_time"]
    assert names(mode="load", **DRIVEN) == [
        "peak_memory",
        "idle_memory",
        "rss_p50",
        "rss_p95",
        "growth",
        "cpu_time",
    ]
    assert names(mode="leak", hold=1) == ["leak", "cpu_time"]
    assert names(mode="leak", hold=1, iterations=500) == ["leak", "leak_per_iteration", "cpu_time"]
    requests = {"url": "http://127.0.0.1:8080/", "rate": 50, "duration": "2 s"}
    assert "leak_per_iteration" in names(mode="leak", ready={"tcp": 8080}, load=requests)
    assert names(mode="allocated", command=["python", "-c", "pass"]) == ["allocated", "allocations", "peak_heap"]


def test_a_budget_on_another_modes_metric_says_which_mode_has_it():
    assert memory().why_missing("growth") == "mode = 'load' has it"
    assert memory(mode="leak", hold=1).why_missing("leak_per_iteration").startswith("it takes `iterations`")
    assert memory().why_missing("latency") == ""


def test_a_limit_is_written_as_people_write_sizes():
    assert memory(limit="500 MB").limit == 500e6
    assert memory(limit="64 MiB").limit == 64 * MIB
    with pytest.raises(UsageError, match="KiB for 1024"):
        memory(limit="500 KB")
    with pytest.raises(UsageError, match="not a positive amount"):
        memory(limit=0)


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        (["python", "-m", "synth", "--fast"], ("python", (), ("-m", "synth", "--fast"))),
        (["python3", "-I", "-X", "dev", "run.py", "-c"], ("python3", ("-I", "-X", "dev"), ("run.py", "-c"))),
        (["/opt/py/bin/python3.12", "-c", "pass"], ("/opt/py/bin/python3.12", (), ("-c", "pass"))),
    ],
)
def test_a_python_command_is_taken_apart(command, parts):
    assert python_parts(tuple(command)) == parts


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"drive": ["client"]}, "drive needs ready"),
        ({"method": "rss"}, "method"),
        ({"command": []}, "command is empty"),
        ({"mode": "load"}, "needs `drive` or `load`"),
        ({"mode": "leak", "ready": {"tcp": 8080}}, "needs `drive`, `load` or `hold`"),
        ({"mode": "leak", "hold": 1, "method": "pss"}, "method belongs to mode = 'peak'"),
        ({"idle": 1}, "idle belongs to mode = 'load'"),
        ({"iterations": 5}, "iterations belongs to mode = 'leak'"),
        ({"mode": "leak", "hold": 1, "iterations": 0}, "iterations must be positive"),
        ({"mode": "leak", "hold": 1, "iterations": "done"}, "needs one group"),
        ({"mode": "leak", "hold": 1, "iterations": "(done"}, "is not a regular expression"),
        ({"mode": "allocated"}, "begins with python"),
        ({"mode": "allocated", "command": ["python", "-I"]}, "needs a script"),
        ({**DRIVEN, "load": {"url": "http://x/", "rate": 50, "duration": 2}}, "exclude each other"),
        ({"load": {"url": "http://x/", "rate": 50, "duration": 2}}, "load needs ready"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        memory(**settings)


def test_the_measured_program_is_the_service():
    service = {"command": ["other"], "ready": {"tcp": 1}}
    with pytest.raises(UsageError, match="the measured program is the service"):
        memory(ready={"tcp": 1}, load={"url": "http://x/", "rate": 50, "duration": 2, "service": service})


def test_work_is_a_number_or_the_last_that_was_printed():
    assert work_done(500, "", "work") == 500
    assert work_done(r"done (\d+)", "done 10\ndone 20\n", "work") == 20
    with pytest.raises(Failed, match="matches nothing that was printed") as caught:
        work_done(r"done (\d+)", "nothing to do", "work")
    assert "nothing to do" in caught.value.hint
    with pytest.raises(Failed, match="which is no number"):
        work_done(r"done (\w+)", "done all", "work")
    with pytest.raises(Failed, match="no work was done"):
        work_done(r"done (\d+)", "done 0", "work")


@pytest.mark.parametrize(
    ("slope", "low", "high", "said"),
    [
        (50_100, 47_300, 53_040, "leaks 50.1 kB/s [47.3, 53.0]"),
        (2_500_000, 2_400_000, 2_600_000, "leaks 2.50 MB/s [2.40, 2.60]"),
        (120, 100, 140, "leaks 120 B/s [100, 140]"),
        (50_100, -10, 99_999, "no leak"),
    ],
)
def test_a_leak_is_said_in_words(slope, low, high, said):
    assert words(Leak(slope, Interval(low, high), 60.0 * max(slope, 50_000), 1e6, rises=True)) == said
