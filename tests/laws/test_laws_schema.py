"""Laws of stored files: what was written comes back, and no damaged file is read as something else."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.model.budget import Level, Limit, parse_budget
from perfkit.model.detail import Curve, Facts, Histogram
from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.errors import DataError
from perfkit.model.launch import Disturbance, Launch, Outcome, Side
from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
from perfkit.model.run import Against, Result, Run, Session
from perfkit.model.units import UNITS
from perfkit.storage import budgets
from perfkit.storage.details import decode, encode
from perfkit.storage.schema import run_from_bytes, run_to_bytes
from tests.builders import a_failed_result, a_result, a_run

FILE = Path("run.json")
text = st.text(max_size=8)
names = st.text(min_size=1, max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**53)
shares = st.none() | st.floats(0, 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=4,
)
metrics = st.builds(
    Metric, names, st.sampled_from(UNITS), st.sampled_from(Better), st.sampled_from(Scale), st.sampled_from(Kind),
    st.sampled_from(Resource), text, text,
)  # fmt: skip
operators = st.sampled_from(["<", "<=", ">", ">=", "=="])
limits = st.builds(Limit, operators, st.floats(-1e15, 1e15), st.just("s"), st.sampled_from(Level))
SUFFIXES = [("s", "ms"), ("s", "µs"), ("B", "KiB"), ("cores", "%"), ("1/s", "/s"), ("1", "")]


@st.composite
def tolerances(draw):
    metric = draw(metrics)
    number = draw(st.decimals(0, 1000, places=draw(st.integers(0, 6))))
    return parse_budget(f"+{number} {'%' if metric.scale is Scale.RATIO else ''}", metric, draw(st.sampled_from(Level)))


@st.composite
def written_limits(draw):
    unit, suffix = draw(st.sampled_from(SUFFIXES))
    return parse_budget(f"< {draw(st.decimals(0, 10**6, places=3))} {suffix}", Metric("m", unit))


def launches():
    common = {
        "session": counts, "order": counts, "started": numbers, "duration": numbers, "seed": st.integers(0, 2**63 - 1),
        "disturbance": st.builds(Disturbance, shares, shares, shares, shares, shares, shares),
        "contaminated": st.tuples(text), "replaced": st.booleans(), "caveats": st.lists(text, max_size=2).map(tuple),
        "details": text, "side": st.sampled_from(Side), "pair": st.none() | counts,
    }  # fmt: skip
    measured = st.builds(
        Launch,
        outcome=st.just(Outcome.MEASURED),
        values=st.dictionaries(names, numbers, max_size=3),
        reason=text,
        **common,
    )
    others = [outcome for outcome in Outcome if outcome is not Outcome.MEASURED]
    return measured | st.builds(Launch, outcome=st.sampled_from(others), reason=names, **common)


allowed = st.lists(limits | tolerances() | written_limits(), max_size=2).map(tuple)
results = st.builds(
    Result, names, names, names, text, text,
    params=st.dictionaries(text, json_values, max_size=2), tags=st.lists(text, max_size=2).map(tuple),
    budgets=st.dictionaries(names, allowed, max_size=2),
    metrics=st.lists(metrics, max_size=2).map(tuple), launches=st.lists(launches(), max_size=3).map(tuple),
)  # fmt: skip
machines = st.builds(Machine, text, text, text, counts, counts, text, text, text)
commits = st.builds(Commit, text, text, st.booleans())
sessions = st.builds(
    Session, counts, numbers, numbers, counts, st.booleans(), st.booleans(), st.lists(text, max_size=2).map(tuple)
)
againsts = st.none() | st.builds(Against, text, commits, text, st.booleans(), st.booleans(), st.none() | st.booleans())
whole_runs = st.builds(
    Run, names, text, numbers, st.lists(text, max_size=3).map(tuple), machines,
    st.builds(Conditions, st.dictionaries(text, text, max_size=2)), commits,
    st.lists(sessions, max_size=2).map(tuple),
    st.lists(results, max_size=3).map(tuple), st.booleans(), st.lists(text, max_size=2).map(tuple), againsts,
)  # fmt: skip


@given(whole_runs)
def test_a_run_comes_back_as_it_was(run):
    assert run_from_bytes(run_to_bytes(run), FILE) == run


@given(limits | written_limits() | tolerances())
def test_a_budget_comes_back_to_the_last_bit(budget):
    assert budgets.to_budget(budgets.to_stored(budget)) == budget


SMALL = run_to_bytes(a_run(a_result(budgets={"cpu_time": ["< 2 s", "+5 %"]}), a_failed_result(benchmark="ümläut")))


def test_a_file_cut_anywhere_is_an_error():
    for end in range(len(SMALL)):
        with pytest.raises(DataError):
            run_from_bytes(SMALL[:end], FILE)


@given(st.integers(0, len(SMALL) - 1), st.binary(min_size=1, max_size=3))
def test_a_changed_byte_is_an_error_or_still_a_run(at, change):
    changed = SMALL[:at] + change + SMALL[at + len(change) :]
    try:
        assert isinstance(run_from_bytes(changed, FILE), Run)
    except DataError:
        with pytest.raises(DataError, match=r"^run\.json: [^\n]+$"):
            run_from_bytes(changed, FILE)


@given(json_values)
def test_other_json_is_never_a_run(value):
    with pytest.raises(DataError):
        run_from_bytes(msgspec.json.encode(value), FILE)


rows = st.lists(numbers, max_size=4).map(tuple)
marks = st.lists(st.tuples(text, numbers), max_size=2).map(tuple)
details = (
    st.builds(Histogram, text, text, rows, st.lists(counts, max_size=3).map(tuple), marks, text)
    | st.builds(Curve, text, text, text, text, text, rows, rows, marks, st.lists(counts, max_size=2).map(tuple))
    | st.builds(Facts, text, st.lists(st.tuples(text, text), max_size=3).map(tuple))
)


@given(st.lists(details, max_size=3).map(tuple))
def test_details_come_back_as_they_were(several):
    assert decode(encode(several)) == several
