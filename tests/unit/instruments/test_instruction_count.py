"""How instructions are counted: the command, and what perf and valgrind tell."""

import pytest

from perfkit.instruments import instruction_count
from perfkit.instruments.instruction_count import Counter, find_counter
from perfkit.model.errors import Failed, Skipped

PERF = """\
# started on Fri Nov 20 11:00:00 2026

1234567,,instructions:u,1000000,100.00,,
"""
HYBRID = "100,,cpu_core/instructions:u/,1,60.00,,\n<not counted>,,cpu_atom/instructions:u/,0,0.00,,\n"
VALGRIND = "==1== Command: ./a\n==1== \n==1== I refs:        1,234,567\n"


@pytest.fixture
def here(monkeypatch):
    def only(*methods):
        monkeypatch.setattr(instruction_count, "_available", lambda method: method in methods)

    return only


def test_counts_of_all_processes_are_added(tmp_path):
    (tmp_path / "valgrind-1").write_text(VALGRIND)
    (tmp_path / "valgrind-2").write_text("==2== I   refs: 33\n")
    assert Counter("valgrind").read(tmp_path) == (1_234_600, 2)


@pytest.mark.parametrize(("told", "count"), [(PERF, 1_234_567), (HYBRID, 100)])
def test_what_perf_counted_is_read(tmp_path, told, count):
    (tmp_path / "perf").write_text(told)
    assert Counter("perf").read(tmp_path) == (count, 0)


@pytest.mark.parametrize(("method", "file"), [("perf", "perf"), ("valgrind", "valgrind-9")])
def test_no_count_is_a_failure_that_says_what_stood_there(tmp_path, method, file):
    (tmp_path / file).write_text("first\n<not supported>,,instructions:u,0,100.00,,\n")
    with pytest.raises(Failed, match=f"{method} counted no instructions: <not supported>"):
        Counter(method).read(tmp_path)


def test_the_command_stands_behind_the_counter(tmp_path):
    for method in ("perf", "valgrind"):
        command = Counter(method).command(("server", "--port", "1"), tmp_path)
        assert command[-3:] == ("server", "--port", "1")
        assert method in command[:3]
        assert any(str(tmp_path) in word for word in command)


def test_the_processors_counters_come_first(here):
    here("perf", "valgrind")
    assert find_counter(True) == Counter("perf")
    assert find_counter("valgrind") == Counter("valgrind")
    here("valgrind")
    assert find_counter(True) == Counter("valgrind")


@pytest.mark.parametrize(
    ("wanted", "hint"), [(True, "apt-get install valgrind"), ("valgrind", "apt-get install valgrind"), ("perf", "valg")]
)
def test_where_nothing_counts_it_is_skipped_with_what_to_do(here, wanted, hint):
    here()
    with pytest.raises(Skipped, match="instructions: ") as caught:
        find_counter(wanted)
    assert hint in caught.value.hint
