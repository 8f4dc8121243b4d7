"""Probe size on files whose bytes are known."""

import gzip
import random

import brotli
import pytest

from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, UsageError
from perfkit.model.metric import Kind
from perfkit.probes import build
from tests.fakes import FakeLauncher


def measure(root, *files, **settings):
    return build("size", {"files": list(files), **settings}).measure(FakeLauncher(root))


def write(root, **files):
    for name, data in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".js").write_bytes(data)


def test_sums_over_files_are_exact(tmp_path):
    noise, zeros = random.Random(3).randbytes(5000), bytes(100_000)
    write(tmp_path, dist__a=noise, dist__deep__b=zeros)
    values = measure(tmp_path, "dist/**/*.js").values
    assert values["raw"] == 105_000
    assert values["gzip"] == sum(len(gzip.compress(data, 9, mtime=0)) for data in (noise, zeros))
    assert values["brotli"] == sum(len(brotli.compress(data, quality=11)) for data in (noise, zeros))
    assert 5000 < values["brotli"] < values["gzip"] < 5300


def test_metrics_are_deterministic():
    assert {metric.kind for metric in build("size", {"files": ["a"]}).metrics} == {Kind.DETERMINISTIC}


def test_a_file_counts_once_and_excluded_ones_not_at_all(tmp_path):
    write(tmp_path, dist__a=b"a" * 10, dist__b=b"b" * 20, dist__old=b"c" * 40)
    (tmp_path / "dist" / "link.js").symlink_to("a.js")
    (tmp_path / "dist" / "broken.js").symlink_to("nowhere.js")
    (tmp_path / "dist" / "folder.js").mkdir()
    found = measure(tmp_path, "dist/*.js", "dist/a*", exclude=["**/old.js"])
    assert found.values["raw"] == 30
    (facts,) = found.details
    assert isinstance(facts, Facts)
    assert [name for name, _ in facts.rows] == ["dist/b.js", "dist/a.js"]


def test_the_table_keeps_to_the_largest_files(tmp_path):
    write(tmp_path, **{f"f{number}": b"x" * (1000 + number) for number in range(25)})
    (facts,) = measure(tmp_path, "*.js").details
    assert [name for name, _ in facts.rows[:2]] == ["f24.js", "f23.js"]
    assert facts.rows[20] == ("5 smaller files", "5.01 kB")


def test_nothing_to_weigh_is_a_failure_with_a_hint(tmp_path):
    with pytest.raises(Failed, match=r"no file matches dist/\*\.js") as caught:
        measure(tmp_path, "dist/*.js")
    assert "build first" in caught.value.hint
    write(tmp_path, empty=b"")
    with pytest.raises(Failed, match="is empty"):
        measure(tmp_path, "*.js")


@pytest.mark.parametrize("pattern", ["/etc/*", "../x", ""])
def test_globs_stay_within_the_root(pattern):
    with pytest.raises(UsageError, match="relative glob"):
        build("size", {"files": [pattern]})


def test_no_glob_at_all_is_refused():
    with pytest.raises(UsageError, match="files is empty"):
        build("size", {"files": []})
