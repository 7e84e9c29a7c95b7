"""Translated texts: when they become strings, and how templates write them."""

import ast
from pathlib import Path

import msgspec
import pytest
from markupsafe import escape

import webapp
from webapp.core.translation import _l, encode_lazy_text, listed


def test_a_lazy_text_is_escaped_like_any_other() -> None:
    assert escape(_l("Don't say %(name)s", name="<b>")) == escape("Don't say <b>")


def test_a_list_of_three_has_one_conjunction() -> None:
    assert [listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert listed(["a", "b", "c"], style="or") == "a, b or c"


def test_no_text_to_translate_is_within_an_f_string() -> None:
    """Babel reads an f-string as one token before Python 3.12, and does not find the texts in it."""
    hidden = [
        f"{path}:{call.lineno}"
        for path in Path(webapp.__file__).parent.rglob("*.py")
        for string in ast.walk(ast.parse(path.read_text()))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "_l", "_n")
    ]
    assert hidden == []


def test_a_lazy_text_is_json_text_and_nothing_else_becomes_it() -> None:
    assert (
        msgspec.json.encode({"title": _l("Page not found")}, enc_hook=encode_lazy_text) == b'{"title":"Page not found"}'
    )
    with pytest.raises(NotImplementedError, match="object"):
        msgspec.json.encode({"title": object()}, enc_hook=encode_lazy_text)
