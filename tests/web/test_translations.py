"""Every text is marked for translation, extracted and translated; the compiled catalogues are those of the sources."""

import re
from itertools import chain

import pytest
from babel.messages.catalog import Message

from tests import messages
from tests.untranslated_texts import VALUE, unmarked, unmarked_in_python, unmarked_in_template

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")
MARKUP = re.compile(r"<[^>]*>")


def forms(message: Message) -> list[tuple[str, str]]:
    """Each text of a message beside its translation; the English plural beside every plural form."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    singular, plural = message.id
    first, *rest = message.string
    return [(singular, first), *((plural, one) for one in rest)]


# Names, and what is written alike in every language.
SAME = {
    "/reports/&lt;id&gt;",  # an example of a route
    "openapi.json",
    "CSV",
    "JSON",
    "JSON lines",
    "OK",
    "ID",
    "URL",
    "Latchkey",
    "curl",
    "HTTPie",
    "Python",
    "JavaScript",
}


def test_every_text_of_pages_mails_forms_and_problems_is_marked_for_translation():
    found = {name: [text for text in texts if text not in SAME] for name, texts in unmarked(messages.ROOT).items()}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ('<p>{{ _("Hello") }} {% trans %}World{% endtrans %}</p>', []),
        ('<a title="Open {{ name }}">{{ name }}</a>', [f"Open {VALUE}"]),
        ("<code>GET /tokens</code><svg><title>Lock</title></svg>", []),
        ("{% trans n=3 %}{{ n }} token{% pluralize %}{{ n }} tokens{% endtrans %} left", ["left"]),
    ],
)
def test_an_unmarked_text_of_a_template_is_found(source, texts):
    assert unmarked_in_template(source) == texts


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('StringField("Name", description=_l("Shown to others."))', ["'Name'"]),
        ('StringField(_l("Name"), [InputRequired("Enter a name.")])', ["'Enter a name.'"]),
        ('Problem(404, _("Not found"), f"No {name}.")', ["f'No {name}.'"]),
        ('flash("Saved.", "ok")', ["'Saved.'"]),
        ('redirect_or_json("/notes", "Saved.")', ["'Saved.'"]),
        ("f\"{_('Hidden')} {name}\"", ["_('Hidden')"]),
        ('log.info("Saved.")', []),
    ],
)
def test_an_unmarked_text_of_python_is_found(source, texts):
    assert unmarked_in_python(source) == texts


@pytest.mark.parametrize("language", messages.TRANSLATED)
class TestCatalogue:
    def test_a_catalogue_has_exactly_the_texts_of_the_sources(self, language):
        kept = messages.read(language)
        assert messages.po_bytes(kept) == messages.po_bytes(messages.updated(language, messages.extracted())), (
            "run make messages"
        )

    def test_a_catalogue_translates_every_text(self, language):
        missing = [
            message.id
            for message in messages.read(language)
            if message.id and (message.fuzzy or not all(said.strip() for _text, said in forms(message)))
        ]
        assert missing == []

    def test_a_catalogue_keeps_values_and_markup_of_every_text(self, language):
        changed = [
            (text, said)
            for text, said in chain.from_iterable(forms(found) for found in messages.read(language) if found.id)
            for pattern in (PLACEHOLDER, MARKUP)
            if sorted(pattern.findall(text)) != sorted(pattern.findall(said))
        ]
        assert changed == []

    def test_a_catalogue_is_compiled(self, language):
        catalog = messages.read(language)
        assert messages.path_of(language, "mo").read_bytes() == messages.mo_bytes(catalog), "run make messages"
        assert (messages.SCRIPTS / f"texts-{language}.js").read_text() == messages.script_texts(catalog)
