"""Forms for people who are not logged in: which requests they accept; neither age nor another tab stops them."""

from datetime import timedelta
from itertools import product

import pytest
import time_machine

from tests import factories, secret_keys
from tests.browser import Person
from tests.second_factors import with_app
from webapp.core.clock import now
from webapp.guard.require import requirement_of

FORMS = (
    "/account/email/confirm",
    "/account/email/undo",
    "/forgot",
    "/login",
    "/login/passkey",
    "/login/second-step",
    "/login/with/<slug>/account",
    "/not-me",
    "/not-me/token",
    "/password-strength",
    "/register",
    "/reset",
    "/setup/<secret>",
    "/verify",
    "/verify/again",
)
OURS, OTHER = "http://localhost:8000", "https://evil.example"
SITES = (None, "same-origin", "same-site", "cross-site", "none", "", "nonsense")
ORIGINS = (None, OURS, OTHER, "null", "")
TOKENS = ("valid", "missing", "of another browser", "of a former login")


def is_accepted(site, origin, token):
    """The rule of docs/browsers.md."""
    if site == "same-origin":
        return origin in (None, OURS) or token == "valid"
    if site is None:
        return origin == OURS or (origin is None and token == "valid")
    return site == "none" and token == "valid"


def csrf_token(client):
    return client.get("/login", headers={"Accept": "application/json"}).json["csrf_token"]


def test_every_public_form_is_in_the_table(app):
    public = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods
        and (requirement := requirement_of(app, rule.endpoint))
        and (requirement.is_public or requirement.is_optional)
        and requirement.reads_cookies
    }
    assert sorted(public) == sorted(FORMS)


@pytest.mark.parametrize("path", FORMS)
def test_a_public_form_is_accepted_only_from_a_page_of_this_site(app, person, path):
    client = app.test_client()
    person.open("/account")
    tokens = dict(zip(TOKENS, (csrf_token(client), "", csrf_token(app.test_client()), person.csrf_token), strict=True))
    wrong = []
    for site, origin, token in product(SITES, ORIGINS, TOKENS):
        headers = {"Accept": "application/json", "Sec-Fetch-Site": site, "Origin": origin}
        answer = client.post(
            path.replace("<secret>", "x"),
            data={"csrf_token": tokens[token]},
            headers={name: value for name, value in headers.items() if value is not None},
        )
        if ((answer.json or {}).get("code") != "csrf_failed") is not is_accepted(site, origin, token):
            wrong.append((site, origin, token, answer.status_code))
    assert wrong == []


def tabs(app):
    """Two tabs of one browser."""
    one, two = Person(app), Person(app)
    two.client = one.client
    return one, two


def fill_in(tab, name="ada", password=factories.PASSWORD):
    return tab.press("Log in", username=name, password=password)


def who(tab):
    return tab.ask("GET", "/account", headers={"Accept": "application/json"}).json["username"]


def test_after_a_login_in_one_tab_the_login_form_of_another_redirects_to_its_page(app, user):
    one, two = tabs(app)
    one.open("/login")
    two.open("/login?next=/tokens")
    fill_in(one)
    assert fill_in(two).request.path == "/tokens"


def test_a_logged_in_user_is_redirected_whatever_the_password(app, user):
    one, two = tabs(app)
    one.open("/login")
    two.open("/login?next=/tokens")
    fill_in(one)
    before = one.cookie
    assert fill_in(two, password="mistyped").request.path == "/tokens"
    assert one.cookie == before or who(one) == "ada"


def test_another_user_in_a_second_tab_needs_their_password(app, user):
    factories.user(app, "eve")
    one, two = tabs(app)
    one.open("/login")
    two.open("/login?next=/tokens")
    fill_in(one)
    assert fill_in(two, "eve", "wrong").status_code == 422
    assert who(one) == "ada"
    assert fill_in(two, "eve").request.path == "/tokens"
    assert who(one) == "eve"


def test_a_login_form_works_a_day_later_after_a_logout_and_with_another_secret_key(make_app):
    app = make_app()
    factories.user(app, "ada")
    with time_machine.travel(now(), tick=False) as clock:
        over_night, after_logout = tabs(app)
        over_night.open("/login?next=/tokens")
        clock.shift(timedelta(days=3))
        assert fill_in(over_night).request.path == "/tokens"
        after_logout.open("/dashboard")
        after_logout.press("Log out")
        over_night.page = old_page = Person(app).open("/login?next=/protected")
        assert fill_in(over_night).request.path == "/protected"
    secret_keys.forget_secret_keys(app)
    elsewhere = Person(make_app(WEBAPP_SECRET_KEY=secret_keys.OTHER))
    elsewhere.page = old_page
    assert fill_in(elsewhere).request.path == "/protected"


def test_a_second_step_redirects_if_it_was_completed_in_another_tab(app, user):
    authenticator = with_app(app, user)
    one, two = tabs(app)
    for tab, target in ((one, "/protected"), (two, "/tokens")):
        tab.open(f"/login?next={target}")
        fill_in(tab)
    assert one.press("Continue", code=authenticator.code()).request.path == "/protected"
    assert two.press("Continue", code=authenticator.code()).request.path == "/tokens"


def test_a_late_second_step_keeps_its_next_page(app, user):
    authenticator = with_app(app, user)
    person = Person(app)
    person.open("/login?next=/tokens")
    fill_in(person)
    with time_machine.travel(now() + timedelta(minutes=6)):
        person.press("Continue", code=authenticator.code())
        assert (person.page.request.path, "more than 5 minutes ago" in person.page.text) == ("/login", True)
        fill_in(person)
        assert person.press("Continue", code=authenticator.code()).request.path == "/tokens"


def test_a_failed_passkey_redirects_a_logged_in_user(person):
    answer = person.ask("POST", "/login/passkey", data={"response": "{}", "next": "/tokens"})
    assert (answer.status_code, answer.location) == (303, "/tokens")
