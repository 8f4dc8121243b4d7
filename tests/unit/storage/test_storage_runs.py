import json
from dataclasses import replace

import msgspec
import pytest

from perfkit.model.detail import Facts
from perfkit.model.environment import Conditions
from perfkit.model.errors import DataError, UsageError
from perfkit.model.launch import Disturbance, Outcome
from perfkit.model.metric import Metric
from perfkit.storage import runs
from perfkit.storage.schema import json_schema
from tests.builders import CPU, a_failed_result, a_launch, a_result, a_run


@pytest.fixture
def stored(tmp_path):
    """run.json of a small run, as plain data to be damaged."""
    return json.loads(runs.write_run(tmp_path, a_run(a_result(budgets={"cpu_time": ["< 2 s", "+5 %"]}))).read_text())


def reading(tmp_path, data):
    path = tmp_path / "other.json"
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        runs.read_run(path)
    assert path.read_bytes() == before
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(f"{path}: "), caught.value.hint


def test_a_run_comes_back_from_its_folder_and_from_its_file(tmp_path):
    run = a_run(
        a_result(budgets={"cpu_time": ["< 2 s", "+5 %"]}, params={"voices": 32, "deep": {"a": [1, "b"]}}, tags=("ci",)),
        a_failed_result(benchmark="other"),
        notes=("layout not confirmed",),
        complete=False,
    )
    path = runs.write_run(tmp_path / "reports" / run.id, run)
    assert runs.read_run(path) == run
    assert runs.read_run(path.parent) == run
    assert list(path.parent.iterdir()) == [path]


def test_the_file_is_plain_to_read(stored):
    assert stored["schema"] == "perfkit-run/1"
    assert [budget["text"] for budget in stored["results"][0]["budgets"]["cpu_time"]] == ["< 2 s", "+5 %"]
    assert stored["results"][0]["launches"][0]["values"] == {"cpu_time": 0.1}
    assert "null" not in json.dumps(stored)


def test_readings_that_could_not_be_made_are_absent_not_zero(tmp_path):
    launch = a_launch({"cpu_time": 1.0}, disturbance=Disturbance(steal=0.0))
    run = a_run(a_result({CPU: ()}, launches=(launch,)))
    runs.write_run(tmp_path, run)
    assert runs.read_run(tmp_path).results[0].launches[0].disturbance == Disturbance(steal=0.0)


def test_a_value_that_is_not_finite_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="synth_startup: cpu_time is nan"):
        runs.write_run(tmp_path, a_run(a_result({CPU: (1.0, float("nan"))})))
    assert list(tmp_path.iterdir()) == []


def test_undecodable_bytes_of_a_programs_message_do_not_lose_the_run(tmp_path):
    run = a_run(a_failed_result("it said \udcff"), conditions=Conditions({"python": "\udc80"}))
    runs.write_run(tmp_path, run)
    assert runs.read_run(tmp_path).results[0].reason == "it said \\udcff"


def test_a_failure_without_words_is_given_some(tmp_path):
    runs.write_run(tmp_path, a_run(a_failed_result("")))
    assert runs.read_run(tmp_path).results[0].reason == "no reason was given"


def test_damage_is_told_with_file_and_path(tmp_path, stored):
    launch = stored["results"][0]["launches"][3]
    launch["values"]["cpu_time"] = "0.1"
    message, hint = reading(tmp_path, stored)
    assert message == "$.results[0].launches[3].values[...]: Expected `float`, got `str`"
    assert hint == "the file was left as it is"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "$: Object contains unknown field `colour`"),
        ({"created": None}, "$.created: Expected `float`, got `null`"),
        ({"created": "noon"}, "$.created: Expected `float`, got `str`"),
        ({"results": {}}, "$.results: Expected `array`, got `object`"),
        ({"schema": "perfkit-run/2"}, "written by a newer perfkit: schema 2, this one reads 1"),
        ({"schema": "perfkit-baseline/1"}, "a perfkit-baseline file, where a perfkit-run file is wanted"),
        ({"schema": "perfkit-run/0"}, "unknown schema 'perfkit-run/0'"),
        ({"schema": 1}, "not a perfkit-run file: it names no schema"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, stored, change, message):
    assert reading(tmp_path, stored | change)[0] == message


def test_a_newer_schema_is_told_before_its_unknown_fields(tmp_path, stored):
    message, hint = reading(tmp_path, {"schema": "perfkit-run/7", "blocks": []})
    assert message == "written by a newer perfkit: schema 7, this one reads 1"
    assert hint == "upgrade perfkit"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends too early (truncated)"),
        (b"\x89PNG", "not JSON: invalid character (byte 0)"),
        (b'{"created": NaN}', "not JSON: invalid character (byte 12)"),
        (b'{"schema": "perfkit-run/1", "created": 1e999}', "$.created: Number out of range"),
        (b'{"schema": "perfkit-run/1", "id": "\xff"}', "not JSON that perfkit writes (UnicodeDecodeError)"),
        (b"[1, 2]", "not a perfkit-run file: it names no schema"),
        (b'{"benchmarks": []}', "not a perfkit-run file: it names no schema"),
    ],
)
def test_files_of_another_kind_are_told_as_such(tmp_path, data, message):
    assert reading(tmp_path, data)[0] == message


