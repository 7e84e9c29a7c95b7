"""/oauth/end-session: a logout that an app starts."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from tests.browser import Person
from tests.oauth.app import registered, tampered
from tests.script import Script
from webapp.core.clock import now

BACK = "https://wiki.example.org/bye"


@pytest.fixture
def wiki(app):
    return registered(app, is_first_party=True, post_logout_redirect_uris=[BACK])


def id_token(wiki, person):
    return wiki.redeem(wiki.authorize(person)["code"]).json["id_token"]


def asked(person, **given):
    return person.ask("GET", f"/oauth/end-session?{urlencode(given, doseq=True)}", headers={"Sec-Fetch-Site": "none"})


def is_logged_in(person):
    return person.ask("GET", "/dashboard").status_code == 200


@pytest.mark.parametrize("days", [0, 30])
def test_with_an_id_token_of_this_session_it_ends_at_once(person, wiki, days):
    hint = id_token(wiki, person)
    person.ask("GET", "/dashboard")
    with time_machine.travel(now() + timedelta(minutes=20 * bool(days)), tick=False):
        answer = asked(person, id_token_hint=hint, post_logout_redirect_uri=BACK, state="s 1")
        assert answer.headers["Location"] == f"{BACK}?state=s+1"
        assert not is_logged_in(person)


@pytest.mark.parametrize(("given", "to"), [({"post_logout_redirect_uri": BACK}, BACK), ({}, "/login")], ids=str)
def test_afterwards_the_user_is_only_where_the_request_says(person, wiki, given, to):
    assert asked(person, id_token_hint=id_token(wiki, person), **given).headers["Location"] == to
    assert wiki.authorize(person, prompt="none")["error"] == "login_required"


@pytest.mark.parametrize("given", [{}, {"state": "s"}, {"client_id": True}, {"hint": "other session"}], ids=str)
def test_without_it_the_user_is_asked(app, person, user, wiki, given):
    sent = {"state": "s"} if "state" in given else {}
    if "client_id" in given:
        sent = {"client_id": wiki.client_id, "post_logout_redirect_uri": BACK}
    if "hint" in given:
        other = Person(app)
        other.log_in(user.username)
        sent = {"id_token_hint": id_token(wiki, other)}
    page = asked(person, **sent)
    assert page.status_code == 200
    assert is_logged_in(person)
    asked(person, **sent)
    person.press("Log out")
    assert not is_logged_in(person)


@pytest.mark.parametrize(
    "given",
    [
        {"post_logout_redirect_uri": BACK, "state": "s"},
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": BACK + "?x=1"},
        {"client_id": "unknown"},
        {"client_id": ["a", "b"]},
        {"id_token_hint": "x.y.z"},
        {"id_token_hint": "modified", "post_logout_redirect_uri": BACK},
        {"id_token_hint": "access"},
        {"id_token_hint": "own", "client_id": "00000000-0000-0000-0000-000000000007"},
        {"id_token_hint": "own", "post_logout_redirect_uri": "https://evil.example/"},
        {"id_token_hint": "own", "post_logout_redirect_uri": BACK + "?x=1"},
    ],
    ids=str,
)
def test_an_invalid_request_is_a_page_and_ends_nothing(person, wiki, given):
    tokens = wiki.redeem(wiki.authorize(person)["code"]).json
    hints = {"access": tokens["access_token"], "own": tokens["id_token"], "modified": tampered(tokens["id_token"])}
    given = given | {name: hints.get(value, value) for name, value in given.items() if name == "id_token_hint"}
    answer = asked(person, **given)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)
    assert is_logged_in(person)


def test_who_is_not_logged_in_goes_back_at_once(app, wiki):
    answer = asked(Person(app), client_id=wiki.client_id, post_logout_redirect_uri=BACK)
    assert answer.headers["Location"] == BACK
    assert asked(Person(app)).headers["Location"] == "/login"


def test_a_form_is_the_same_request(app, person, wiki):
    sent = {"id_token_hint": id_token(wiki, person), "post_logout_redirect_uri": BACK}
    answer = Script(app).post("/oauth/end-session", data=sent)
    assert answer.status_code == 303
    assert person.ask("GET", answer.headers["Location"], headers={"Sec-Fetch-Site": "none"}).headers["Location"] == BACK


def test_a_confirmation_without_csrf_token_ends_nothing(app, person, wiki):
    assert person.ask("POST", "/oauth/end-session/confirm", data={"request": ""}).status_code in (400, 403)
    assert is_logged_in(person)


def test_with_an_id_token_of_a_refresh_the_user_is_asked_and_comes_back_to_the_app(person, wiki):
    tokens = wiki.redeem(wiki.authorize(person)["code"]).json
    hint = wiki.refresh(tokens["refresh_token"]).json["id_token"]
    assert asked(person, id_token_hint=hint, post_logout_redirect_uri=BACK).status_code == 200
    person.press("Log out")
    assert not is_logged_in(person)
