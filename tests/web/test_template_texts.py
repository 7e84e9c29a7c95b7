"""Texts of templates and forms: as Jinja and Flask-WTF would translate them, with less work."""

import flask_babel
import pytest
from flask import Flask
from jinja2.ext import _make_new_gettext
from markupsafe import Markup

from webapp.core.translation import DEFAULT, ENGLISH, current_locale, in_english, texts_of_wtforms
from webapp.web import i18n
from webapp.web.form import Form

VALUES = {
    "none": ("Log in", {}),
    "a percent sign": ("Log in 100%%", {}),
    "a value": ("Hello %(name)s", {"name": "Ada"}),
    "markup in a value": ("Hello %(name)s", {"name": "<b>Ada</b> & 'co'"}),
    "a value that is markup": ("Hello %(name)s", {"name": Markup("<b>Ada</b>")}),
    "a number": ("%(count)s of 100%%", {"count": 7}),
    "markup in the text": ("<b>Log in</b> %(name)s", {"name": "<"}),
}


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("is_escaped", [True, False], ids=["page", "mail"])
@pytest.mark.parametrize("case", VALUES)
def test_a_text_is_what_jinja_makes_of_it(app: Flask, case: str, is_escaped: bool, language: str) -> None:
    text, values = VALUES[case]
    own = _make_new_gettext(lambda found: flask_babel.get_translations().ugettext(found))
    arguments = "".join(f", {key}={key}" for key in values)
    parts = [f"{{{{ _({text!r}{arguments}) }}}}", "{% trans %}Log in{% endtrans %}"]
    source = f"{{% autoescape {str(is_escaped).lower()} %}}{'|'.join(parts)}{{% endautoescape %}}"
    with app.test_request_context(headers={"Accept-Language": language}):
        found = app.jinja_env.from_string(source).render(values)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("_", "gettext"):
                patch.setitem(app.jinja_env.globals, name, own)
            assert app.jinja_env.from_string(source).render(values) == found
    assert found.endswith("|Anmelden" if language == "de" else "|Log in")


def test_the_locale_is_that_of_flask_babel(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert current_locale() is ENGLISH
    with app.test_request_context(headers={"Accept-Language": "de"}):
        for _time in range(2):
            assert str(current_locale()) == str(flask_babel.get_locale()) == "de"
        with in_english():
            assert str(current_locale()) == DEFAULT
        assert str(current_locale()) == "de"
        monkeypatch.setattr(flask_babel.get_babel(), "locale_selector", lambda: "en")
        assert str(current_locale()) == "de"
        i18n.refresh()
        assert str(current_locale()) == "en"
        with flask_babel.force_locale("de"):
            assert str(current_locale()) == "de"
    assert current_locale() is ENGLISH


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Not a valid choice."), ("de", "Keine gültige Auswahl."), ("fr", "Not a valid choice.")],
)
def test_texts_of_the_form_library_are_in_the_language(app: Flask, language: str, text: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert Form().meta.get_translations(None).gettext("Not a valid choice.") == text
    assert texts_of_wtforms(language) is texts_of_wtforms(language)
