"""The presets of the form for a new token: they keep what was entered, and replace what another preset filled in."""

import pytest

from tests.browser import form_with, values_of
from tests.script import Script
from tests.tokens.mint_calls import token_in

PRESETS = ["Try with curl", "Read one page", "CI job", "Backup"]
WEEK = "604800"


def several(value):
    return value if isinstance(value, list) else [value] if value else []


def form_of(person):
    """What the form would send; scopes as a set."""
    sent = values_of(form_with(person.page.text, "Create token"))
    levels = {word for name in sent if name.startswith("scopes-") for word in sent[name].split()}
    found = {name: sent.get(name) for name in ("name", "expires_in", "expires_on", "per_minute")}
    found |= {name: several(sent.get(name)) for name in ("methods", "resources", "networks")}
    return found | {"scopes": levels | {word for words in several(sent.get("scopes")) for word in words.split()}}


@pytest.mark.parametrize("words", PRESETS)
@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        pytest.param({"name": "wall"}, {"name": "wall"}, id="name"),
        pytest.param({"name": "2024"}, {"name": "2024"}, id="name of digits"),
        pytest.param(
            {"scopes": ["profile:read", "tokens:read"]}, {"scopes": {"profile:read", "tokens:read"}}, id="scopes"
        ),
        pytest.param({"scopes-protected": "protected:read"}, {"scopes": {"protected:read"}}, id="level"),
        pytest.param({"expires_in": WEEK}, {"expires_in": WEEK}, id="lifetime"),
        pytest.param({"expires_in": "", "expires_on": "2027-01-31"}, {"expires_on": "2027-01-31"}, id="date"),
        pytest.param({"networks": "10.0.0.0/8"}, {"networks": ["10.0.0.0/8"]}, id="network"),
        pytest.param({"per_minute": "7"}, {"per_minute": "7"}, id="rate"),
        pytest.param({"per_minute": "many"}, {}, id="no number"),
        pytest.param({"methods": ["PUT"]}, {"methods": ["PUT"]}, id="method"),
        pytest.param({"resources": ["/protected/user"]}, {}, id="path"),
    ],
)
def test_what_was_entered_stays(person, words, entered, kept):
    person.open("/tokens/new")
    page = person.press(words, **entered)
    assert page.status_code == 200
    assert f"“{words}” filled in some fields for you" in page.text
    found = form_of(person)
    assert {name: found[name] for name in kept} == kept


ALONE = {}
"""The form as each preset fills it in."""


@pytest.mark.parametrize("words", PRESETS)
@pytest.mark.parametrize("before", PRESETS)
def test_another_preset_replaces_what_the_one_before_filled_in(person, before, words):
    if words not in ALONE:
        person.open("/tokens/new")
        person.press(words)
        ALONE[words] = form_of(person)
    person.open("/tokens/new")
    person.press(before)
    person.press(words)
    assert form_of(person) == ALONE[words]


def test_what_was_entered_stays_over_two_presets(person):
    person.open("/tokens/new")
    person.press("Try with curl", name="wall", expires_in=WEEK)
    person.press("CI job")
    found = form_of(person)
    assert (found["name"], found["expires_in"], found["per_minute"], found["methods"]) == ("wall", WEEK, "60", [])


@pytest.mark.parametrize("words", PRESETS)
def test_what_a_link_filled_in_stays(person, words):
    person.open("/tokens/new?name=wall&scopes=tokens:read&expires_in=604800")
    person.press(words)
    found = form_of(person)
    assert (found["name"], found["scopes"], found["expires_in"]) == ("wall", {"tokens:read"}, WEEK)
    # The path of the preset is left out, because the scopes that stay do not open it.
    assert found["resources"] == []


@pytest.mark.parametrize(
    ("page", "scopes", "resources"),
    [
        pytest.param("/protected/user", {"protected:read"}, ["/protected/user"], id="a page with its scope"),
        pytest.param("/dashboard", {"profile:read"}, ["/dashboard"], id="of another scope"),
        pytest.param("/tokens/<uuid:token_id>", {"tokens:read"}, ["/tokens/<uuid:token_id>"], id="with a variable"),
        pytest.param("/login", {"protected:read"}, ["/protected"], id="a page without a token"),
        pytest.param("/admin", {"protected:read"}, ["/protected"], id="of another role"),
        pytest.param("https://example.org/", {"protected:read"}, ["/protected"], id="elsewhere"),
        pytest.param("", {"protected:read"}, ["/protected"], id="none"),
    ],
)
def test_read_one_page_reads_the_page_that_one_came_from(person, page, scopes, resources):
    person.ask("GET", "/tokens/new", query_string={"page": page})
    person.press("Read one page")
    found = form_of(person)
    assert (found["scopes"], found["resources"]) == (scopes, resources)


@pytest.mark.parametrize(
    ("referrer", "resources"),
    [
        ("http://localhost:8000/account", ["/account"]),
        ("http://localhost:8000/protected/user?x=1", ["/protected/user"]),
        ("http://localhost:8000/tokens", ["/tokens"]),
        ("http://localhost:8000/login", ["/protected"]),
        ("http://localhost:8000/nowhere", ["/protected"]),
        ("http://[", ["/protected"]),
        ("http://localhost:8000//[", ["/protected"]),
        ("http://localhost:8000.evil.example/account", ["/protected"]),
        ("https://example.org/account", ["/protected"]),
        ("", ["/protected"]),
    ],
)
def test_through_the_navigation_it_is_the_page_before(person, referrer, resources):
    person.ask("GET", "/tokens/new", headers={"Referer": referrer})
    person.press("Read one page")
    assert form_of(person)["resources"] == resources


def test_from_a_page_over_its_link_and_two_presets_to_a_token_for_that_page_alone(app, person):
    person.open("/protected/user")
    person.follow("Create this token")
    person.press("Backup")
    person.press("Read one page")
    shown = person.press("Create token", name="one page")
    script = Script(app, token_in(shown))
    assert [script.get(path).status_code for path in ("/protected/user", "/protected")] == [200, 403]


def test_the_link_to_a_preset_fills_it_in(person):
    person.open("/tokens/new?preset=ci")
    assert form_of(person)["per_minute"] == "60"
