"""The live GateBench's pure parts: the rules of others on known values, the file of records, and its tables."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from scenarios.self.livegates import tables
from scenarios.self.livegates.neighbour import busy_neighbour
from scenarios.self.livegates.pages import put_between_marks
from scenarios.self.livegates.project import Work
from scenarios.self.livegates.records import (
    GatePrice,
    GateRecord,
    Pair,
    Place,
    PriceRecord,
    append_record,
    gates_of,
    read_records,
)
from scenarios.self.livegates.rivals import RULES

ROOT = Path(__file__).parents[3]
SPREAD = [0.060 * (1 + 0.002 * (number % 5)) for number in range(20)]
PLACE = Place("f", "a CPU, 2 CPUs, 8 GiB, debian 12", "unnamed", "Linux 6", "3.11", 500_000, 50_000, 0.060)
PRICE = PriceRecord(0.0, 0.1, (GatePrice("unchanged", 8, 16, 1.00, 0.95, 2.4),), None, 27.0)


def slower(factor, values=SPREAD):
    return [value * factor for value in values]


def gate(base=SPREAD, candidate=SPREAD, **given):
    pairs = tuple(Pair(*both, *both) for both in zip(base, candidate, strict=True))
    told = {
        "shift": 0.0, "neighbour": False, "seed": 1, "started": 0.0, "load": 0.5, "verdict": "unchanged", "reason": "",
        "confirmation": "", "estimate": 0.001, "low": -0.01, "high": 0.01, "used": 8, "confirming": 0, "again": 1,
        "measuring": 1.2, "total": 1.8, "pairs": pairs,
    }  # fmt: skip
    return GateRecord(**told | given)


@pytest.mark.parametrize(
    ("factor", "called"),
    [(0.9, set()), (1.0, set()), (1.02, {"pyperf `compare_to`"}),
     (1.04, {"pyperf `compare_to`", "Mann-Whitney .05 and 3 %"}),
     (1.06, {"pyperf `compare_to`", "Mann-Whitney .05 and 3 %", "medians, 5 %"}),
     (1.12, set(RULES))],
)  # fmt: skip
def test_each_rule_calls_slower_what_it_is_known_to(factor, called):
    assert {name for name, rule in RULES.items() if rule(SPREAD, slower(factor))} == called


def test_rules_that_test_need_more_than_a_large_difference():
    noisy = [0.030 + 0.003 * number for number in range(20)]
    apart = [value * 1.06 for value in noisy]
    assert {name for name, rule in RULES.items() if rule(noisy, apart)} == {"medians, 5 %"}


def test_a_candidate_does_its_share_of_the_whole_launch():
    assert Work(rounds=90_000, start=10_000).shifted(0.05) == 95_000
    assert Work(rounds=90_000, start=10_000).shifted(0.0) == 90_000


def test_others_get_twenty_launches_and_no_gate_with_fewer():
    few = gate(SPREAD[:8], slower(2, SPREAD[:8]))
    many = gate([*SPREAD, *SPREAD], [*SPREAD, *slower(9)])
    assert tables.called([few, many], RULES["medians, 5 %"], tables.CLOCKS["CPU time"]) == (0, 1)


def test_a_then_b_meets_what_lies_between_two_gates():
    gates = [gate(started=0.0), gate(slower(1.2), slower(1.2), started=5.0), gate(started=500.0)]
    clock, rule = tables.CLOCKS["CPU time"], RULES["medians, 5 %"]
    assert tables.called(gates, rule, clock) == (0, 3)
    assert tables.called_in_turn(gates, rule, clock) == (1, 1)


def test_wall_time_is_judged_by_the_same_walks():
    assert tables.wall_outcome(gate()) == "unchanged"
    assert tables.wall_outcome(gate(candidate=[v * (1.2 + 0.001 * n) for n, v in enumerate(SPREAD)])) == "regressed"
    assert tables.wall_outcome(gate(SPREAD[:3], SPREAD[:3])) == "inconclusive"


def test_records_come_back_and_a_torn_line_is_cut_off(tmp_path):
    path = tmp_path / "in" / "raw.jsonl"
    assert read_records(path) == []
    append_record(path, PLACE)
    append_record(path, gate(shift=0.05))
    path.write_bytes(path.read_bytes() + msgspec.json.encode(gate())[:40])
    assert read_records(path) == [PLACE, gate(shift=0.05)]
    append_record(path, PRICE)
    assert read_records(path) == [PLACE, gate(shift=0.05), PRICE]


def test_a_cell_is_a_shift_with_or_without_a_neighbour():
    records = [PLACE, gate(), gate(neighbour=True), gate(shift=0.1)]
    assert gates_of(records, 0.0, neighbour=False) == [records[1]]
    assert gates_of(records, 0.0, neighbour=True) == [records[2]]


def row(text, begin):
    return next([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if begin in line)


def test_verdicts_are_counted_by_cell():
    found = gate(shift=0.1, verdict="regressed", estimate=0.11, low=None, high=None, used=10, confirming=6)
    open_ = gate(shift=0.1, verdict="inconclusive", reason="noise", estimate=0.07, low=0.02, high=0.2, used=100)
    passed = gate(shift=0.1)
    text = tables.page([PLACE, gate(), found, open_, passed])
    assert row(text, "| no change |") == [
        "no change", "1", "0", "1", "0", "0", "8.0", "1.2 (1.8)", "+0.1 %", "1 of 1", "1",
    ]  # fmt: skip
    assert row(text, "| +10 % | 3") == [
        "+10 %", "3", "1", "1", "1", "0", "39.3 + 2.0", "1.2 (1.8)", "+7.0 %", "1 of 2", "3",
    ]  # fmt: skip
    assert "Inconclusive: +10 %: noise 1." in text
    assert "Changes above 5 % called unchanged: 1 of 3." in text
    assert row(text, "**perfkit, confirmed**")[1:] == ["0 of 1", "1 of 3"]


def test_gates_without_further_pairs_say_nothing_of_others():
    text = tables.page([PLACE, gate(SPREAD[:8], SPREAD[:8])])
    assert row(text, "pyperf `compare_to` |") == ["pyperf `compare_to`", "not measured"]


def test_the_price_tells_the_share_that_is_perfkits_own():
    text = tables.page([PLACE, PRICE])
    assert row(text, "of that perfkit's own")[1] == "5.0 (5.0 to 5.0) %"
    assert row(text, "hyperfine")[1] == "not installed"
    assert row(text, "pyperf command")[1] == "27.0"


def test_the_page_names_the_machine_and_the_program():
    text = tables.page([PLACE, gate()])
    assert "a CPU, 2 CPUs, 8 GiB, debian 12, a virtual machine; Linux 6; Python 3.11" in text
    assert "500,000 rounds" in text


def test_tables_are_made_again_without_measuring_and_put_into_a_page(tmp_path):
    raw, out = tmp_path / "raw.jsonl", tmp_path / "page.md"
    for record in (PLACE, gate(), PRICE):
        append_record(raw, record)
    out.write_text("before\n<!-- live: begin -->\nold\n<!-- live: end -->\nafter\n", encoding="utf-8")
    script = ROOT / "scenarios" / "self" / "gatebench.py"
    command = (sys.executable, str(script), "--table", "--raw", str(raw), "--out", str(out))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == tables.page([PLACE, gate(), PRICE])
    assert out.read_text(encoding="utf-8") == (
        f"before\n<!-- live: begin -->\n{done.stdout.strip()}\n<!-- live: end -->\nafter\n"
    )


def test_a_page_without_marks_becomes_the_tables(tmp_path):
    put_between_marks(tmp_path / "new.md", "tables")
    assert (tmp_path / "new.md").read_text(encoding="utf-8") == "tables\n"


def test_the_neighbour_has_ended_afterwards():
    with busy_neighbour(1) as pid:
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
