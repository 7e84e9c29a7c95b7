"""Last use: counted immediately, written after the response, at most once a minute, without losses."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from tests import factories
from tests.script import Script
from tests.tables import events
from webapp.core.clock import now
from webapp.core.db import Database, Unavailable
from webapp.credentials import usage_tracker
from webapp.credentials.models import Credential
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard.login_manager import Authenticators
from webapp.web.registry import services_of


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as travelling:
        yield travelling


@pytest.fixture
def issued(app, user, clock):
    return factories.api_token(app, user)


def row(app, issued):
    with services_of(app).get(Database).read() as db:
        return db.get_one(Credential, issued.credential.id)


def counted(app, issued):
    with services_of(app).get(Database).read() as db:
        days = usage_tracker.by_day(db, [issued.credential.id], since=now().date())
        return sum(days[issued.credential.id].values())


def test_the_first_use_is_written_at_once_with_its_ip_address(app, issued):
    Script(app, issued.token, ip_address="198.51.100.9").get("/protected")
    found = row(app, issued)
    assert (found.last_used_at, found.last_used_from) == (now(), "198.51.100.9")


def test_only_the_first_use_is_an_event(app, issued, clock):
    script = Script(app, issued.token)
    script.get("/protected")
    clock.shift(timedelta(minutes=5))
    script.get("/protected")
    assert len(events(app, "token.first-used")) == 1


def test_two_processes_record_one_first_use(make_app, app, issued):
    for site in (app, make_app()):
        Script(site, issued.token).get("/protected")
        services_of(site).get(UsageTracker).flush()
    assert len(events(app, "token.first-used")) == 1


def test_uses_within_a_minute_are_written_later(app, issued, clock):
    script = Script(app, issued.token)
    for _ in range(10):
        clock.shift(timedelta(seconds=1))
        script.get("/protected")
    assert counted(app, issued) == 1
    clock.shift(timedelta(minutes=1))
    script.get("/protected")
    assert counted(app, issued) == 11


def test_pending_uses_are_written_when_the_process_ends(app, issued):
    script = Script(app, issued.token)
    for _ in range(3):
        script.get("/protected")
    services_of(app).get(UsageTracker).flush()
    assert counted(app, issued) == 3


def test_a_refused_request_does_not_count_as_use(app, user, clock):
    issued = factories.api_token(app, user, lifetime=timedelta(seconds=1))
    clock.shift(2)
    Script(app, issued.token).get("/protected")
    assert row(app, issued).last_used_at is None


def test_a_use_of_a_deleted_credential_is_no_error(app, issued):
    script = Script(app, issued.token)
    script.get("/protected")
    script.get("/protected")
    with services_of(app).get(Database).write() as db:
        db.execute(text("DELETE FROM credential"))
    services_of(app).get(UsageTracker).flush()


def test_requests_are_counted_by_day(app, user, issued, clock):
    script = Script(app, issued.token)
    script.get("/protected")
    clock.shift(timedelta(days=1))
    script.get("/protected")
    with services_of(app).get(Database).read() as db:
        assert list(usage_tracker.by_scripts(db, user.id, since=(now() - timedelta(days=1)).date()).values()) == [1, 1]


def test_the_last_request_of_a_token_is_stored_with_its_client(app, issued):
    Script(app, issued.token).get("/protected", headers={"User-Agent": "restic/0.16 (linux)"})
    found = row(app, issued)
    assert (found.last_used_for, found.last_used_by) == ("GET /protected", "restic")


def test_the_user_agent_cannot_inject_text_into_pages(app, issued):
    Script(app, issued.token).get("/protected", headers={"User-Agent": "<b>Your token has expired, visit evil/1"})
    assert row(app, issued).last_used_by == "a script"


def test_requests_are_counted_by_route(app, issued, clock):
    script = Script(app, issued.token)
    for path in ("/protected", "/protected", "/tokens", f"/tokens/{issued.entry.id}"):
        script.get(path)
    services_of(app).get(UsageTracker).flush()
    with services_of(app).get(Database).read() as db:
        found = usage_tracker.by_resource(db, issued.entry.id, since=now().date())
    assert found == {"GET /protected": 2, "GET /tokens": 1, "GET /tokens/<uuid:token_id>": 1}


def test_the_number_of_counted_routes_is_limited(app, issued):
    meter, database = services_of(app).get(UsageTracker), services_of(app).get(Database)
    with database.read() as db:
        credential_row = (
            services_of(app).get(Authenticators).credential_row(db.get_one(Credential, issued.entry.id).key)
        )
    for number in range(80):
        meter.count(credential_row, "10.0.0.7", "GET", f"/{number}", "curl/8")
    meter.flush()
    with database.read() as db:
        found = usage_tracker.by_resource(db, issued.entry.id, since=now().date())
    assert (len(found), found["other"], sum(found.values())) == (51, 30, 80)


def test_uses_that_a_busy_database_refused_are_kept(app, issued, monkeypatch):
    meter = services_of(app).get(UsageTracker)
    script = Script(app, issued.token)
    script.get("/protected")
    with monkeypatch.context() as patch:
        patch.setattr(usage_tracker, "write", out_of_order)
        script.get("/protected")
        meter.flush()
    script.get("/tokens")
    meter.flush()
    with services_of(app).get(Database).read() as db:
        assert usage_tracker.by_resource(db, issued.entry.id, since=now().date()) == {
            "GET /protected": 2,
            "GET /tokens": 1,
        }


def out_of_order(*_):
    raise Unavailable("busy")
