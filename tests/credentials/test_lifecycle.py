"""Credentials: issued, ended, and looked up, one row each."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import text

from tests import factories
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials import lifecycle
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.web.registry import services_of

HOUR = timedelta(hours=1)


@pytest.fixture
def db(database, user):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False), database.write() as session:
        yield session


def make(db, user, kind="token", lifetime=HOUR, idle=None):
    proof = AuthenticationProof(now(), "pwd")
    return lifecycle.issue(
        db, id=uuid4(), key=uuid4().hex, kind=kind, user_id=user.id, lifetime=lifetime, proof=proof, idle=idle
    )


def test_a_credential_can_be_ended_once(db, user):
    made = make(db, user)
    assert lifecycle.end(db, made.id)
    assert not lifecycle.end(db, made.id)


def test_a_missing_credential_cannot_be_ended(db):
    assert not lifecycle.end(db, uuid4())


def test_ending_all_of_a_kind_keeps_the_others(db, user):
    session, token = make(db, user, "session"), make(db, user)
    assert lifecycle.end_all(db, user.id, kind="session") == [session.id]
    assert [found.id for found in lifecycle.live(db, user.id, "token")] == [token.id]


def test_ending_all_can_keep_the_current_one(db, user):
    kept, ended = make(db, user, "session"), make(db, user, "session")
    assert lifecycle.end_all(db, user.id, keep=kept.id) == [ended.id]


def test_ending_all_keeps_those_of_other_users(db, user):
    kept = make(db, user)
    assert lifecycle.end_all(db, uuid4()) == []
    assert [found.id for found in lifecycle.live(db, user.id, "token")] == [kept.id]


def test_an_expired_credential_is_not_ended_again(db, user):
    make(db, user, lifetime=-HOUR)
    assert lifecycle.end_all(db, user.id) == []


@pytest.mark.parametrize(
    ("lifetime", "idle", "is_live"),
    [
        pytest.param(HOUR, None, True, id="in its time"),
        pytest.param(timedelta(), None, False, id="at its end"),
        pytest.param(HOUR, timedelta(), False, id="idle for too long"),
        pytest.param(HOUR, HOUR, True, id="used lately"),
    ],
)
def test_live_credentials_are_those_that_are_accepted_now(db, user, lifetime, idle, is_live):
    made = db.get_one(Credential, make(db, user, lifetime=lifetime).id)
    if idle is not None:
        made.idle, made.idle_at = idle, now() + idle
        db.flush()
    assert (lifecycle.live(db, user.id, "token") != []) == is_live


def test_rows_are_deleted_with_their_user(app, user):
    factories.api_token(app, user)
    with services_of(app).get(Database).write() as db:
        db.execute(text("DELETE FROM user"))
        for table in ("credential", "api_token", "browser_session", "credential_use"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
