"""What the documents say is true: their examples load, their commands exist, their links lead somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

from perfkit.loading.expanding import expand
from perfkit.loading.toml_files import read_scenarios
from perfkit.model.verdict import ExitCode
from perfkit.storage.runs import read_run
from tests.cli_project import perfkit

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "scenarios" / "README.md", ROOT / ".github" / "CONTRIBUTING.md"]


def blocks(document, language):
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.parent.name)
def test_toml_examples_load_with_their_budgets(document, tmp_path):
    for number, text in enumerate(blocks(document, "toml")):
        file = tmp_path / f"example{number}.toml"
        file.write_text(text, encoding="utf-8")
        for scenario in read_scenarios(file):
            if scenario.kind != "query":  # the probe that the reader writes
                assert list(expand(scenario))


def test_the_run_file_by_hand_is_one(tmp_path):
    (text,) = blocks(ROOT / "README.md", "json")
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    run = read_run(tmp_path / "run.json")
    assert run.results[0].values("wall_time") == (1.37,)
    assert run.results[0].budgets["wall_time"][0].holds(1.37)


def test_python_examples_compile():
    for document in DOCUMENTS:
        for text in blocks(document, "python"):
            compile(text, document.name, "exec")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.parent.name)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.parent.name)
def test_verbs_and_options_in_the_documents_exist(document, tmp_path):
    used = set(
        re.findall(r"\bperfkit (\w+)", " ".join(re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8"))))
    )
    verbs = set(re.findall(r"│ (\w+)  ", perfkit(tmp_path, "--help").stdout))
    assert used <= verbs, used - verbs


def test_every_exit_code_is_told():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert told == {code.value for code in ExitCode}


def test_the_scaffold_names_only_known_keys():
    from perfkit.loading.config import read_config

    scaffold = ROOT / "perfkit" / "cli" / "scaffold"
    assert read_config(scaffold).file == scaffold / "perfkit.toml"
    uncommented = re.sub(
        r"^# (\w+ = )", r"\1", (scaffold / "perfkit.toml").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert tomllib.loads(uncommented)["run"]["max_time"] == "5 min"


def test_the_scaffold_has_no_tolerance_on_a_peak_that_the_launcher_itself_reaches():
    example = ROOT / "perfkit" / "cli" / "scaffold" / "example.toml"
    for scenario in read_scenarios(example):
        for benchmark in expand(scenario):
            assert benchmark.tolerance("peak_memory") is None


def test_the_changelog_has_what_is_unreleased():
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
