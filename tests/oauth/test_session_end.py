"""The end of a session ends what apps were given without ``offline_access``, whichever way it ends."""

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import event

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered, status
from tests.oauth.session_ends import SESSION_ENDS
from webapp.accounts import user_queries
from webapp.core.clock import now
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.oauth import clients
from webapp.sessions import lifecycle
from webapp.tokens import refresh_families
from webapp.tokens.refresh_families import FamilyTerms, RefreshLifetimes, ScriptClient

USERINFO = "/oauth/userinfo"


def log_out(person):
    person.visit("GET", "/dashboard")
    person.press("Log out")


@pytest.mark.parametrize("way", SESSION_ENDS)
def test_tokens_without_offline_access_end_with_the_session(app, person, user, wiki, way):
    token = wiki.log_in(person, scope="openid")["access_token"]
    assert status(app, token, USERINFO) == 200
    factories.user(app, "keeper", role="super_admin")
    with factories.database_of(app).write() as db:
        SESSION_ENDS[way](db, user_queries.by_id(db, user.id))
    assert status(app, token, USERINFO) == 401


def test_those_of_other_sessions_and_with_offline_access_stay(app, person, user, wiki):
    kept = wiki.log_in(person)
    other = Person(app)
    other.log_in(user.username)
    elsewhere = wiki.redeem(wiki.authorize(other, scope="openid")["code"]).json["access_token"]
    with factories.database_of(app).write() as db:
        oldest = min(lifecycle.live(db, user.id), key=lambda row: row[0].created_at)[0].id
        lifecycle.end(db, user.id, oldest)
    assert status(app, kept["access_token"], USERINFO) == 200
    assert "access_token" in wiki.refresh(kept["refresh_token"]).json
    assert status(app, elsewhere, USERINFO) == 200


def test_a_new_proof_of_identity_ends_nothing_and_the_next_end_does(app, person, user, wiki):
    token = wiki.log_in(person, scope="openid")["access_token"]
    person.visit("GET", "/confirm")
    person.press("Confirm", password=factories.PASSWORD)
    assert status(app, token, USERINFO) == 200
    log_out(person)
    assert status(app, token, USERINFO) == 401


def test_a_token_expires_no_later_than_its_session(make_app):
    site = make_app(WEBAPP_SESSION_IDLE="10m")
    factories.user(site, "ada")
    person = Person(site)
    person.log_in("ada")
    tokens = registered(site).log_in(person, scope="openid")
    assert tokens["expires_in"] <= 600
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert status(site, tokens["access_token"], USERINFO) == 401


def test_a_code_whose_session_has_ended_gets_nothing(person, wiki):
    code = wiki.allowed_by(person)["code"]
    log_out(person)
    answer = wiki.redeem(code)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


def test_an_app_with_many_logins_is_removed_in_few_statements(app, user, wiki):
    with factories.database_of(app).write() as db:
        tokens = [family_of(db, user, wiki) for _ in range(30)]
        statements = []
        event.listen(db.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
        client = clients.by_id(db, UUID(wiki.client_id))
        assert clients.remove(db, client, origin="test") == len(tokens)
        db.flush()
        assert len(statements) < 15, statements
        db.expire_all()
        assert all(db.get_one(Credential, one).revoked_at for one in tokens)


def family_of(db, user, wiki):
    grant = TokenGrant(scopes=frozenset({"openid"}), client=wiki.client_id)
    terms = FamilyTerms(grant, timedelta(hours=1), RefreshLifetimes(None, timedelta(hours=1)), app_name="Wiki")
    proof = AuthenticationProof(now(), "pwd")
    return refresh_families.begin(db, user.id, terms, ScriptClient("", None), proof).credential.id
