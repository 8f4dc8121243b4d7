from dataclasses import replace

import pytest

from perfkit.instruments.pressure import Pressure, disturbance, read_pressure

PSI = "some avg10=3.05 avg60=1.11 avg300=0.42 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"


def system(folder, *, memberships="0::/a\n", **totals):
    proc, groups = folder / "proc", folder / "cgroup"
    for parent in (proc / "pressure", proc / "self", groups / "a", groups / "cpu" / "a"):
        parent.mkdir(parents=True, exist_ok=True)
    for name in ("cpu", "memory", "io"):
        (proc / "pressure" / name).write_text(PSI.format(totals.get(name, 0)))
    (proc / "stat").write_text("cpu  1 2 3 4 5 6 7 250 9 10\ncpu0 1 2 3\n")
    (proc / "self" / "cgroup").write_text(memberships)
    (groups / "a" / "cpu.stat").write_text("usage_usec 5\nthrottled_usec 1500000\n")
    (groups / "cpu" / "a" / "cpu.stat").write_text("nr_periods 5\nthrottled_time 2500000000\n")
    return proc, groups


def test_counters_are_read_in_seconds(tmp_path):
    read = read_pressure(*system(tmp_path, cpu=9_983_032, io=2_000_000))
    assert (read.cpu, read.memory, read.io) == (9.983032, 0.0, 2.0)
    assert read.steal == pytest.approx(2.5)
    assert read.throttled == 1.5


def test_cgroup_v1_tells_throttling_in_ns(tmp_path):
    memberships = "5:memory:/x\n3:cpu,cpuacct:/a\n0::/elsewhere\n"
    assert read_pressure(*system(tmp_path, memberships=memberships)).throttled == 2.5


def test_what_cannot_be_read_is_none(tmp_path):
    read = read_pressure(tmp_path, tmp_path)
    assert replace(read, clock=0.0) == Pressure(0.0, None, None, None, None, None)
    assert disturbance(read, replace(read, clock=read.clock + 1)).cpu_pressure is None


def test_shares_are_of_the_wall_time_between():
    before = Pressure(10.0, 1.0, 0.0, 5.0, 0.0, None)
    after = Pressure(12.0, 1.5, 0.0, 99.0, 0.1, None)
    seen = disturbance(before, after, run_delay=0.2)
    assert (seen.cpu_pressure, seen.memory_pressure, seen.io_pressure) == (0.25, 0.0, 1.0)
    assert (seen.steal, seen.throttled, seen.run_delay) == (0.05, None, 0.1)
