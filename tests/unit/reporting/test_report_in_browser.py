"""The HTML report in a real browser: nothing is fetched, nothing complains, everything is named and reachable."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from perfkit.reporting import REPORTS, View
from tests.reporting_builders import HOSTILE, gate_view, hostile_view, run_view

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    program = shutil.which("chromium")
    if program is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


class Opened:
    """A report in a page, with everything the page fetched and complained about."""

    def __init__(self, browser, view: View, folder: Path, **settings) -> None:
        self.file = folder / "report.html"
        self.file.write_text(REPORTS["html"](view), encoding="utf-8")
        self.page = browser.new_page(**settings)
        self.fetched: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.fetched.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(self.file.as_uri())


@pytest.fixture
def opened(browser, tmp_path: Path, require):
    require(browser, "apt-get install chromium")
    reports: list[Opened] = []

    def open_report(view: View, **settings) -> Opened:
        reports.append(Opened(browser, view, tmp_path, **settings))
        return reports[-1]

    yield open_report
    for report in reports:
        assert report.complaints == []
        assert [url for url in report.fetched if not url.startswith("data:")] == [report.file.as_uri()]
        report.page.close()


def sized(count: int) -> View:
    """A view with `count` charts or more."""
    view = gate_view()
    rows = tuple(
        replace(view.rows[n % len(view.rows)], anchor=f"f{n}", finding=replace(view.rows[0].finding, benchmark=f"b{n}"))
        for n in range(count // 2)
    )
    return replace(view, rows=rows)


@pytest.mark.parametrize("view", [gate_view, run_view])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_a_word(opened, view, scheme: str):
    page = opened(view(), color_scheme=scheme).page
    assert page.locator("h1").count() == 1
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 25)"
    assert dark == (scheme == "dark")


@pytest.mark.parametrize("name", HOSTILE)
def test_foreign_text_is_only_text(opened, name: str):
    page = opened(hostile_view(name)).page
    assert page.locator("script").count() == 1
    assert page.locator("main script").count() == 0


def test_everything_has_a_name(opened):
    page = opened(gate_view()).page
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("svg, button, select, input, details, [role=region]")].filter((it) => {
            if (it.tagName === "DETAILS") return it.firstElementChild.tagName !== "SUMMARY";
            if (it.tagName.toLowerCase() === "svg" && it.getAttribute("role") !== "img") return true;
            const ids = (it.getAttribute("aria-labelledby") || "").split(" ");
            const told = ids.every((id) => document.getElementById(id));
            return !(it.ariaLabel || it.labels?.length || it.textContent.trim() || told);
        }).map((it) => it.outerHTML.slice(0, 100))"""
    )
    assert nameless == []
    assert page.locator("header").count() == page.locator("main").count() == page.locator("footer").count() == 1
    assert page.get_by_role("img", name="Every launch").count() >= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_readable(opened, scheme: str):
    page = opened(gate_view(), color_scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    faint = page.evaluate(
        """() => {
            const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            const light = (colour) => {
                canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
                const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
                return [0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b), a];
            };
            const behind = (it) => {
                for (let up = it; up; up = up.parentElement) {
                    const [value, alpha] = light(getComputedStyle(up).backgroundColor);
                    if (alpha === 255) return value;
                }
            };
            return [...document.querySelectorAll("body *")].filter((it) =>
                [...it.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
                && !["SCRIPT", "TITLE", "DESC", "title", "desc", "OPTION"].includes(it.tagName)
                && it.getClientRects().length && !it.closest(".skip, #tip")
            ).filter((it) => {
                const style = getComputedStyle(it);
                const [ink] = light(it.tagName === "text" ? style.fill : style.color);
                const ground = behind(it);
                return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05) < 4.5;
            }).map((it) => it.outerHTML.slice(0, 100));
        }"""
    )
    assert faint == []


def test_a_finding_opens_by_keyboard_and_shows_its_pictures(opened):
    page = opened(gate_view()).page
    second = page.locator(".finding").nth(1)
    second.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert second.locator(".chart svg").first.is_visible()


def test_filter_and_order(opened):
    page = opened(gate_view()).page
    page.get_by_role("searchbox").fill("memory")
    assert page.locator(".finding:visible").count() == 2
    page.get_by_role("searchbox").fill("nothing of the kind")
    assert page.get_by_role("status").is_visible()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="regressed").click()
    assert page.locator(".finding:visible").count() == 14
    page.get_by_label("Sort").select_option("name")
    assert page.locator(".finding .name code").first.inner_text() == "synth_latency[block=64]"


def test_the_theme_can_be_chosen(opened):
    page = opened(gate_view(), color_scheme="light").page
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name="Theme").click()
    assert page.evaluate(ground) != before


def test_a_point_tells_about_its_launch(opened):
    page = opened(gate_view()).page
    chart = page.locator(".chart").nth(1)
    svg = chart.locator("svg")
    svg.scroll_into_view_if_needed()
    frame, pair = svg.bounding_box(), chart.get_attribute("data-points").split()[23]
    x, y = (float(part) * frame["width"] / 460 for part in pair.split(","))
    page.mouse.move(frame["x"] + x, frame["y"] + y)
    told = page.locator("#tip").inner_text()
    assert told.startswith("candidate 9c41d7e20b · launch 4 · 459.9 ms · contaminated")


def test_a_link_opens_the_finding_it_points_into(opened):
    page = opened(gate_view()).page
    page.evaluate("document.querySelectorAll('.finding').forEach((one) => { one.open = false; })")
    page.evaluate("location.hash = '#f2i'")
    page.wait_for_function("document.getElementById('f2').open")
    assert page.locator("#f2i").is_visible()


def test_a_narrow_screen_needs_no_sideways_scrolling(opened):
    page = opened(gate_view(), viewport={"width": 400, "height": 800}).page
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    long = opened(hostile_view("n" * 300), viewport={"width": 400, "height": 800}).page
    assert long.evaluate("document.documentElement.scrollWidth") <= 400


def test_fifty_charts_are_small(opened):
    report = opened(sized(50))
    assert report.page.locator(".chart svg").count() >= 50
    assert report.file.stat().st_size < 1_000_000
