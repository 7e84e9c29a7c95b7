"""An audit event is written in the transaction of its action, or the action does not happen."""

import pytest
from sqlalchemy import text

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import lifecycle as account_lifecycle
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.tokens import lifecycle
from webapp.web.registry import services_of

WRONG = "not the password"


def kinds(app):
    return [event["event"] for event in events(app)]


def mint(person, name="laptop"):
    person.open("/tokens/new")
    return person.press("Create token", name=name, scopes="profile:read", expires_in="604800")


def revoke(person):
    mint(person)
    person.follow("Revoke laptop now")
    person.press("Revoke laptop")


def log_out(person):
    person.open("/logout")
    person.press("Log out")


def change(person, action):
    with services_of(person.app).get(Database).write() as db:
        action(db, db.query(User).filter_by(username="ada").one())


def promote(db, user):
    account_lifecycle.change_role(db, user, "admin")


def set_password(db, user):
    account_lifecycle.set_password(db, user, "another")


def throttle(person):
    visitor = Person(person.app)
    for _ in range(11):
        visitor.log_in("ada", WRONG)


def use_first(person):
    token = factories.api_token(person.app, user_of(person)).token
    Script(person.app, token).get("/protected")
    Script(person.app, token).get("/protected")


def user_of(person):
    with services_of(person.app).get(Database).read() as db:
        return db.query(User).filter_by(username="ada").one()


@pytest.mark.parametrize(
    ("action", "event", "times"),
    [
        pytest.param(lambda p: None, "user.made", 1, id="an account is made"),
        pytest.param(lambda p: None, "session.started", 1, id="a login"),
        pytest.param(lambda p: Person(p.app).log_in("ada", WRONG), "session.refused", 1, id="a wrong password"),
        pytest.param(lambda p: Person(p.app).log_in("eve", WRONG), "session.refused", 1, id="an unknown name"),
        pytest.param(throttle, "login.throttled", 1, id="throttling"),
        pytest.param(log_out, "session.ended", 1, id="a logout"),
        pytest.param(mint, "token.minted", 1, id="a token is minted"),
        pytest.param(revoke, "token.revoked", 1, id="a token is revoked"),
        pytest.param(use_first, "token.first-used", 1, id="a token is used for the first time"),
        pytest.param(lambda p: p.open("/protected/admin"), "access.refused", 1, id="a role is missing"),
        pytest.param(lambda p: p.ask("POST", "/logout"), "access.refused", 1, id="a form is forged"),
        pytest.param(lambda p: change(p, account_lifecycle.disable), "user.disabled", 1, id="a user is disabled"),
        pytest.param(
            lambda p: change(p, lambda db, u: account_lifecycle.change_role(db, u, "admin")),
            "role.changed",
            1,
            id="a role changes",
        ),
        pytest.param(
            lambda p: change(p, lambda db, u: account_lifecycle.set_password(db, u, "x")),
            "password.changed",
            1,
            id="a password changes",
        ),
    ],
)
def test_actions_are_recorded(person, app, action, event, times):
    action(person)
    assert kinds(app).count(event) == times


def test_an_event_has_user_ip_address_and_request_id(person, app):
    person.open("/protected/admin")
    (event,) = events(app, "access.refused")
    assert event["address"] == person.ip_address
    assert event["user_id"] == user_of(person).id.hex
    assert event["credential_id"]
    assert event["request_id"] in person.page.text


def test_a_failed_login_does_not_record_the_input(app, user):
    Person(app).log_in("my password in the wrong field", WRONG)
    assert "my password" not in str(events(app))


@pytest.fixture
def full(app, user, person):
    """A site whose audit table takes nothing more."""
    mint(person)
    with services_of(app).get(Database).write() as db:
        db.execute(text("CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END"))
    return app


def token_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tokens/new", {"name": "second", "scopes": ["profile:read"], "expires_in": "604800"}),
        ("/tokens/revoke-all", {}),
        ("/logout", {}),
        ("/confirm", {"password": factories.PASSWORD}),
        ("/login", {"username": "ada", "password": factories.PASSWORD}),
        ("/api/auth", {"username": "ada", "password": factories.PASSWORD}),
    ],
)
def test_an_action_that_cannot_be_recorded_is_rolled_back(full, person, path, body):
    before = contents(full)
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(person)}
    answer = person.ask("POST", path, json=body, headers=headers)
    assert answer.status_code >= 500
    assert contents(full) == before
    assert person.open("/dashboard").request.path == "/dashboard"


def test_a_refusal_that_cannot_be_recorded_is_still_a_refusal(full, person):
    assert person.ask("GET", "/protected/admin").status_code >= 400


def test_an_event_of_a_rolled_back_action_is_rolled_back(app, user):
    with pytest.raises(RuntimeError), services_of(app).get(Database).write() as db:  # noqa: PT012 - both are one action
        account_lifecycle.change_role(db, db.get_one(User, user.id), "admin")
        raise RuntimeError
    assert "role.changed" not in kinds(app)


def test_an_event_outlives_its_user(app, user, person):
    with services_of(app).get(Database).write() as db:
        db.execute(text("DELETE FROM user"))
    assert "session.started" in kinds(app)
    assert events(app, "session.started")[0]["user_id"] is not None, "a chained row does not change"


def test_revoking_all_records_an_event_for_each(app, user):
    for _ in range(3):
        factories.api_token(app, user)
    with services_of(app).get(Database).write() as db:
        assert lifecycle.revoke_all(db, user.id).tokens == 3
    assert kinds(app).count("token.revoked") == 3
