"""/oauth/authorize: which requests are answered here, which by the app, and whom it asks."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.oauth.app import CALLBACK, registered
from tests.script import Script
from webapp.core.clock import now

SAID = {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": None},
        {"client_id": ""},
        {"client_id": "unknown"},
        {"client_id": "00000000-0000-0000-0000-000000000007"},
        {"client_id": ["twice", "twice"]},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/cb"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": [CALLBACK, CALLBACK]},
        {f"x{number}": "1" for number in range(60)},
    ],
    ids=lambda changed: str(changed)[:60],
)
@pytest.mark.parametrize("who", ["person", "visitor"])
def test_a_request_of_an_unknown_app_or_for_another_place_is_a_page_here(request, wiki, who, changed):
    person = request.getfixturevalue(who)
    answer = person.ask("GET", wiki.url(**changed))
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert not re.search(r'(href|url)="?https://evil', answer.text)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "+" * 43}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://wiki.example.org/request"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "sometimes"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "9" * 30}, "invalid_request"),
        ({"scope": ["openid", "email"]}, "invalid_request"),
        ({"nonce": ["a", "b"]}, "invalid_request"),
        ({"nonce": "n" * 501}, "invalid_request"),
        ({"nonce": "\x00"}, "invalid_request"),
        ({"unknown": ["a", "b"]}, "invalid_request"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_invalid_request_of_a_known_app_is_answered_to_the_app(person, wiki, changed, error):
    said = wiki.authorize(person, **changed)
    assert said.keys() == SAID
    assert (said["error"], said["state"], said["iss"]) == (error, "st-1", person.app.config["BASE_URL"])


def test_a_state_that_is_sent_twice_is_not_repeated(person, wiki):
    assert wiki.authorize(person, state=["a", "b"]).keys() == SAID - {"state"}


def test_unknown_parameters_are_ignored(person, wiki):
    assert "code" in wiki.allowed_by(person, ui_locales="de", unknown="1")


def test_somebody_who_is_not_logged_in_logs_in_first_and_is_asked(visitor, user, wiki):
    visitor.open(wiki.url())
    assert visitor.page.request.path == "/login"
    assert "Log in to continue to <b>Wiki</b>." in visitor.page.text
    page = visitor.press("Log in", username=user.username, password=factories.PASSWORD)
    assert "Allow Wiki to log you in?" in page.text
    assert "wiki.example.org" in page.text


def test_after_a_form_of_this_site_a_page_leads_to_the_app(person, wiki):
    person.open(wiki.url())
    page = person.press("Allow", decision="allow")
    assert page.status_code == 200
    assert f'content="0; url={CALLBACK}?code=' in page.text
    assert "Location" not in page.headers


def test_who_does_not_allow_it_goes_back_with_an_error(person, wiki):
    person.open(wiki.url())
    assert "error=access_denied" in person.press("Cancel", decision="deny").text


def test_a_decision_without_csrf_token_is_refused(person, wiki):
    sent = {"request": wiki.url().partition("?")[2], "decision": "allow"}
    assert person.ask("POST", "/oauth/consent", data=sent).status_code in (400, 403)
    assert "error" in wiki.authorize(person, prompt="none")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, None),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "unknown"}, "invalid_scope"),
    ],
)
def test_a_decision_is_checked_like_the_request(person, wiki, changed, error):
    person.open(wiki.url())
    sent = {"request": wiki.url(**changed).partition("?")[2], "decision": "allow", "csrf_token": person.csrf_token}
    answer = person.ask("POST", "/oauth/consent", data=sent)
    if error is None:
        assert answer.status_code == 400
    else:
        assert f"error={error}" in answer.text


def test_nobody_is_asked_twice_for_the_same(person, wiki):
    wiki.allowed_by(person)
    assert "code" in wiki.authorize(person)
    assert "code" in wiki.authorize(person, scope="openid")
    person.open(wiki.url(scope="openid protected:read"))
    assert "Allow Wiki to log you in?" in person.page.text


@pytest.mark.parametrize("prompt", ["consent", "select_account"])
def test_they_are_asked_again_where_the_app_wants_it(person, wiki, prompt):
    wiki.allowed_by(person)
    person.open(wiki.url(prompt=prompt))
    assert "Allow Wiki to log you in?" in person.page.text


def test_an_app_of_the_operator_asks_nobody(app, person):
    assert "code" in registered(app, "Intranet", is_first_party=True).authorize(person)


@pytest.mark.parametrize(
    ("redirect_uri", "is_asked_again"),
    [("https://spa.example.org/cb", False), ("http://127.0.0.1/cb", True), ("org.example.app:/cb", True)],
)
def test_an_installed_app_is_allowed_anew_each_time(app, person, redirect_uri, is_asked_again):
    """Any program on the device can use its client_id (RFC 8252 §8.6)."""
    phone = registered(app, "Phone", redirect_uri, is_public=True, is_first_party=True)
    if is_asked_again:
        phone.allowed_by(person)
    person.ask("GET", phone.url(), headers={"Sec-Fetch-Site": "cross-site"})
    assert (person.page.status_code == 200) is is_asked_again


def test_prompt_none_asks_nobody_and_says_what_would_be_asked(visitor, person, wiki):
    assert wiki.authorize(Person(person.app), prompt="none")["error"] == "login_required"
    assert wiki.authorize(person, prompt="none")["error"] == "consent_required"
    wiki.allowed_by(person)
    assert "code" in wiki.authorize(person, prompt="none")
    assert wiki.authorize(person, prompt="none", max_age="0")["error"] == "login_required"


def test_an_app_for_some_roles_is_refused_to_others_with_a_page(app, person):
    admins = registered(app, "Accounting", roles=["admin"])
    page = person.open(admins.url())
    assert page.status_code == 403
    assert "You cannot use Accounting" in page.text
    assert admins.authorize(person, prompt="none")["error"] == "access_denied"


def test_a_token_logs_nobody_in_to_an_app(app, user, wiki):
    token = factories.api_token(app, user).token
    answer = Script(app, token).get(wiki.url())
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=")


@pytest.mark.parametrize("changed", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "60"}])
def test_a_new_login_is_demanded_once(person, wiki, changed):
    wiki.allowed_by(person)
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        person.open(wiki.url(**changed))
        assert person.page.request.path == "/confirm"
        assert "The app that you are logging in to requires you to confirm again" in person.page.text
        page = person.press("Confirm", password=factories.PASSWORD)
        assert f"url={CALLBACK}?code=" in page.text


def test_a_stamp_of_another_request_does_not_spare_the_login(person, wiki):
    wiki.allowed_by(person)
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        asked = person.ask("GET", wiki.url(prompt="login"))
        stamp = asked.headers["Location"].partition("prompted%3D")[2]
        assert stamp
        for url in (wiki.url(prompt="login", state="st-2"), wiki.url(prompt="login", nonce="other")):
            assert person.ask("GET", f"{url}&prompted={stamp}").headers["Location"].startswith("/confirm")


def test_a_form_is_the_same_request(person, wiki):
    answer = Script(person.app).post("/oauth/authorize", data=wiki.request)
    assert answer.status_code == 303
    person.open(answer.headers["Location"])
    assert "Allow Wiki to log you in?" in person.page.text


def test_with_a_shared_signing_secret_there_is_no_provider(make_app):
    site = make_app(WEBAPP_SIGNING_ALGORITHM="HS256", WEBAPP_SIGNING_KEY="Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe")
    for path in ("/oauth/authorize", "/.well-known/openid-configuration"):
        assert Script(site).get(path).status_code == 404
    assert Script(site).post("/oauth/token", data={}).status_code == 404


def test_a_request_that_is_too_long_for_a_url_is_refused(wiki):
    answer = Script(wiki.site).post("/oauth/authorize", data=wiki.request | {"x": "y" * 9000})
    assert answer.status_code == 400
