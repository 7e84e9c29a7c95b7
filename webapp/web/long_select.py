"""LongSelect: widget of a select field with hundreds of options, each of which is rendered once."""

from functools import lru_cache
from typing import Any

from markupsafe import Markup
from wtforms.fields.choices import Choice  # type: ignore[attr-defined]
from wtforms.widgets import Select

MAX_CACHED = 2000


class LongSelect(Select):
    """Select widget with cached options, for labels that are the same in all languages.

    Options with attributes of their own are rendered each time.
    """

    # The types are those of WTForms 3.2, and this is how 3.3 calls it.
    @classmethod
    def render_option(cls, choice: Any, **kwargs: Any) -> Markup:  # type: ignore[override]
        if choice.render_kw or kwargs:
            return super().render_option(choice, **kwargs)
        return option(choice.value, choice.label, choice.selected)


@lru_cache(MAX_CACHED)
def option(value: str, label: str, selected: bool) -> Markup:
    return Select.render_option(Choice(value, label, selected, {}))  # type: ignore[call-arg]
