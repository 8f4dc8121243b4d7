"""Foreign text in each format."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.reporting.escaping import (
    command_data,
    command_property,
    gfm,
    gfm_code,
    one_line,
    printable,
    shortened,
    xml,
)


def test_control_and_bidirectional_characters_go():
    assert printable("a\x1b[31m\x00b\u202ec\ud800d") == "a[31mbcd"
    assert one_line(" a\r\nb\tc ") == "a b c"


def test_an_emoji_with_a_joiner_stays_whole():
    assert printable("👩\u200d🔧") == "👩\u200d🔧"


def test_long_text_keeps_its_ends():
    text = shortened("a" * 200 + "z" * 200, 50)
    assert len(text) == 50
    assert text.startswith("aaa")
    assert text.endswith("zzz")
    assert shortened("short") == "short"


@given(st.text(), st.integers(10, 80))
def test_shortened_is_never_longer(text: str, length: int):
    assert len(shortened(text, length)) <= length


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", "a&#124;b"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("*a* _b_ `c` [d](e)", "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e)"),
        ("a\\b", "a\\\\b"),
        ("two\nlines", "two lines"),
        ("@someone", "@<!-- -->someone"),
        ("https://www.example.org", "https:<!-- -->//www<!-- -->.example.org"),
        ("#1 $x$", "\\#1 \\$x\\$"),
    ],
)
def test_gfm(text: str, escaped: str):
    assert gfm(text) == escaped


def test_code_is_a_span_only_where_that_is_safe():
    assert gfm_code("synth_load[streams=32]") == "`synth_load[streams=32]`"
    assert gfm_code("a|b") == "<code>a&#124;b</code>"
    assert gfm_code("a`b") == "<code>a\\`b</code>"


@given(st.text())
def test_a_cell_never_ends_early(text: str):
    for cell in (gfm(text), gfm_code(text)):
        assert "|" not in cell
        assert "\n" not in cell


@given(st.text())
def test_xml_is_always_well_formed(text: str):
    element = ET.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>')
    assert element.text in {element.get("b"), None}


def test_workflow_commands_stay_on_one_line():
    assert command_data("50 %\r\n::error::x") == "50 %25%0A%0A::error::x"
    assert command_property("a:b,c") == "a%3Ab%2Cc"
