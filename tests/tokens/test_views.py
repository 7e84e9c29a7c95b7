"""The API-token page: mint once, show once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.tables import contents, events
from tests.tokens.mint_calls import by_json, mint

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_new_token_is_shown_exactly_once(person):
    assert "eyJ" in mint(person).text
    assert "eyJ" not in person.open("/tokens").text
    person.follow("laptop")
    assert "eyJ" not in person.page.text


def test_the_page_that_shows_a_token_is_not_stored(person):
    answer = mint(person)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_same_form_sent_twice_creates_one_token_and_says_so(person, app):
    person.open("/tokens/new")
    form = {"csrf_token": person.csrf_token, "once": once_of(person), "name": "laptop", "scopes": "profile:read"}
    form["expires_in"] = "604800"
    assert person.visit("POST", "/tokens/new", data=form).status_code == 201
    before = contents(app)
    again = person.visit("POST", "/tokens/new", data=form)
    assert (again.status_code, "Already created" in again.text, "eyJ" in again.text) == (409, True, False)
    assert contents(app) == before


def once_of(person):
    return re.search(r'name="once"[^>]* value="([^"]+)"', person.page.text)[1]


def test_a_form_sent_twice_with_another_name_creates_one_token(person):
    person.open("/tokens/new")
    form = {"csrf_token": person.csrf_token, "once": once_of(person), "scopes": "profile:read", "expires_in": "3600"}
    assert person.visit("POST", "/tokens/new", data=form | {"name": "first"}).status_code == 201
    assert person.visit("POST", "/tokens/new", data=form | {"name": "second"}).status_code == 409


def test_the_same_form_sent_twice_at_once_creates_one_token(person, app):
    person.open("/tokens/new")
    form = {"csrf_token": person.csrf_token, "once": once_of(person), "name": "laptop", "scopes": "profile:read"}
    form["expires_in"] = "604800"
    copies = [Person(app) for _ in range(4)]
    for copy in copies:
        copy.client.set_cookie("session", person.cookie)
    with ThreadPoolExecutor(4) as at_once:
        found = list(at_once.map(lambda copy: copy.ask("POST", "/tokens/new", data=form).status_code, copies))
    assert sorted(found) == [201, 409, 409, 409]


def test_the_form_of_one_user_does_not_affect_that_of_another(person, app):
    form = {"once": "same", "name": "laptop", "scopes": "profile:read", "expires_in": "604800"}
    grace = Person(app)
    factories.user(app, "grace")
    grace.log_in("grace")
    for somebody in (person, grace):
        somebody.open("/tokens/new")
        assert somebody.ask("POST", "/tokens/new", data=form | {"csrf_token": somebody.csrf_token}).status_code == 201


def test_a_script_without_a_form_id_can_create_two_tokens(person):
    assert by_json(person, name="first").status_code == 201
    assert by_json(person, name="second").status_code == 201


def test_a_name_is_taken_as_long_as_its_token_is_live(person, app):
    mint(person)
    before = contents(app)
    answer = mint(person)
    assert answer.status_code == 422
    assert "You already have a token called laptop." in answer.text
    assert mint(person, name="LapTop").status_code == 422
    assert contents(app) == before


def test_the_name_of_a_revoked_token_is_free(person):
    mint(person)
    person.follow("Revoke laptop now")
    person.press("Revoke laptop")
    assert mint(person).status_code == 201


def test_the_name_of_an_ended_token_is_free(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        mint(person, expires_in="3600")
        clock.shift(timedelta(hours=1, seconds=1))
        person.open("/confirm")
        person.press("Confirm", password=factories.PASSWORD)
        assert mint(person).status_code == 201


def test_a_name_is_unique_per_owner(app, user, person):
    factories.api_token(app, factories.user(app, "grace"), name="laptop")
    assert mint(person).status_code == 201


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"scopes": "admin:read"}, id="a scope of another role"),
        pytest.param({"scopes": ["profile:read", "nonsense"]}, id="a scope that there is none of"),
        pytest.param({"scopes": []}, id="no scope"),
        pytest.param({"expires_in": "7200"}, id="a length that is no preset"),
        pytest.param({"expires_in": "-3600"}, id="a length below nothing"),
        pytest.param({"expires_in": "0"}, id="no length"),
        pytest.param({"expires_in": "315360000"}, id="ten years"),
        pytest.param({"expires_in": "9" * 400}, id="for ever"),
        pytest.param({"expires_in": "", "expires_on": ""}, id="neither length nor date"),
        pytest.param({"expires_in": "", "expires_on": "2020-01-01"}, id="a date in the past"),
        pytest.param({"expires_in": "", "expires_on": "0001-01-01"}, id="the first date there is"),
        pytest.param({"expires_in": "", "expires_on": "2199-01-01"}, id="a date beyond the policy"),
        pytest.param({"expires_in": "", "expires_on": "9999-12-31"}, id="the last date there is"),
        pytest.param({"expires_in": "", "expires_on": "tomorrow"}, id="a date in words"),
        pytest.param({"expires_in": "", "expires_on": "2026-02-30"}, id="a date that there is none of"),
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"name": "ab"}, id="a name too short"),
        pytest.param({"name": "  a  "}, id="a name of spaces"),
        pytest.param({"name": "x" * 51}, id="a name too long"),
        pytest.param({"name": "two\nlines"}, id="a name of two lines"),
        pytest.param({"name": "lap\u202etop"}, id="a name that turns the line around"),
        pytest.param({"once": "x" * 65}, id="a form number too long"),
    ],
)
def test_an_invalid_form_has_errors_and_creates_nothing(person, app, fields):
    before = contents(app)
    answer = mint(person, **fields)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert contents(app) == before


def test_names_with_markup_are_escaped(person):
    markup = "<script>alert(1)</script>"
    shown = mint(person, name=markup).text
    for page in (shown, person.open("/tokens").text, person.open("/dashboard").text):
        assert markup not in page
        assert "&lt;script&gt;" in page


def test_a_token_has_the_auth_time_of_the_login_that_created_it(person, app):
    mint(person)
    (started,) = events(app, "session.started")
    (minted,) = events(app, "token.minted")
    assert started["user_id"] == minted["user_id"]
