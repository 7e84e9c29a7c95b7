"""The check of pages: what is valid once is not read again, and what is not is found beside it."""

from pathlib import Path

import pytest

from tests.browser import check_html, form_with, shape_of
from tests.run_wide_set import SOUND, RunWideSet

PAGE = (
    '<!doctype html><html lang="en"><title>t</title><p id="one" class="two">{}</p><input type="{}" value="{}"></html>'
)
VALID = PAGE.format("a text", "text", "a value")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("another, &amp; longer: “”", "text", "a value"),
        ("a text", "text", "a > b".replace(">", "&gt;")),
        ('say "="', "text", ""),
    ],
)
def test_plain_values_do_not_change_the_shape(text: str, kind: str, value: str) -> None:
    assert shape_of(PAGE.format(text, kind, value)) == shape_of(VALID)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(PAGE.format("a & text &", "text", ""), id="an ampersand alone is no fault but is looked at"),
        pytest.param(PAGE.format("a text", "hidden", ""), id="another type"),
        pytest.param(PAGE.format("", "text", ""), id="no text"),
        pytest.param(PAGE.format("a <b>text</b>", "text", ""), id="an element"),
    ],
)
def test_structural_changes_change_the_shape(page: str) -> None:
    assert shape_of(page) != shape_of(VALID)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(VALID.replace("a text", "a <text"), id="a tag that is not closed"),
        pytest.param(VALID.replace("a text", "a </b> text"), id="an end without a beginning"),
        pytest.param(VALID.replace("a text", "a \x01 text"), id="a control character"),
        pytest.param(VALID.replace("a text", "&#xfdd0; text"), id="a character that is none"),
        pytest.param(VALID.replace("a value", 'a" value="'), id="an attribute twice"),
        pytest.param(VALID.replace("a value", "a&#0;value"), id="a reference to nothing in a value"),
        pytest.param(VALID.replace("two", 'two" onclick="f()'), id="a handler"),
        pytest.param(VALID.replace("two", 'two" style="color: red'), id="a style"),
        pytest.param(VALID.replace("<input", '<p id="one">text</p><input'), id="an id twice"),
    ],
)
def test_an_error_is_found_despite_earlier_valid_pages_of_the_shape(page: str) -> None:
    check_html(VALID)
    assert shape_of(VALID) in SOUND
    with pytest.raises(AssertionError):
        check_html(page)


def test_a_repeated_id_is_found_in_a_shape_that_was_valid() -> None:
    two = VALID.replace("<input", '<p id="two">text</p><input')
    check_html(two)
    with pytest.raises(AssertionError, match="twice"):
        check_html(two.replace('id="two"', 'id="one"'))


def test_a_form_is_found_by_the_text_of_its_button() -> None:
    page = "<form><button>Keep</button></form><form action='/b'><button>It&#39;s\n  <b>me</b> &amp; you</button></form>"
    assert form_with(page, "It's me & you").get("action") == "/b"
    with pytest.raises(AssertionError, match="no form"):
        form_with(page, "It is me")


def test_what_one_process_has_found_valid_all_know(tmp_path: Path) -> None:
    one, other, alone = RunWideSet(), RunWideSet(), RunWideSet()
    one.folder = other.folder = tmp_path
    for shapes in (one, alone):
        shapes.add("<p>text</p>")
    assert "<p>text</p>" in other
    assert "<p>text<p>" not in other
    assert "<p>text</p>" not in RunWideSet()
