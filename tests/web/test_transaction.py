"""One request, one transaction; and what is said when the database does not answer."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import event, select

from tests import factories
from tests.browser import HTML, Person
from tests.guard.example_routes import add
from tests.script import Script
from tests.tables import contents
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.guard import require
from webapp.web.problems import Problem
from webapp.web.registry import services_of
from webapp.web.transaction import db


@pytest.fixture
def impatient(app):
    """A site that waits a twentieth of a second for the other writer."""
    event.listen(services_of(app).get(Database).engine, "connect", wait_shortly)
    services_of(app).get(Database).engine.dispose()
    return app


def wait_shortly(connection, _record):
    connection.execute("PRAGMA busy_timeout=50")


@contextmanager
def another_writer(instance):
    with closing(sqlite3.connect(instance / "latchkey.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def rename(status):
    def view(principal):
        db().scalars(select(User)).one().username = "changed"
        db().flush()
        if status >= 400:
            raise Problem(status, "No")
        return "", status

    return require(scope="protected:read")(view)


def name_of_the_user(app):
    with services_of(app).get(Database).read() as session:
        return session.scalars(select(User.username)).one()


@pytest.mark.parametrize("status", [400, 403, 409, 422, 500])
def test_a_refusal_after_the_first_write_rolls_it_back(app, script, status):
    add(app, "/rename", rename(status), methods=["POST"])
    assert script.post("/rename").status_code == status
    assert name_of_the_user(app) == "ada"


@pytest.mark.parametrize("status", [200, 204, 303])
def test_a_successful_change_is_committed(app, script, status):
    add(app, "/rename", rename(status), methods=["POST"])
    assert script.post("/rename").status_code == status
    assert name_of_the_user(app) == "changed"


def test_an_error_after_the_first_write_rolls_it_back(app, script):
    def view(principal):
        db().scalars(select(User)).one().username = "changed"
        db().flush()
        raise RuntimeError

    add(app, "/rename", require(scope="protected:read")(view), methods=["POST"])
    assert script.post("/rename").status_code == 500
    assert name_of_the_user(app) == "ada"


def test_a_get_cannot_write_even_if_its_view_tries(app, script):
    add(app, "/rename", rename(200), methods=["GET"])
    assert script.get("/rename").status_code == 500
    assert name_of_the_user(app) == "ada"


def test_a_change_waits_for_another_writer_and_is_then_503_with_retry_after(impatient, instance, user):
    person = Person(impatient)
    person.log_in(user.username)
    person.open("/tokens/new")
    before = contents(impatient)
    with another_writer(instance):
        answer = person.press("Create token", name="laptop", scopes="profile:read")
        assert (answer.status_code, answer.mimetype) == (503, "text/html")
        assert int(answer.headers["Retry-After"]) > 0
    assert contents(impatient) == before


def test_a_script_gets_503_as_problem_json(impatient, instance, user):
    with another_writer(instance):
        answer = Script(impatient).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0


def test_reads_are_not_blocked_by_a_writer(impatient, instance, user):
    person = Person(impatient)
    person.log_in(user.username)
    script = Script(impatient, factories.api_token(impatient, user).token)
    with another_writer(instance):
        assert person.open("/dashboard").status_code == 200
        assert script.get("/dashboard").status_code == 200
        assert script.get("/tokens").status_code == 200


def test_a_revocation_beside_another_writer_is_either_done_or_refused(impatient, instance, user):
    person = Person(impatient)
    person.log_in(user.username)
    issued = factories.api_token(impatient, user)
    path = f"/tokens/{issued.entry.id}/revoke"
    person.open(path)
    with another_writer(instance):
        assert person.press("Revoke").status_code == 503
    assert Script(impatient, issued.token).get("/protected").status_code == 200
    person.open(path)
    person.press("Revoke")
    assert Script(impatient, issued.token).get("/protected").status_code == 401


def test_after_the_other_writer_the_site_works_again_by_itself(impatient, instance, user):
    with another_writer(instance):
        pass
    assert Person(impatient).log_in(user.username).request.path == "/dashboard"


def move_away(app, instance):
    for file in instance.glob("latchkey.db*"):
        file.rename(instance / f"away-{file.name}")
    services_of(app).get(Database).close()


@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_without_its_database_every_guarded_request_is_503(app, instance, user, accept):
    token = factories.api_token(app, user).token
    move_away(app, instance)
    answer = Script(app, token).get("/protected", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", ["/dashboard", "/public", "/nowhere", "/login"])
def test_a_page_without_the_database_is_503_too(person, app, instance, path):
    person.open("/dashboard")
    move_away(app, instance)
    answer = person.visit("GET", path)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")


def test_a_missing_database_is_not_replaced_by_an_empty_one(app, instance, user):
    move_away(app, instance)
    Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD})
    Script(app).get("/readyz")
    assert not (instance / "latchkey.db").exists()


def test_when_the_database_is_back_the_site_works_again_by_itself(app, instance, user):
    token = factories.api_token(app, user).token
    move_away(app, instance)
    assert Script(app, token).get("/protected").status_code == 503
    for file in instance.glob("away-*"):
        file.rename(instance / file.name.removeprefix("away-"))
    assert Script(app, token).get("/protected").status_code == 200


def test_a_damaged_database_is_503_and_grants_no_access(app, instance, user):
    token = factories.api_token(app, user).token
    services_of(app).get(Database).close()
    for file in instance.glob("latchkey.db*"):
        file.write_bytes(b"\xde\xad" * 5000)
    assert Script(app, token).get("/protected").status_code == 503


def test_two_changes_at_once_are_made_one_after_the_other(app, user):
    people = [Person(app), Person(app)]
    for person in people:
        person.log_in(user.username)
        person.open("/tokens/new")

    def mint(person, name):
        fields = {"csrf_token": person.csrf_token, "name": name, "scopes": "profile:read", "expires_in": "604800"}
        return person.ask("POST", "/tokens/new", data=fields).status_code

    with ThreadPoolExecutor(2) as at_once:
        assert list(at_once.map(mint, people, ["first", "second"])) == [201, 201]
