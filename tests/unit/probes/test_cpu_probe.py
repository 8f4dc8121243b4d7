"""Probe cpu: its settings, and what it makes of samples whose truth is known."""

import numpy as np
import pytest

from perfkit.instruments.threads import ProcessClock, ThreadClock
from perfkit.model.errors import UsageError
from perfkit.model.metric import Scale
from perfkit.probes import build
from perfkit.probes._cpu.reading import Windows, cores, group, grouped

MS = 1_000_000


def cpu(**settings):
    return build("cpu", {"command": ["server"], **settings})


def names(probe):
    return [metric.name for metric in probe.metrics]


def test_the_whole_tree_has_its_metrics_and_every_group_its_own():
    whole = ["cpu", "cpu_p50", "cpu_p95", "cpu_time", "run_delay", "switches"]
    assert names(cpu()) == whole
    assert names(cpu(work=10)) == [*whole, "cpu_per_unit"]
    assert names(cpu(threads={"audio": "^audio"}))[len(whole) :] == [
        "audio_cpu",
        "audio_cpu_p50",
        "audio_cpu_p95",
        "audio_run_delay",
        "audio_run_delay_p99",
    ]


def test_what_may_be_nothing_is_compared_by_its_difference():
    scales = {metric.name: metric.scale for metric in cpu(threads={"audio": "a"}).metrics}
    assert scales["cpu"] is Scale.RATIO
    assert {scales[name] for name in ("cpu_p50", "run_delay", "audio_cpu_p95", "audio_run_delay")} == {Scale.DIFFERENCE}


def test_a_missing_metric_says_what_brings_it():
    assert cpu().why_missing("cpu_per_unit") == "it takes `work`"
    assert "threads.render" in cpu().why_missing("render_run_delay_p99")
    assert cpu().why_missing("latency") == ""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"command": []}, "command is empty"),
        ({"ready": {"tcp": 1}}, "ready needs `drive`, `load` or `hold`"),
        ({"drive": ["client"]}, "drive needs ready"),
        ({"threads": {"Audio thread": "a"}}, "the name becomes a metric's"),
        ({"threads": {"audio": "("}}, "is not a regular expression"),
        ({"work": -1}, "work must be positive"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        cpu(**settings)


def clock(name, executed, first=0, waited=None, runs=None):
    count = len(executed)
    rows = zip(executed, waited or [0] * count, runs or range(count), strict=True)
    return ThreadClock(1, 1, name, first, [b"%d %d %d\n" % row for row in rows])


def test_a_window_shorter_than_half_the_interval_is_joined_to_the_one_before():
    windows = Windows.of([10.0, 10.1, 10.2, 10.21])
    assert windows.widths == pytest.approx([0.1, 0.11])
    assert windows.ends == pytest.approx([0.1, 0.21])
    assert Windows.of([10.0]).widths.size == 0


def test_cores_of_a_group_are_what_its_threads_executed_in_each_window():
    windows = Windows.of([0.0, 0.1, 0.2])
    one = group("audio", [clock("a", [500 * MS, 530 * MS, 550 * MS]), clock("b", [0, 10 * MS, 20 * MS])], windows)
    assert one.cores == pytest.approx([0.4, 0.3])
    assert (one.used, one.elapsed) == (pytest.approx(0.07), pytest.approx(0.2))
    assert one.threads == ("a", "b")


def test_a_thread_that_is_born_later_counts_from_its_birth_and_one_that_ended_no_more():
    windows = Windows.of([0.0, 0.1, 0.2])
    born, ended = clock("b", [20 * MS], first=2), clock("e", [70 * MS, 80 * MS])
    assert group("g", [born], windows).cores == pytest.approx([0.0, 0.2])
    assert group("g", [ended], windows).cores == pytest.approx([0.1, 0.0])
    assert group("g", [clock("never read", [])], windows).used == 0.0


def test_the_wait_of_a_run_is_the_mean_of_each_window():
    windows = Windows.of([0.0, 0.1, 0.2])
    one = group("audio", [clock("a", [0, 1, 2], waited=[0, 10 * MS, 10 * MS], runs=[0, 5, 5])], windows)
    assert one.waited == pytest.approx([0.010, 0.0])
    assert one.wait_p99 == pytest.approx(0.002)
    assert group("g", [clock("a", [0, 0, 0], runs=[3, 3, 3])], windows).wait_p99 == 0.0


def test_a_thread_belongs_to_the_first_group_whose_expression_is_found():
    threads = [clock(name, [0]) for name in ("audio-1", "audio-io", "main")]
    groups, others = grouped(threads, {"audio": "^audio-[0-9]", "all_audio": "audio"})
    assert {name: [each.name for each in found] for name, found in groups.items()} == {
        "audio": ["audio-1"],
        "all_audio": ["audio-io"],
    }
    assert [each.name for each in others] == ["main"]


def test_processes_add_up_whenever_they_lived():
    windows = Windows.of([0.0, 0.1, 0.2])
    found = cores([ProcessClock(1, 0, [5.0, 5.05, 5.10]), ProcessClock(2, 2, [0.02])], windows)
    assert found == pytest.approx(np.array([0.5, 0.7]))
