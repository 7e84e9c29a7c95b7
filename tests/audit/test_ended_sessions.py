"""The event of an ended session says which session it was, how it ended, and who ended it."""

import pytest

from tests import factories
from tests.admin.admin_objects import WHY
from tests.browser import Person
from tests.script import Script
from webapp.sessions.lifecycle import Browser, SessionLifetimes, end_others, start
from webapp.web.registry import services_of

SYSTEM = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAME = "in the same browser replaced"
WHICH = "Firefox on Windows, since "


@pytest.fixture
def elsewhere(app, database, user):
    """Another session of ada, in Firefox on Windows."""
    with database.write() as db:
        ends = services_of(app).get(SessionLifetimes)
        return start(db, user.id, Browser(SYSTEM, "198.51.100.7"), ends, amr="pwd").credential.id


def by_owner(app, database, user, session_id):
    person = Person(app)
    person.log_in("ada")
    person.open("/account/sessions")
    person.ask("POST", f"/account/sessions/{session_id}/end", data={"csrf_token": person.csrf_token})


def by_end_others(app, database, user, session_id):
    person = Person(app)
    person.log_in("ada")
    person.open("/account/sessions/end-others")
    person.ask("POST", "/account/sessions/end-others", data={"csrf_token": person.csrf_token})


def by_logout(app, database, user, session_id):
    person = Person(app, user_agent=SYSTEM)
    person.log_in("ada")
    person.open("/logout")
    person.press("Log out")


def by_login(app, database, user, session_id):
    person = Person(app, user_agent=SYSTEM)
    person.log_in("ada")
    factories.user(app, "bob")
    person.open("/account")
    sent = {"username": "bob", "password": factories.PASSWORD, "csrf_token": person.csrf_token}
    assert person.ask("POST", "/login", data=sent).status_code == 303


def by_admin(app, database, user, session_id):
    person = Person(app)
    factories.user(app, "ines", role="super_admin")
    person.log_in("ines")
    person.open(f"/admin/users/{user.id}/end-sessions")
    sent = {"reason": WHY, "csrf_token": person.csrf_token}
    assert person.ask("POST", f"/admin/users/{user.id}/end-sessions", data=sent).status_code == 303


def by_operator(app, database, user, session_id):
    with database.write() as db:
        end_others(db, user.id, way="operator")


def by_provider(app, database, user, session_id):
    with database.write() as db:
        end_others(db, user.id, way="provider", reason="Acme")


@pytest.mark.parametrize(
    ("end", "way", "you", "they"),
    [
        (by_owner, "owner", "You ended a session: ", "ada ended one of their sessions: "),
        (by_end_others, "owner", "You ended a session: ", "ada ended one of their sessions: "),
        (by_logout, "logout", "You logged out: ", "ada logged out: "),
        (by_login, "login", f"A new login {SAME} a session: ", f"A new login {SAME} a session of ada: "),
        (by_admin, "admin", "An administrator ended a session: ", "ines ended a session of ada: "),
        (by_operator, "operator", "An administrator ended a session: ", "A session of ada was ended: "),
        (by_provider, "provider", "A logout at Acme ended a session: ", "A logout at Acme ended a session of ada: "),
    ],
)
def test_each_cause_of_an_ended_session_has_a_sentence_that_names_the_session(
    app, database, user, elsewhere, end, way, you, they
):
    end(app, database, user, elsewhere)
    owner = Script(app, factories.api_token(app, user, "profile:read").token)
    auditor = factories.user(app, "audra", role="admin")
    admin = Script(app, factories.api_token(app, auditor, "admin:read").token)
    entry = admin.get("/admin/audit?event=session.ended").json["events"][0]
    assert entry["sentence"].startswith(they + WHICH)
    assert (entry["details"]["way"], entry["details"]["browser"], entry["details"]["system"]) == (
        way,
        "Firefox",
        "Windows",
    )
    sentences = [event["sentence"] for event in owner.get("/account/activity").json["events"]]
    assert [said for said in sentences if said.startswith(you + WHICH)], sentences
