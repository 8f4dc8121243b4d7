import pytest

from perfkit.loading.config import Tables, read_config
from perfkit.model.errors import UsageError


def test_without_a_file_the_defaults_hold(tmp_path):
    config = read_config(tmp_path)
    assert config.file is None
    assert config.tables == Tables()


def test_the_nearest_file_upwards_counts(tmp_path):
    (tmp_path / "perfkit.toml").write_text('[gate]\nbaseline = "release"\n[run]\nmax_time = "5 min"\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    config = read_config(inner)
    assert config.root == tmp_path
    assert config.tables.gate.baseline == "release"
    assert config.tables.run.max_time == 300.0


def test_pyproject_counts_if_it_has_the_table(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.perfkit.gate]\nalpha = 0.05\n")
    assert read_config(tmp_path).tables.gate.alpha == 0.05


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[gate]\nalpah = 0.01", "alpah"),
        ("[gates]\n", "gates"),
        ("[gate]\nalpha = 'x'", "perfkit.toml: `gate.alpha` must be a number, not 'x'"),
        ("[build]\ncommand = 'make -j2'", '`build.command` must be a list, such as ["make", "-j2"]: a shell is never'),
        ("[report]\nformats = 'html'", "`report.formats` must be a list, not 'html'"),
        ("gate = 3", "`gate` must be a table, not 3"),
        ("[gate]\nalpha = 5", "not between 0 and 1"),
        ("[gate]\non_inconclusive = 'maybe'", "`gate.on_inconclusive` must be 'fail' or 'pass', not 'maybe'"),
        ("[run]\nmax_time = '5 parsecs'", "`run.max_time`: 'parsecs' is not a unit"),
        ("[gate", "perfkit.toml"),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path, text, says):
    (tmp_path / "perfkit.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_config(tmp_path)
    assert says in str(caught.value)
    assert "perfkit.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
