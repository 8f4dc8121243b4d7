"""Each format: what it must hold, how large it may be, and that foreign text stays text."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from rich.console import Console

from perfkit.judging.headline import headline
from perfkit.model.budget import Level, parse_budget
from perfkit.model.launch import Outcome
from perfkit.model.verdict import BudgetVerdict, Met, Reason, Unmeasured, Verdict
from perfkit.reporting import REPORTS, View, build_view, console, github, html, json_report, markdown
from tests.builders import CPU, NOON, a_change, a_finding, a_judgement, a_run
from tests.reporting_builders import HOSTILE, gate_view, hostile_view, run_view

VIEWS = {"gate": gate_view, "run": run_view}


def many(count: int, name: str = "benchmark") -> View:
    findings = tuple(a_finding(benchmark=f"{name}[n={n}]", why=f"number {n} is slower") for n in range(count))
    calm = tuple(a_finding(Verdict.UNCHANGED, benchmark=f"calm[n={n}]") for n in range(count))
    return build_view(a_judgement(*findings, *calm), a_run(), None, lambda _: (), generated=NOON)


@pytest.mark.parametrize("name", sorted(REPORTS.keys() - {"junit"}))
@pytest.mark.parametrize("view", VIEWS)
def test_every_format_tells_the_headline_and_the_worst(name: str, view: str):
    text = REPORTS[name](VIEWS[view]())
    assert VIEWS[view]().headline in " ".join(text.split())
    assert "synth_startup" in text


@pytest.mark.parametrize("name", ["console", "md", "html"])
def test_what_people_paste_stands_in_every_report_for_people(name: str):
    text = " ".join(REPORTS[name](gate_view()).replace("\\", "").split())
    assert "128 frames at 48 kHz: 0 of 3000 blocks late, JACK (converters not included)" in text


def test_many_sentences_are_folded_in_a_comment():
    view = gate_view()
    spoken = [one for one in view.benchmarks if one.words]
    many = replace(view, benchmarks=tuple(replace(spoken[0], id=f"b{n}") for n in range(9)))
    assert "**In words**" in REPORTS["md"](view)
    assert "<details><summary>9 benchmarks in words</summary>" in REPORTS["md"](many)
    assert REPORTS["md"](many).count("<details>") == REPORTS["md"](many).count("</details>")


def test_a_comment_is_found_again_by_its_marker():
    view = replace(gate_view(), identity="gate on main --> <x>")
    assert markdown.render(view).startswith("<!-- perfkit:gate-on-main-x -->\n")
    assert markdown.marker(replace(view, identity="--")) == "<!-- perfkit:gate -->"


@pytest.mark.parametrize("count", [1, 300, 3000])
def test_a_comment_is_never_too_long_and_counts_what_it_leaves_out(count: int):
    text = markdown.render(many(count))
    assert len(text) <= markdown.COMMENT_LIMIT
    shown = len(re.findall(r"^\| `benchmark\[n=\d+\]`", text, re.MULTILINE))
    left = sum(int(found) for found in re.findall(r"_(\d+) more rows? left out", text))
    calm = len(re.findall(r"^\| `calm\[n=\d+\]`", text, re.MULTILINE))
    assert shown + calm + left == 2 * count
    assert text.count("<details>") == text.count("</details>")
    assert "`benchmark[n=0]`" in text


def test_a_comment_of_very_long_sentences_keeps_within_its_limit():
    view = many(40, "x" * 5000)
    view = replace(view, warnings=("w" * 50_000,) * 50, headline="h" * 100_000)
    assert len(markdown.render(view)) <= markdown.COMMENT_LIMIT


def test_a_step_summary_is_counted_in_bytes():
    text = github.render(many(5000, "ü"))
    assert len(text.encode()) <= github.SUMMARY_LIMIT
    assert "left out" in text


def test_tables_in_markdown_have_as_many_cells_as_titles():
    for name in (*VIEWS.values(), *(lambda hostile=h: hostile_view(hostile) for h in HOSTILE)):
        for line in markdown.render(name()).splitlines():
            if line.startswith("|"):
                assert line.count("|") in {5, 6}, line


def test_at_most_ten_annotations_a_level():
    lines = github.annotations(many(25)).splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("::error file=scenarios/synth.toml,title=benchmark[n=0] cpu_time%3A regressed::number 0")
    assert lines[-1] == "::error title=perfkit::and 16 more; see the step summary"


def test_warnings_never_become_errors():
    lines = github.annotations(gate_view()).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 6 + ["::warning"] * 2


def test_outputs_and_files(tmp_path: Path):
    summary, output = tmp_path / "summary", tmp_path / "output"
    output.write_text("earlier=1\n")
    github.write(gate_view(), Path("reports/x/report.html"), summary, output)
    assert output.read_text() == ("earlier=1\nverdict=not measured\nregressions=4\nreport-path=reports/x/report.html\n")
    assert summary.read_text() == github.render(gate_view())
    github.write(gate_view(), None, None, None)


def test_junit_counts_what_it_holds():
    suite = ET.fromstring(REPORTS["junit"](gate_view()).encode())[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "19", "failures": "4", "errors": "2", "skipped": "2",
    }  # fmt: skip
    for state, number in (("failure", 4), ("error", 2), ("skipped", 2), ("testcase", 19)):
        assert len(list(suite.iter(state))) == number
    assert sum(float(case.get("time", "")) for case in suite.iter("testcase")) == pytest.approx(192.0, abs=0.05)


def test_a_skip_that_nobody_needs_does_not_fail_junit():
    for required, state in ((False, "skipped"), (True, "error")):
        one = Unmeasured("b", gate_view().unmeasured[2].unmeasured.outcome, "no card", in_base=False, required=required)
        view = build_view(a_judgement(unmeasured=(one,)), a_run(), None, lambda _: (), generated=NOON)
        assert len(list(ET.fromstring(REPORTS["junit"](view).encode()).iter(state))) == 1


@pytest.mark.parametrize("view", VIEWS)
def test_json_fits_its_own_schema(view: str):
    text = REPORTS["json"](VIEWS[view]())
    read = msgspec.json.decode(text, type=json_report.JudgementOut)
    assert read == json_report.judgement_out(VIEWS[view]())
    schema = json_report.schema()
    known = schema["$defs"]["JudgementOut"]
    assert set(known["required"]) | {"schema"} == set(json.loads(text))
    assert known["properties"]["schema"]["enum"] == [json_report.SCHEMA_ID]


def test_a_null_stands_only_where_a_reason_stands_beside_it():
    change = a_change(float("nan"), low=None, high=float("inf"), detectable=None)
    view = build_view(a_judgement(a_finding(change=change)), a_run(), None, lambda _: (), generated=NOON)
    finding = json.loads(REPORTS["json"](view))["findings"][0]
    assert (finding["change"]["estimate"], finding["change"]["low"], finding["change"]["high"]) == (None, None, None)
    assert finding["change"]["note"]
    for finding in json.loads(REPORTS["json"](run_view()))["findings"]:
        assert finding["change"] is None
        assert finding["why"]


def printed(view: View, **settings: object) -> str:
    file = StringIO()
    console.print_view(view, Console(file=file, **settings))  # type: ignore[arg-type]
    return file.getvalue()


def test_a_pipe_gets_no_colour_and_no_boxes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    text = printed(gate_view(), width=80)
    assert "\x1b" not in text
    assert not re.search("[\u2500-\u257f]", text)


def test_a_terminal_gets_colour_unless_told_not_to(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    assert coloured.search(printed(gate_view(), width=80, force_terminal=True, color_system="standard"))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured.search(printed(gate_view(), width=80, force_terminal=True, color_system="standard"))


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_lines_fit_the_console(width: int):
    for view in (gate_view(), run_view()):
        assert all(len(line) <= width for line in printed(view, width=width).splitlines())


def test_at_80_columns_a_finding_is_one_line():
    lines = printed(gate_view(), width=80).splitlines()
    assert "✗ ready_time      414 → 469 ms    +13.7 % [+11.2, +16.2]  regressed     +5 %" in lines


def test_an_ascii_terminal_gets_ascii():
    class Ascii(StringIO):
        encoding = "ascii"

    file = Ascii()
    console.print_view(gate_view(), Console(file=file, width=80))
    assert file.getvalue().isascii()
    assert "x ready_time" in file.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_in_names_is_printed_as_it_is(name: str):
    view = hostile_view(name)
    told = " ".join(printed(view, width=400, force_terminal=True, color_system=None).split())
    assert "\x1b" not in told
    if len(name) < 60 and "\x1b" not in name:
        assert " ".join(name.split()) in told


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text_in_markdown(name: str):
    for text in (markdown.render(hostile_view(name)), github.render(hostile_view(name))):
        bare = re.sub(r"<!-- -->", "", text)
        assert "<script" not in bare
        assert not re.search(r"(?m)^::", text)
        assert not re.search(r"@\w", re.sub(r"`[^`]*`|<code>.*?</code>", "", text))
        assert text.count("</details>") == text.count("<details>")
        assert "\x1b" not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_cannot_give_commands(name: str):
    view = hostile_view(name)
    for line in github.annotations(view).splitlines():
        assert re.fullmatch(r"::(error|warning) (file=[^:,]*,)?title=[^:,]*::.*", line)
    assert len(github.outputs(view, Path(name.replace("\x00", ""))).splitlines()) == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_come_back_whole_from_data_formats(name: str):
    view = hostile_view(name)
    assert json.loads(REPORTS["json"](view))["findings"][0]["benchmark"] == name
    case = next(ET.fromstring(REPORTS["junit"](view).encode()).iter("testcase"))
    assert case.get("classname") == re.sub("[\x00\x1b\u202e]", "", name.replace("\r\n", "\n"))


class _Tags(HTMLParser):
    """Counts tags; what stands in text or attributes is no tag."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        assert not any(name.startswith("on") for name, _ in attrs)