def test_a_launch_without_values_must_say_why(tmp_path, stored):
    stored["results"][0]["launches"][0] |= {"outcome": "failed", "values": {}}
    assert "a launch that is failed needs a reason" in reading(tmp_path, stored)[0]


def test_a_budget_that_cannot_be_read_is_told_with_its_path(tmp_path, stored):
    stored["results"][0]["budgets"]["cpu_time"][0]["text"] = "quick"
    message, _ = reading(tmp_path, stored)
    assert message.startswith("$.results[0].budgets: 'quick' is not a budget")


def test_no_file_and_an_unfinished_run_say_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        runs.read_run(tmp_path / "none.json")
    (tmp_path / "journal.jsonl").write_text("")
    with pytest.raises(UsageError, match="not finished") as caught:
        runs.read_run(tmp_path)
    assert "--resume" in caught.value.hint


def test_the_newest_run_and_the_unfinished_one_are_found_by_name(tmp_path):
    assert runs.find_latest(tmp_path / "reports") is None
    for day in ("20250101T000000Z-aa", "20250102T000000Z-bb"):
        runs.write_run(tmp_path / day, a_run(id=day))
    (tmp_path / "20250103T000000Z-cc").mkdir()
    (tmp_path / "20250103T000000Z-cc" / "journal.jsonl").write_text("")
    (tmp_path / "README.md").write_text("")
    assert runs.find_latest(tmp_path).name == "20250102T000000Z-bb"
    assert runs.find_unfinished(tmp_path).name == "20250103T000000Z-cc"
    assert runs.find_run(tmp_path, "20250101").name == "20250101T000000Z-aa"
    with pytest.raises(UsageError, match="3 runs begin with '2025010'"):
        runs.find_run(tmp_path, "2025010")
    with pytest.raises(UsageError, match="no run 'x'"):
        runs.find_run(tmp_path, "x")


@pytest.mark.parametrize(("complete", "found"), [(True, False), (False, True)])
def test_a_run_is_unfinished_until_it_is_complete(tmp_path, complete, found):
    folder = tmp_path / "20250101T000000Z-aa"
    runs.write_run(folder, a_run(complete=complete))
    (folder / "journal.jsonl").write_text("")
    assert (runs.find_unfinished(tmp_path) is not None) == found


def test_a_run_is_unfinished_while_one_that_was_measured_for_its_sake_is(tmp_path):
    folder = tmp_path / "20250101T000000Z-aa"
    for place, complete in ((folder, True), (folder / f"{folder.name}-pairs", False)):
        runs.write_run(place, a_run(complete=complete))
        (place / "journal.jsonl").write_text("")
    assert runs.find_unfinished(tmp_path) == folder


def test_details_are_files_of_the_run_and_nothing_else(tmp_path):
    facts = (Facts("server", (("backend", "JACK"),)),)
    name = runs.write_details(tmp_path, 12, facts)
    assert name == "details/12.json"
    assert runs.read_details(tmp_path, name) == facts
    assert runs.write_details(tmp_path, 13, ()) == ""
    assert runs.read_details(tmp_path, "") == ()
    with pytest.raises(DataError, match="does not name a details file"):
        runs.read_details(tmp_path / "run", "../../secret.json")
    (tmp_path / name).write_bytes(b"[")
    with pytest.raises(DataError, match=r"12\.json"):
        runs.read_details(tmp_path, name)


def test_metrics_keep_every_part_of_their_identity(tmp_path):
    odd = Metric("drift", "ppm", method="loopback", description="against the clock")
    run = a_run(a_result({odd: (1.0,)}))
    runs.write_run(tmp_path, run)
    assert runs.read_run(tmp_path).results[0].metrics == (odd,)


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    runs.write_run(tmp_path, a_run())
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(ValueError, match="nan"):
        runs.write_run(tmp_path, a_run(a_result({CPU: (float("nan"),)})))
    assert (tmp_path / "run.json").read_bytes() == before


def test_the_schema_describes_what_is_written(stored):
    schema = json_schema("run")
    assert schema["$ref"] == "#/$defs/StoredRun"
    run = schema["$defs"]["StoredRun"]
    assert run["additionalProperties"] is False
    assert set(stored) <= set(run["properties"])
    launch = schema["$defs"]["StoredLaunch"]["properties"]
    assert launch["values"]["description"].startswith("metric name to value")
    assert json_schema("baseline")["$ref"] == "#/$defs/StoredRecorded"
    msgspec.json.encode(schema)
    with pytest.raises(UsageError, match="no schema 'pie'"):
        json_schema("pie")


def test_the_outcome_of_every_launch_is_kept(tmp_path):
    launches = tuple(
        a_launch({"cpu_time": 1.0} if outcome is Outcome.MEASURED else {}, outcome=outcome, reason=outcome.value)
        for outcome in Outcome
    )
    runs.write_run(tmp_path, a_run(replace(a_result({CPU: ()}), launches=launches)))
    assert runs.read_run(tmp_path).results[0].launches == launches
