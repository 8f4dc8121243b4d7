"""A/A sessions of a machine on disk: appended, read back, and never lost to a damaged file."""

import json
from dataclasses import replace

import pytest

from perfkit.model.errors import DataError
from perfkit.storage.repeats import add_repeat, load_repeats
from tests.builders import a_machine
from tests.repeats import a_repeat

MACHINE = a_machine()


def test_sessions_come_back_as_they_were_oldest_first(tmp_path):
    first, second = a_repeat(number=0), replace(a_repeat(number=1), busy=None)
    add_repeat(tmp_path, MACHINE, first)
    path = add_repeat(tmp_path, MACHINE, second)
    assert path == tmp_path / "machines" / f"{MACHINE.fingerprint}.json"
    assert load_repeats(tmp_path, MACHINE.fingerprint) == (first, second)
    assert json.loads(path.read_text())["schema"] == "perfkit-machine/1"


def test_machines_are_kept_apart_and_an_unknown_one_has_none(tmp_path):
    add_repeat(tmp_path, a_machine(identity="there"), a_repeat())
    assert load_repeats(tmp_path, MACHINE.fingerprint) == ()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("{", "ends too early"),
        ("[]", "not a perfkit-machine file"),
        ('{"schema":"perfkit-machine/2"}', "newer perfkit"),
        ('{"schema":"perfkit-run/1"}', "where a perfkit-machine file is wanted"),
    ],
)
def test_a_damaged_file_is_named_and_never_overwritten(tmp_path, damage, says):
    path = add_repeat(tmp_path, MACHINE, a_repeat())
    path.write_text(damage)
    with pytest.raises(DataError, match=f"{path.name}: .*{says}"):
        load_repeats(tmp_path, MACHINE.fingerprint)
    with pytest.raises(DataError, match=path.name):
        add_repeat(tmp_path, MACHINE, a_repeat())
    assert path.read_text() == damage


def test_columns_of_unequal_length_are_damage(tmp_path):
    path = add_repeat(tmp_path, MACHINE, a_repeat())
    data = json.loads(path.read_text())
    data["sessions"][0]["first"]["cpu_time"].pop()
    path.write_text(json.dumps(data))
    with pytest.raises(DataError, match="as many values"):
        load_repeats(tmp_path, MACHINE.fingerprint)