def tags(view: View) -> dict[str, int]:
    parser = _Tags()
    parser.feed(REPORTS["html"](view))
    return parser.counts


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_add_no_element_to_html(name: str):
    plain = "two\nlines" if "\n" in name else "plain"  # in a reason, what stands below its first line is folded
    assert tags(hostile_view(name)) == tags(hostile_view(plain))


def test_html_fetches_nothing():
    text = REPORTS["html"](gate_view())
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:,)""", text)
    assert "url(" not in text
    assert "http" not in text.replace('<meta http-equiv="Content-Security-Policy"', "").replace(
        "http://www.w3.org/2000/svg", ""
    )


def test_html_of_nothing():
    view = build_view(a_judgement(), a_run(results=()), None, lambda _: (), generated=NOON)
    assert "Measured" in REPORTS["html"](view)
    assert "Measured" in REPORTS["md"](view)
    assert "Measured" in REPORTS["console"](view)


def test_ids_in_html_are_unique_and_references_lead_somewhere():
    text = REPORTS["html"](gate_view())
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r'data-table="([^"]+)"', text))
    wanted |= {one for pair in re.findall(r'aria-labelledby="([^"]+)"', text) for one in pair.split()}
    assert wanted <= set(ids)


def test_only_the_most_urgent_findings_have_pictures(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(html, "MOST_PICTURED", 3)
    text = REPORTS["html"](gate_view())
    assert text.count("<figcaption>Every launch</figcaption>") == 3
    assert text.count("Pictures are drawn for the first 3 findings only.") == 13


def test_the_policy_allows_this_style_and_script_only():
    text = REPORTS["html"](gate_view())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        own = text.partition(f"<{element}>")[2].partition(f"</{element}>")[0]
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{directive} &#39;sha256-{digest}&#39;;" in policy[1]
    assert "unsafe" not in policy[1]
    assert " style=" not in text


REASON = """probe 'p' raised KeyError: 'x' (p.py:7); a defect of the probe (2 of 3 launches)
  File "p.py", line 7, in measure
    return @table["x"] </pre>"""


def broken() -> View:
    why = f"the candidate failed where the base does not: {REASON}"
    crash = a_finding(why=why, change=None, reason=Reason.CRASH)
    gone = Unmeasured("gone", Outcome.FAILED, REASON, in_base=True)
    return build_view(a_judgement(crash, unmeasured=(gone,)), a_run(), None, lambda _: (), generated=NOON)


def test_of_a_long_reason_the_first_line_is_said_and_the_rest_folded():
    told = "raised KeyError: 'x' (p.py:7); a defect of the probe (2 of 3 launches)"
    view = broken()
    assert view.unmeasured[0].text.endswith(f"{told}; the base has it")
    plain = " ".join(console.render(view).split())
    assert plain.count(told) == plain.count("(2 more lines in the other reports)") == 2
    assert "return @" not in plain
    page = markdown.render(view)
    folded = "  <details><summary>2 more lines</summary><pre>  File &quot;p.py&quot;, line 7, in measure&#10;"
    assert page.count(f"\n{folded}    return @table[&quot;x&quot;] &lt;/pre&gt;</pre></details>\n") == 2
    assert "return" not in re.sub("<details>.*</details>", "", page)
    assert html.render(view).count("<summary>2 more lines</summary>") == 2
    assert json.loads(json_report.render(view))["unmeasured"][0]["reason"] == REASON
    tests = ET.fromstring(REPORTS["junit"](view)).iter("testcase")
    assert all("\n" not in one[0].get("message") and "return @table" in one[0].text for one in tests)
    assert github.annotations(view).count("return @table") == 2


@pytest.mark.parametrize("verdict", [Verdict.REGRESSED, Verdict.OVER_LIMIT])
def test_what_only_warns_says_so_everywhere(verdict: Verdict):
    held = BudgetVerdict(parse_budget("+5 %", CPU, Level.WARN), Met.EXCEEDED, "too much")
    finding = a_finding(verdict, budgets=(held,))
    judgement = a_judgement(finding, headline=headline([finding], []), codes=frozenset())
    view = build_view(judgement, a_run(), None, lambda _: (), generated=NOON)
    assert "that only warns" in view.headline
    assert view.wording.word == "Passed, with warnings"
    word = f"{verdict.value} (warns only)"
    for name in ("console", "md", "html", "junit"):
        assert word in REPORTS[name](view)
        assert "✗" not in REPORTS[name](view)
    assert github.annotations(view).startswith("::warning ")
    assert word in github.annotations(view)
    assert "regressions=0" in github.outputs(view, None)


def test_a_tolerance_that_could_not_be_seen_is_not_called_met():
    advice = "to hold the tolerance use: perfkit gate --against main"
    findings = [
        a_finding(Verdict.UNCHANGED, benchmark=f"b{seen}", change=a_change(0.01, detectable=seen), advice=advice)
        for seen in (0.1, 0.235)
    ]
    sharp = a_finding(Verdict.UNCHANGED, benchmark="sharp", change=a_change(0.01, detectable=0.04))
    view = build_view(a_judgement(*findings, sharp), a_run(), None, lambda _: (), generated=NOON)
    assert [row.budgets[0].wording.word for row in view.rows] == [
        "not exceeded as far as can be seen (≥ 10.0 %)", "not exceeded as far as can be seen (≥ 23.5 %)", "met",
    ]  # fmt: skip
    line = f"b0.235 cpu_time and 1 more: only changes of 10.0 to 23.5 % could have been seen. Next: {advice}"
    assert line in " ".join(console.render(view).split())
    assert "only changes of 10.0 to 23.5 % could have been seen. **Next:** to hold" in markdown.render(view)
    for name in ("md", "html", "junit"):
        assert "not exceeded as far as can be seen (≥ 23.5 %)" in REPORTS[name](view)
