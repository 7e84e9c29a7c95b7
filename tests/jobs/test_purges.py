"""Purge jobs delete what expired long ago, and nothing else."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text

from tests import factories
from tests.accounts.link_races import HERE
from tests.script import Script
from webapp.accounts import one_time_links, self_registration
from webapp.accounts.models import Link, User
from webapp.accounts.registration import NewUser, add
from webapp.core import ratelimit_storage
from webapp.core.clock import now
from webapp.core.models import RateBucket
from webapp.core.ratelimit import Limit, Limiter
from webapp.credentials import purge as credential_purge
from webapp.credentials.models import Credential, CredentialUse
from webapp.credentials.usage_tracker import UsageTracker
from webapp.mail.mailer import Mailer
from webapp.sessions.models import BrowserSession
from webapp.tokens.models import ApiToken
from webapp.web.registry import services_of

RETENTION = timedelta(days=90)
SECOND = timedelta(seconds=1)


def purge(database, limit=credential_purge.BATCH_SIZE):
    with database.write() as db:
        return credential_purge.purge(db, retention=RETENTION, limit=limit)


def rows(database, table):
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("table", [Credential, ApiToken, BrowserSession])
def test_ended_credentials_are_deleted_after_ninety_days_with_dependent_rows(app, user, person, database, table):
    Script(app, factories.api_token(app, user).token).get("/protected")
    services_of(app).get(UsageTracker).flush()
    assert rows(database, CredentialUse)
    before = rows(database, table)
    with database.read() as db:
        first, last = sorted(db.scalars(select(Credential.expires_at)))
    with time_machine.travel(first + RETENTION - SECOND, tick=False):
        assert purge(database) == 0
        assert rows(database, table) == before
    with time_machine.travel(last + RETENTION + SECOND, tick=False):
        assert purge(database) == 2
        assert (rows(database, table), rows(database, CredentialUse)) == (0, 0)


def test_revoked_credentials_are_deleted_after_ninety_days_and_stay_refused(app, user, database):
    issued = factories.api_token(app, user, lifetime=timedelta(days=365))
    with database.write() as db:
        db.get_one(Credential, issued.entry.id).revoked_at = now()
    with time_machine.travel(now() + RETENTION + SECOND, tick=False):
        assert purge(database) == 1
        assert Script(app, issued.token).get("/protected").status_code == 401


def test_live_credentials_are_not_deleted(app, user, database):
    lives = factories.api_token(app, user, lifetime=timedelta(days=365))
    with time_machine.travel(now() + timedelta(days=200), tick=False):
        assert purge(database) == 0
        assert Script(app, lives.token).get("/protected").status_code == 200


# So many sessions, all of them over when 1970 was young.
LONG_OVER = text("""
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :size)
    INSERT INTO credential (id, "key", kind, user_id, created_at, expires_at, auth_time, amr)
    SELECT lower(hex(randomblob(16))), n, 'session', :user_id, 1, 1, 1, 'pwd' FROM number
""")


def test_ended_credentials_are_deleted_in_small_steps(app, user, database):
    lives = factories.api_token(app, user)
    with database.write() as db:
        db.execute(LONG_OVER, {"size": 10 * credential_purge.BATCH_SIZE, "user_id": user.id.hex})
    # Others wait for the lock as long as one step takes; the database gives them five seconds.
    steps = list(iter(lambda: purge(database), 0))
    assert steps == [credential_purge.BATCH_SIZE] * 10
    assert rows(database, Credential) == 1
    assert Script(app, lives.token).get("/protected").status_code == 200


def test_purges_use_an_index(database):
    for table, column in (("credential", "expires_at"), ("credential", "revoked_at"), ("link", "expires_at")):
        with database.read() as db:
            plan = db.execute(text(f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {column} <= 1 LIMIT 500")).all()
        assert f"ix_{table}_{column}" in str(plan)


def test_old_links_are_deleted(app, user, database):
    with database.write() as db:
        one_time_links.create(db, "reset", timedelta(minutes=30), user_id=user.id)
    for later, gone in ((one_time_links.RETENTION, 0), (one_time_links.RETENTION + timedelta(minutes=30), 1)):
        with time_machine.travel(now() + later, tick=False), database.write() as db:
            assert one_time_links.purge(db) == gone
    assert rows(database, Link) == 0


def test_expired_limits_are_deleted_and_others_kept(app, database):
    for name, minutes in (("over", 1), ("open", 60)):
        services_of(app).get(Limiter).take(Limit(name, 3, timedelta(minutes=minutes)), "ada")
    with time_machine.travel(now() + timedelta(minutes=2), tick=False), database.write() as db:
        assert ratelimit_storage.purge(db) == 1
    assert rows(database, RateBucket) == 1


def test_unverified_accounts_are_deleted_after_their_time(app, user, database):
    new = NewUser(username="nobody", email="n@example.org", password_hash=factories.HASHED, must_verify=True)
    with database.write() as db:
        self_registration.send_link(db, services_of(app).get(Mailer), add(db, new, origin="register"), HERE)
    for later, gone in ((self_registration.LIFETIME - timedelta(minutes=1), 0), (self_registration.LIFETIME, 1)):
        with time_machine.travel(now() + later), database.write() as db:
            assert self_registration.delete_unverified(db) == gone
    with database.read() as db:
        assert db.scalars(select(User.username)).all() == ["ada"]
