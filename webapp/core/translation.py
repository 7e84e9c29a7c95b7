"""Texts for people: English in the source, translated by gettext into the language of the request or mail.

Outside a request, such as in commands, texts stay English. ``make messages`` extracts the arguments of these functions,
so they must be literals. Values have names, ``%(name)s``; braces of ``str.format`` are not used.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import Literal, cast

import flask_babel
from babel import Locale
from babel.lists import format_list
from babel.support import NullTranslations, Translations
from flask_babel.speaklater import LazyString
from markupsafe import Markup, escape
from wtforms.i18n import messages_path

DEFAULT = "en"
ENGLISH = Locale(DEFAULT)


class LazyText(LazyString):  # type: ignore[misc]  # Flask-Babel has no types
    """A ``LazyString`` that templates escape. Flask-Babel's own counts as HTML, including the values in it."""

    def __html__(self) -> Markup:
        return escape(str(self))


def _(text: str, **values: object) -> str:
    """Translate a text now.

    Args:
        text: the English text, a literal.
        values: values of the placeholders ``%(name)s``.
    """
    found = translated(text)
    return found % values if values else found


def translated(text: str) -> str:
    """Look up a text in the catalogue of the current language, and leave its placeholders as they are.

    Args:
        text: the English text.
    """
    # English needs no catalogue, whose lookup costs a fifth of a request without a page.
    if current_locale().language == DEFAULT:
        return text
    return cast("str", flask_babel.get_translations().ugettext(text))


def _l(text: str, **values: object) -> str:
    """Translate a text whenever it becomes a string: for constants and labels of forms.

    Returns:
        An object that ``str()``, f-strings and templates treat as a string; ``join`` and JSON need ``str()``.
    """
    return cast("str", LazyText(_, text, **values))


def _n(singular: str, plural: str, count: int, **values: object) -> str:
    """Translate a text that contains a count, in the plural form of the language.

    Args:
        count: a number of things; also ``%(num)s`` in both texts.
    """
    return cast("str", flask_babel.ngettext(singular, plural, count, **values))


def by_language(texts: Mapping[str, str]) -> str:
    """A text that is given in several languages, such as by a plug-in, which has no catalogue.

    Args:
        texts: by language tag; English (``en``) for every language that is missing.
    """
    return cast("str", LazyText(lambda: texts.get(str(current_locale())) or texts[DEFAULT]))


def current_locale() -> Locale:
    """The locale of the current request or mail; English outside of them."""
    return cast("Locale | None", flask_babel.get_locale()) or ENGLISH


@cache
def texts_of_wtforms(locale: str) -> Translations | NullTranslations:
    """The catalogue of WTForms' own texts, such as that a choice is not valid.

    Args:
        locale: such as ``de``.
    """
    return Translations.load(messages_path(), [locale], domain="wtforms")


def encode_lazy_text(value: object) -> str:
    """Encode a text of ``_l`` as JSON: an ``enc_hook`` of msgspec, called for types that it does not know.

    Raises:
        NotImplementedError: as msgspec demands of a hook, for every other type.
    """
    if isinstance(value, LazyText):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def in_english() -> AbstractContextManager[None]:
    """Keep texts in English within the block, such as in the OpenAPI document."""
    return cast("AbstractContextManager[None]", flask_babel.force_locale(DEFAULT))


def listed(items: Iterable[object], *, style: Literal["standard", "or"] = "standard") -> str:
    """Join items in the language of the reader, such as "a, b and c"; with style ``or`` "a, b or c"."""
    locale = current_locale()
    # American English has a comma before "and".
    return format_list([str(item) for item in items], style, "en_GB" if str(locale) == DEFAULT else locale)
