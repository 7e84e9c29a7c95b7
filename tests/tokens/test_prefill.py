"""The form of a new token, filled in by a link or a preset: each makes nothing by itself."""

import json

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from tests.tokens.mint_calls import by_json, token_in


def test_every_field_can_be_prefilled_by_a_link_and_is_marked(person):
    query = "name=wall&note=by+the+door&scopes=protected:read&resources=/protected&methods=GET"
    query += "&networks=10.0.0.0/8&per_minute=5&expires_in=3600"
    page = person.open(f"/tokens/new?{query}").text
    # Name, note, scope, methods, addresses, networks, rate, end.
    assert page.count("suggested by link") == 8
    made = person.press("Create token")
    assert made.status_code == 201
    assert "Only with GET, at /protected and up to 5 times a minute." in made.text


@pytest.mark.parametrize(
    "query",
    [
        "networks=nonsense",
        "per_minute=x",
        "per_minute=-4",
        "methods=BREW",
        "resources=%00",
        "from=x",
        "preset=x",
        "note=" + "x" * 999,
    ],
)
def test_a_link_with_invalid_limits_is_ignored(person, query):
    assert person.open(f"/tokens/new?{query}").status_code == 200


@pytest.mark.parametrize("words", ["Try with curl", "Read one page", "CI job", "Backup"])
def test_a_preset_fills_in_the_form_and_creates_nothing(person, app, words):
    before = contents(app)
    person.open("/tokens/new")
    person.press(words)
    assert contents(app) == before
    assert f"suggested by “{words}”" in person.page.text
    assert person.press("Create token", name="from a preset").status_code == 201


def test_try_with_curl_works_repeatedly_with_one_click(person, app):
    for _ in range(3):
        person.open("/tokens/new")
        person.press("Try with curl")
        assert person.press("Create token").status_code == 201
    names = [json.loads(str(event["details"]))["name"] for event in events(app, "token.minted")]
    assert names == ["curl", "curl 2", "curl 3"]


def test_a_preset_never_exceeds_the_longest_lifetime(make_app):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="7d")
    factories.user(app, "ada")
    ada = Person(app)
    ada.log_in("ada")
    ada.open("/tokens/new")
    ada.press("Backup")
    assert ada.press("Create token", name="backup").status_code == 201


def test_the_default_lifetime_is_within_the_longest_lifetime(make_app):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="10d")
    factories.user(app, "ada")
    ada = Person(app)
    ada.log_in("ada")
    assert by_json(ada).status_code == 201


def test_a_link_fills_in_the_form_and_creates_nothing(person, app):
    before = contents(app)
    person.open("/tokens/new?name=laptop&scopes=profile:read&scopes=protected:read&expires_in=3600")
    assert contents(app) == before
    assert 'value="laptop"' in person.page.text
    shown = person.press("Create token")
    assert Script(person.app, token_in(shown)).get("/protected").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        *("scopes=admin:write", "scopes=%3Cscript%3E", "expires_in=99999999999", "expires_in=%00"),
        *("expires_on=9999-12-31", "expires_on=0001-01-01", "expires_on=x", "name=" + "x" * 500),
    ],
)
def test_a_link_with_invalid_values_is_ignored(person, query):
    answer = person.open(f"/tokens/new?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


@pytest.mark.parametrize("name", ["once", "key", "reason", "csrf_token"])
def test_a_link_cannot_fill_in_what_the_user_has_to_choose(person, name):
    answer = person.open(f"/tokens/new?{name}=mine")
    assert answer.status_code == 400
    assert f"Unknown parameter <code>{name}</code>" in answer.text
