"""A logout here continues at the provider, where its setting says so (OpenID Connect RP-Initiated Logout 1.0)."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests import factories
from tests.browser import Person
from tests.federation.upstream import CLIENT, FROM_OUTSIDE, ISSUER, Upstream, linked, log_in, provided, reached
from tests.federation.wrong_responses import DISCOVERY, down
from webapp.core.clock import now
from webapp.federation.models import LoginProvider, ProviderSession, WaitingIdentity

LEAVES = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')
BACK = "/login/with/acme/logged-out"


@pytest.fixture
def upstream(app):
    made = Upstream(metadata={"end_session_endpoint": f"{ISSUER}/logout?tenant=1"})
    provided(app, made, logs_out=True)
    linked(app, factories.user(app, "ada"))
    return made


@pytest.fixture
def ada(visitor, upstream):
    log_in(visitor, upstream)
    return visitor


def changed(app, **values):
    with factories.database_of(app).write() as db:
        for name, value in values.items():
            setattr(db.query(LoginProvider).one(), name, value)


def logs_out(person):
    """Where a logout leads; empty for the login page."""
    person.open("/dashboard")
    page = person.press("Log out")
    assert person.ask("GET", "/account").status_code == 303
    found = LEAVES.search(page.text)
    assert found or "You are logged out." in page.text
    return html.unescape(found[1]) if found else ""


def test_the_browser_is_sent_there_and_comes_back(app, ada):
    url = logs_out(ada)
    assert url.startswith(f"{ISSUER}/logout?tenant=1&client_id={CLIENT}&")
    sent = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert sent["post_logout_redirect_uri"] == f"{app.config['BASE_URL']}{BACK}"
    assert sent["id_token_hint"].count(".") == 2
    answer = ada.ask("GET", f"{BACK}?state={sent['state']}", headers=FROM_OUTSIDE)
    assert answer.headers["Location"] == "/login"
    assert "You are logged out." in ada.open("/login").text
    with factories.database_of(app).read() as db:
        assert db.query(ProviderSession).one().id_token


@pytest.mark.parametrize("query", ["", "?state=", "?state=other", "?state=a&state=b&frobnicate=1"])
def test_whoever_links_there_makes_this_site_say_nothing(ada, query):
    for person in (Person(ada.app), ada):
        assert person.ask("GET", f"{BACK}{query}", headers=FROM_OUTSIDE).status_code == 303
        assert "You are logged out." not in person.open("/login").text
    assert ada.open("/account").status_code == 200


def without_setting(app, upstream):
    changed(app, logs_out=False)


def disabled(app, upstream):
    changed(app, disabled_at=now())


def other_kind(app, upstream):
    changed(app, kind="oauth2")


def without_endpoint(app, upstream):
    del upstream.metadata["end_session_endpoint"]
    reached(app, upstream)


def provider_down(app, upstream):
    reached(app, upstream)
    down(DISCOVERY)(upstream)


@pytest.mark.parametrize("change", [without_setting, disabled, other_kind, without_endpoint, provider_down])
def test_otherwise_the_logout_ends_here(app, ada, upstream, change):
    change(app, upstream)
    assert logs_out(ada) == ""


def test_only_the_session_that_came_from_the_provider_continues_there(app, upstream):
    person = Person(app)
    person.log_in("ada")
    assert logs_out(person) == ""


def test_scripts_are_not_sent_anywhere(ada):
    ada.open("/dashboard")
    headers = {"Accept": "application/json"}
    assert ada.ask("POST", "/logout", data={"csrf_token": ada.csrf_token}, headers=headers).status_code == 204


def test_a_large_id_token_stays_out_of_the_url(visitor, upstream):
    upstream.id_claims["groups"] = [f"group {number}" for number in range(300)]
    log_in(visitor, upstream)
    url = logs_out(visitor)
    assert "id_token_hint" not in url
    assert f"client_id={CLIENT}" in url


def test_the_id_token_is_kept_only_where_it_is_needed_and_encrypted(app, upstream, visitor):
    log_in(visitor, upstream)
    changed(app, logs_out=False)
    log_in(Person(app), upstream)
    with factories.database_of(app).read() as db:
        kept = [row.id_token for row in db.query(ProviderSession).order_by(ProviderSession.created_at)]
    assert kept[1] is None
    assert b"eyJ" not in kept[0]


def first_login(person, upstream):
    log_in(person, upstream, "/login/with/acme")
    person.open("/login/with/acme/account")


def kept_while_waiting(app):
    with factories.database_of(app).read() as db:
        return db.query(WaitingIdentity).one().id_token


@pytest.fixture
def newcomer(upstream, visitor):
    """Somebody who comes from the provider and has no account here."""
    upstream.claims |= {"sub": "u-2"}
    return visitor


def test_the_session_that_begins_with_a_new_account_ends_there_without_a_question(app, upstream, newcomer):
    first_login(newcomer, upstream)
    assert b"eyJ" not in kept_while_waiting(app)
    newcomer.press("Create account")
    hint = parse_qs(urlsplit(logs_out(newcomer)).query)["id_token_hint"][0]
    assert jwt.decode(hint, options={"verify_signature": False})["sub"] == "u-2"


def test_a_new_account_whose_secret_key_has_changed_meanwhile_is_logged_out_there_all_the_same(app, upstream, newcomer):
    first_login(newcomer, upstream)
    with factories.database_of(app).write() as db:
        db.query(WaitingIdentity).one().id_token = bytes(60)
    newcomer.press("Create account")
    assert "id_token_hint" not in logs_out(newcomer)


@pytest.mark.parametrize("why", ["nobody logs out there", "it is large"])
def test_a_first_login_keeps_no_id_token_that_is_not_needed(app, upstream, newcomer, why):
    if why == "it is large":
        upstream.id_claims["groups"] = [f"group {number}" for number in range(300)]
    else:
        changed(app, logs_out=False)
    first_login(newcomer, upstream)
    assert kept_while_waiting(app) is None


def test_an_identity_that_is_only_linked_keeps_none(app, upstream, newcomer):
    newcomer.log_in("ada")
    log_in(newcomer, upstream, "/account/identities/link/acme")
    assert kept_while_waiting(app) is None
