"""Translated texts: when they become strings, and how templates write them."""

from markupsafe import escape

from webapp.core.translation import _l, listed


def test_a_text_for_later_is_escaped_as_any_other_is() -> None:
    assert escape(_l("Don't say %(name)s", name="<b>")) == escape("Don't say <b>")


def test_a_list_of_three_has_one_and() -> None:
    assert [listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert listed(["a", "b", "c"], style="or") == "a, b or c"
