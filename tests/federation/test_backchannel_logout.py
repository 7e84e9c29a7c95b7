"""A logout at the provider ends the sessions here that came from it (OpenID Connect Back-Channel Logout 1.0)."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.federation.logout_tokens import MOMENT, WRONG, logout_token
from tests.federation.upstream import (
    Upstream,
    come_back,
    leave,
    linked,
    log_in,
    provided,
    reached,
)
from tests.federation.wrong_responses import down
from tests.script import Script
from webapp.core.clock import now
from webapp.federation import provider_sessions
from webapp.federation.models import LoginProvider, ProviderSession

URL = "/login/with/acme/backchannel-logout"


@pytest.fixture
def ada(app, upstream):
    user = factories.user(app, "ada")
    linked(app, user)
    return user


def sent(app, token, url=URL, **more):
    return app.test_client().post(url, data={"logout_token": token} | more)


def logged_in(app, upstream, sid=None):
    """A browser whose login came from a session at the provider."""
    person = Person(app)
    upstream.id_claims = {"sid": sid} if sid else {}
    assert log_in(person, upstream).headers["Location"] == "/dashboard"
    return person


def is_logged_in(person):
    return person.ask("GET", "/account").status_code == 200


def test_it_ends_the_session_that_it_names_and_no_other(app, ada, upstream):
    ended, other = logged_in(app, upstream, "s-1"), logged_in(app, upstream, "s-2")
    by_password = Person(app)
    by_password.log_in("ada")
    response = sent(app, logout_token(upstream, sid="s-1"))
    assert (response.status_code, response.data, response.headers["Cache-Control"]) == (200, b"", "no-store")
    assert [is_logged_in(person) for person in (ended, other, by_password)] == [False, True, True]
    admin = Script(app, factories.api_token(app, factories.user(app, "ines", role="admin"), "admin:read").token)
    entry = admin.get("/admin/audit?event=session.ended").json["events"][0]
    assert entry["sentence"].startswith("A logout at Acme ended a session of ada: ")
    # It has ended, and whoever sends another notice of it is right.
    assert sent(app, logout_token(upstream, sid="s-1")).status_code == 200
    assert sent(app, logout_token(upstream, sid="s-1", sub="u-1")).status_code == 200


def test_without_a_session_it_ends_all_of_the_subject_at_this_provider(app, ada, upstream):
    other = Upstream(issuer="https://other.example.org")
    provided(app, other, slug="other")
    reached(app, upstream)
    grace = factories.user(app, "grace")
    people = [logged_in(app, upstream, "s-1"), logged_in(app, upstream)]
    linked(app, grace, "u-2")
    upstream.claims["sub"] = "u-2"
    graces = logged_in(app, upstream, "s-3")
    assert sent(app, logout_token(upstream, sub="u-1"), "/login/with/other/backchannel-logout").status_code == 400
    assert all(map(is_logged_in, people))
    assert sent(app, logout_token(upstream, sub="u-1")).status_code == 200
    assert not any(map(is_logged_in, people))
    assert is_logged_in(graces)


@pytest.mark.parametrize(
    ("claims", "stays"),
    [
        ({"sid": "s-1", "sub": "u-1"}, [False, True, False]),
        ({"sid": "s-1", "sub": "u-2"}, [True, True, True]),
        ({"sid": "s-9"}, [True, True, True]),
        ({"sid": "s-9", "sub": "u-1"}, [True, True, False]),
        ({"sub": "u-9"}, [True, True, True]),
    ],
)
def test_session_and_subject_name_together(app, ada, upstream, claims, stays):
    """A session whose ID token had no sid may be any of its subject."""
    people = [logged_in(app, upstream, sid) for sid in ("s-1", "s-2", None)]
    assert sent(app, logout_token(upstream, **claims)).status_code == 200
    assert [is_logged_in(person) for person in people] == stays


def test_it_ends_the_session_also_after_the_user_has_confirmed_it_is_them(app, ada, upstream):
    person = logged_in(app, upstream, "s-1")
    person.open("/confirm")
    person.press("Confirm", password=factories.PASSWORD)
    assert is_logged_in(person)
    sent(app, logout_token(upstream, sid="s-1"))
    assert not is_logged_in(person)


def test_a_login_that_is_not_complete_ends_too(app, ada, upstream, monkeypatch):
    """The logout comes between the callback and the session."""
    upstream.id_claims = {"sid": "s-1"}
    person = Person(app)
    given = upstream.authorized(leave(person))
    attach = provider_sessions.attach

    def late(*arguments, **named):
        arguments[0].query(ProviderSession).delete()
        return attach(*arguments, **named)

    monkeypatch.setattr(provider_sessions, "attach", late)
    assert come_back(person, given).status_code == 400
    assert not is_logged_in(person)
    # What is left of it in the browser disturbs no other login.
    person.log_in("ada")
    assert is_logged_in(person)


def test_a_wrong_token_ends_nothing(app, ada, upstream, subtests):
    person = logged_in(app, upstream, "s-1")
    with time_machine.travel(MOMENT, tick=False):
        good = logout_token(upstream, sid="s-1")
        bodies = {
            "nothing": {},
            "an empty token": {"logout_token": ""},
            "no JWT": {"logout_token": "x"},
            "two tokens": {"logout_token": [good, good]},
            "a huge one": {"logout_token": "e30." + "x" * 20_000 + ".x"},
            "an ID token": {"logout_token": upstream.id_token({"nonce": "n"}, "token")},
        }
        bodies |= {
            words: {"logout_token": logout_token(upstream, **{"sid": "s-1", "sub": "u-1"} | changed)}
            for words, changed in WRONG.items()
        }
        for number, (words, body) in enumerate(bodies.items()):
            with subtests.test(words):
                network = {"REMOTE_ADDR": f"198.51.100.{number}"}
                response = app.test_client().post(URL, data=body, environ_overrides=network)
                assert response.status_code == 400
                assert response.headers["Cache-Control"] == "no-store"
    assert is_logged_in(person)


@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}, {"typ": None}])
def test_a_token_counts_once(app, ada, upstream, header):
    token = logout_token(upstream, header=header, sub="u-1")
    person = logged_in(app, upstream)
    assert sent(app, token).status_code == 200
    assert not is_logged_in(person)
    again = logged_in(app, upstream)
    assert sent(app, token).status_code == 400
    assert is_logged_in(again)


def test_it_ends_sessions_while_the_provider_is_disabled_too(app, ada, upstream):
    person = logged_in(app, upstream, "s-1")
    with factories.database_of(app).write() as db:
        db.query(LoginProvider).one().disabled_at = now()
    assert sent(app, logout_token(upstream, sid="s-1")).status_code == 200
    assert not is_logged_in(person)


def test_of_no_provider_and_by_another_method(app, ada, upstream):
    token = logout_token(upstream, sub="u-1")
    assert sent(app, token, "/login/with/nobody/backchannel-logout").status_code == 404
    assert app.test_client().get(f"{URL}?logout_token={token}").status_code == 405
    with factories.database_of(app).write() as db:
        db.query(LoginProvider).one().kind = "oauth2"
    assert sent(app, token).status_code == 400


def test_without_the_keys_of_the_provider_it_is_refused(app, ada, upstream):
    person = logged_in(app, upstream)
    reached(app, upstream)
    down("/keys")(upstream)
    assert sent(app, logout_token(upstream, sub="u-1")).status_code == 400
    assert is_logged_in(person)


def test_a_network_that_guesses_is_refused(app, ada, upstream):
    person = logged_in(app, upstream)
    for _guess in range(50):
        assert sent(app, "x").status_code == 400
    assert sent(app, logout_token(upstream, sub="u-1")).status_code == 429
    assert is_logged_in(person)


def test_what_is_stored_of_sessions_at_the_provider_goes_with_the_sessions(app, ada, upstream):
    people = [logged_in(app, upstream, sid) for sid in ("s-1", "s-2")]
    people[0].open("/dashboard")
    people[0].press("Log out")
    for later, expected in ((timedelta(), 2), (timedelta(hours=25), 0)):
        with time_machine.travel(now() + later, tick=False), factories.database_of(app).write() as db:
            provider_sessions.purge(db)
            assert db.query(ProviderSession).count() == expected


def test_a_session_id_that_is_too_long_counts_as_none(app, ada, upstream):
    logged_in(app, upstream, "s" * 300)
    with factories.database_of(app).read() as db:
        assert db.query(ProviderSession).one().provider_sid == ""
