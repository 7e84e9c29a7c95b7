"""The same site on PostgreSQL."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests import factories
from tests.audit.unchained_log import relink
from tests.browser import Person
from tests.oauth.app import registered
from tests.script import Script
from webapp.accounts import lifecycle as account_lifecycle
from webapp.accounts.models import User
from webapp.audit import chain
from webapp.cli import schema
from webapp.core.db import Database, engine_for
from webapp.credentials import lifecycle as credentials
from webapp.jobs import leases
from webapp.jobs.leases import Jobs
from webapp.jobs.worker import JobWorker
from webapp.settings import Settings
from webapp.tokens import lifecycle
from webapp.web.registry import services_of

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture
def app(on_postgresql: Flask) -> Flask:
    return on_postgresql


def test_the_migrations_match_the_models(settings: Settings) -> None:
    engine = engine_for(settings.database)
    assert schema.differences(engine) == []
    engine.dispose()


def test_people_and_scripts_log_in_and_are_ended_at_once(app: Flask) -> None:
    owner = factories.user(app, "pg-owner")
    person = Person(app)
    assert person.log_in("pg-owner").status_code == 200
    issued = factories.api_token(app, owner, "protected:read")
    script = Script(app, issued.token)
    assert script.get("/protected").status_code == 200
    with services_of(app).get(Database).write() as db:
        assert lifecycle.revoke(db, owner.id, issued.entry.id)
    assert script.get("/protected").json["code"] == "token_revoked"
    copied = person.cookie
    person.press("Log out")
    thief = Person(app)
    thief.client.set_cookie("session", copied)
    assert thief.open("/dashboard").request.path == "/login"


def test_apps_learn_what_is_true_now(app: Flask) -> None:
    factories.user(app, "ines", role="admin")
    person = Person(app)
    person.log_in("ines")
    wiki = registered(app, "What Ines reads", is_first_party=True, group_roles=["user"])
    token = wiki.redeem(wiki.authorize(person, scope="openid profile groups")["code"]).json["access_token"]
    first = Script(app, token).get("/oauth/userinfo").json
    assert first["groups"] == ["user"]
    assert first == Script(app, token).get("/oauth/userinfo").json
    with factories.database_of(app).write() as db:
        db.get_one(User, UUID(first["sub"])).display_name = "Ines M."
    assert Script(app, token).get("/oauth/userinfo").json == first | {"name": "Ines M."}


def test_all_jobs_run(app: Flask) -> None:
    assert services_of(app).get(JobWorker).do_due() == [job.name for job in services_of(app).get(Jobs)]
    with services_of(app).get(Database).read() as db:
        assert leases.late(db, services_of(app).get(Jobs)) == []


def test_an_emergency_ends_all_credentials(app: Flask) -> None:
    owner = factories.user(app, "pg-emergency")
    person, script = Person(app), Script(app, factories.api_token(app, owner, "protected:read").token)
    person.log_in("pg-emergency")
    with services_of(app).get(Database).write() as db:
        ended = credentials.end_every_credential(db)
    assert ended["session"] >= 1
    assert ended["token"] >= 1
    assert script.get("/protected").json["code"] == "token_revoked"
    assert person.open("/dashboard").request.path == "/login"


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit_event SET event = 'x' WHERE seq = 1", id="an event is changed"),
        pytest.param("DELETE FROM audit_event WHERE seq = 1", id="an event is removed"),
        pytest.param("DELETE FROM audit_event", id="all are removed"),
        pytest.param("TRUNCATE audit_event", id="all are removed at once"),
        pytest.param("TRUNCATE audit_event, audit_head", id="the head with them"),
        pytest.param("UPDATE audit_head SET seq = seq - 1", id="the head goes back"),
        pytest.param("UPDATE audit_head SET sealed_seq = seq", id="the head seals what it cannot know"),
        pytest.param("UPDATE audit_head SET sealed_seq = 1, sealed_digest = '\\x00'", id="the head seals with a lie"),
        pytest.param("DELETE FROM audit_head", id="the head is removed"),
        pytest.param(
            "INSERT INTO audit_head SELECT 2, seq, digest, sealed_seq, sealed_digest FROM audit_head",
            id="a second head is put beside it",
        ),
        pytest.param(
            "INSERT INTO audit_event (id, seq, digest, at, event, details) "
            "SELECT gen_random_uuid(), 1, digest, at, event, details FROM audit_event WHERE seq = 1",
            id="a number is given twice",
        ),
    ],
)
def test_the_database_refuses_to_change_audit_events(app: Flask, statement: str) -> None:
    database = services_of(app).get(Database)
    factories.user(app)
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(statement))
    with database.read() as db:
        assert chain.verify(db).broken_at is None


def test_a_log_from_before_the_chain_is_linked(app: Flask, settings: Settings) -> None:
    gone = factories.user(app)
    with services_of(app).get(Database).write() as db:
        account_lifecycle.delete(db, db.merge(gone))
    relink(app, settings)
