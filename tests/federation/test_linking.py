"""Identities at /account/security: linked after a page that asks, unlinked unless it is the last way to log in."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.federation.identities import subjects_of, without_password
from tests.federation.upstream import Upstream, come_back, leave, linked, log_in, provided
from tests.outbox_mails import mails
from tests.second_factors import with_passkey
from tests.tables import events
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.core.clock import now
from webapp.federation import linking
from webapp.federation.linked_logins import only_ways_in
from webapp.federation.models import LoginProvider
from webapp.testing import JSON, as_user

START = "/account/identities/link/acme"


def disable_provider(app):
    with factories.database_of(app).write() as db:
        db.query(LoginProvider).one().disabled_at = now()


@pytest.fixture
def ada(app, user, upstream) -> Person:
    person = Person(app)
    person.log_in("ada")
    return person


def test_an_identity_is_linked_only_after_a_page_that_asks(app, user, ada, upstream):
    assert START in ada.open("/account/security").text
    answer = log_in(ada, upstream, START)
    assert answer.headers["Location"] == "/login/with/acme/link"
    page = ada.open("/login/with/acme/link").text
    assert "grace@example.org" in page
    assert subjects_of(app, user) == []
    others = Person(app)
    others.log_in("ada")
    ada.open("/login/with/acme/link")
    assert "You can log in with Acme now." in ada.press("Link Acme").text
    assert subjects_of(app, user) == ["u-1"]
    assert [mail.kind for mail in mails(app)][-1] == "identity_linked"
    assert len(events(app, "provider.linked")) == 1
    assert others.ask("GET", "/dashboard").status_code == 303, "other devices are logged out"
    entry = as_user(app, "ada").get("/account/security", headers=JSON).json["identities"][0]
    assert (entry["provider"], entry["shown_as"], entry["works"], entry["keep"]) == (
        "Acme",
        "grace@example.org",
        True,
        None,
    )
    again = Person(app)
    assert log_in(again, upstream).headers["Location"] == "/dashboard"
    assert "logged in with identity provider" in again.open("/account/security").text


def test_a_link_is_for_the_user_who_began_it(app, user, ada, upstream):
    factories.user(app, "eve")
    parameters = upstream.authorized(leave(ada, START))
    later = upstream.authorized(leave(ada, START))
    assert come_back(ada, parameters).status_code == 303
    ada.open("/logout")
    ada.press("Log out")
    assert come_back(ada, later).status_code in (400, 403), "nobody is logged in"
    ada.log_in("eve")
    assert ada.open("/login/with/acme/link").status_code == 404, "it waits for ada"
    with factories.database_of(app).read() as db:
        assert db.query(linking.LinkedIdentity).count() == 0


def test_an_identity_of_another_account_or_of_the_same_is_not_linked_again(app, user, ada, upstream):
    other = factories.user(app, "eve")
    linked(app, other)
    assert log_in(ada, upstream, START).status_code == 409
    assert subjects_of(app, user) == []
    upstream.claims["sub"] = "u-2"
    log_in(ada, upstream, START)
    ada.open("/login/with/acme/link")
    ada.press("Link Acme")
    assert log_in(ada, upstream, START).headers["Location"] == "/account/security"
    assert "already linked" in ada.open("/account/security").text
    assert subjects_of(app, user) == ["u-2"]


def test_linking_and_unlinking_need_a_fresh_login(app, user, ada, upstream):
    identity = linked(app, user)
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        for path in (START, "/login/with/acme/link", f"/account/identities/{identity}/unlink"):
            assert ada.ask("GET", path).headers["Location"].startswith("/confirm?"), path


WAYS = {
    "a password": ({"password"}, None),
    "a passkey": ({"passkey"}, None),
    "another identity": ({"identity"}, None),
    "another identity whose provider is disabled": ({"disabled"}, "only way"),
    "nothing else": (set(), "only way"),
}


@pytest.mark.parametrize("ways", WAYS)
def test_the_last_way_in_stays(make_app, ways):
    app = make_app(WEBAPP_BASE_URL="https://login.example.org")
    user, others = factories.user(app, "ada"), WAYS[ways][0]
    identity = linked(app, user)
    caller = as_user(app, "ada")
    if "disabled" in others:
        other = provided(app, Upstream("https://other.example.org"), slug="other", disabled_at=now())
        with factories.database_of(app).write() as db:
            db.add(linking.LinkedIdentity(**columns(other, user)))
    if "identity" in others:
        linked(app, user, "u-2")
    if "passkey" in others:
        with_passkey(app, user)
        caller = as_user(app, "ada", amr="hwk user")
    if "password" not in others:
        without_password(app, user)
    page = caller.get("/account/security").text
    answer = caller.post(f"/account/identities/{identity}/unlink", headers=JSON, json={})
    if WAYS[ways][1] is None:
        assert answer.status_code == 204
        assert [mail.kind for mail in mails(app)] == ["identity_unlinked"]
        assert events(app, "provider.unlinked")
    else:
        assert answer.status_code == 409
        assert "This is your only way to log in." in answer.json["detail"]
        assert 'disabled aria-describedby="why-identity-1"' in page
        assert len(subjects_of(app, user)) == len(others) + 1


def columns(provider, user):
    named = {"issuer": provider.issuer, "subject": "x", "provider_id": provider.id, "shown_as": "x"}
    return named | {"user_id": user.id, "created_at": now()}


def test_password_and_passkey_can_go_when_identities_remain(make_app):
    app = make_app(WEBAPP_BASE_URL="https://login.example.org")
    user = factories.user(app, "ada")
    with_passkey(app, user)
    linked(app, user)
    caller = as_user(app, "ada", amr="hwk user")
    assert caller.post("/account/password/remove", headers=JSON, json={}).status_code == 204
    passkey = caller.get("/account/security", headers=JSON).json["factors"]["passkeys"][0]["id"]
    disable_provider(app)
    path = f"/account/security/passkeys/{passkey}/remove"
    assert caller.post(path, headers=JSON, json={}).status_code == 409, "its provider is disabled"
    with factories.database_of(app).write() as db:
        db.query(LoginProvider).one().disabled_at = None
    assert caller.post(path, headers=JSON, json={}).status_code == 204


def test_those_who_would_be_locked_out_without_a_provider_are_counted(app, upstream):
    with factories.database_of(app).read() as db:
        provider = db.query(LoginProvider).one()
    people = {name: factories.user(app, name) for name in ("password", "passkey", "both", "only", "disabled")}
    for name, user in people.items():
        linked(app, user, name)
        if name != "password":
            without_password(app, user)
    with_passkey(app, people["passkey"])
    other = provided(app, Upstream("https://other.example.org"), slug="other")
    with factories.database_of(app).write() as db:
        db.add(linking.LinkedIdentity(**columns(other, people["both"])))
        lifecycle.disable(db, db.get_one(User, people["disabled"].id))
        assert only_ways_in(db, provider.id, PasswordLoginPolicy("on")) == 1
        assert only_ways_in(db, provider.id, PasswordLoginPolicy("off")) == 2, "the password does not count"
        assert only_ways_in(db, provider.id, PasswordLoginPolicy("admins")) == 2
        db.get_one(User, people["password"].id).role = "admin"
        db.flush()
        assert only_ways_in(db, provider.id, PasswordLoginPolicy("admins")) == 1
        db.get_one(LoginProvider, other.id).disabled_at = now()
        db.flush()
        assert only_ways_in(db, provider.id, PasswordLoginPolicy("on")) == 2
