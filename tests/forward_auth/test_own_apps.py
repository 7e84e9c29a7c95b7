"""My apps on the dashboard, logins at apps on the sessions page and on the page of a user, and their end."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from tests.forward_auth.proxy import proxied
from tests.statements import statements
from webapp.audit.models import AuditEvent
from webapp.core.clock import now
from webapp.forward_auth import app_logins
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.models import ArrivalTicket, ProxiedSession

WIKI, NOTES = "https://wiki.example.org/", "https://notes.example.net/"
JSON = {"Accept": "application/json"}


@pytest.fixture
def bob(app):
    person = Person(app)
    person.log_in("bob")
    return person


def test_dashboard_lists_only_the_apps_that_open(app, bob):
    assert bob.ask("GET", "/dashboard", headers=JSON).json["apps"] is None
    assert "My apps" not in bob.open("/dashboard").text
    proxied(app, "admins", roles=["admin"])
    assert bob.ask("GET", "/dashboard", headers=JSON).json["apps"] == []
    assert "No app is open to you yet." in bob.open("/dashboard").text
    proxied(app, "wiki", icon="📖", hosts=["wiki.example.org", "wiki.example.net"])
    proxied(app, "strong", RuleSettings(level="aal2"))
    proxied(app, "half", RuleSettings(path="/public", is_public=True))
    proxied(app, "other", RuleSettings(role="admin"))
    apps = bob.ask("GET", "/dashboard", headers=JSON).json["apps"]
    assert [(one["name"], one["icon"]) for one in apps] == [("Strong", "S"), ("Wiki", "📖")]
    assert apps[1]["url"] == "https://wiki.example.org/"
    assert 'href="https://wiki.example.org/"' in bob.open("/dashboard").text


def test_logins_at_apps_are_listed_under_their_session_and_end_one_by_one(app, proxy):
    proxied(app, "wiki")
    proxied(app, "notes", hosts=["notes.example.net"])
    proxy.log_in(WIKI, "bob")
    proxy.open(NOTES)
    person = proxy.person
    person.base_url = "https://login.example.org"
    found = person.ask("GET", "/account/sessions", headers=JSON).json
    assert [(one["app"], one["host"]) for one in found["app_logins"]] == [
        ("Notes", "notes.example.net"),
        ("Wiki", "wiki.example.org"),
    ]
    assert {one["session_id"] for one in found["app_logins"]} == {found["sessions"][0]["id"]}
    person.open("/account/sessions")
    wiki = found["app_logins"][1]["id"]
    sent = {"csrf_token": person.csrf_token}
    stranger = Person(app)
    stranger.log_in("ada")
    stranger.open("/account/sessions")
    refused = stranger.ask("POST", f"/account/sessions/apps/{wiki}/end", data={"csrf_token": stranger.csrf_token})
    assert refused.status_code == 404
    assert "The device was logged out of the app." in (
        person.visit("POST", f"/account/sessions/apps/{wiki}/end", data=sent).text
    )
    assert [proxy.check(url).status_code for url in (WIKI, NOTES)] == [401, 200]
    assert person.ask("POST", f"/account/sessions/apps/{wiki}/end", data=sent).status_code == 404
    activity = person.open("/account/activity").text
    assert "You opened Wiki." in activity
    assert "You logged a device out of Wiki." in activity
    page = stranger.open(f"/admin/users/{user_id(app)}").text
    assert "Opened apps" in page
    assert "notes.example.net" in page


def user_id(app):
    with factories.database_of(app).read() as db:
        return db.scalar(select(ProxiedSession.user_id).limit(1))


def test_login_at_an_app_and_old_tickets_are_purged_with_their_session(app, proxy):
    proxied(app, "wiki")
    proxy.log_in(WIKI, "bob")
    proxy.send(proxy.hops[0][1])
    database = factories.database_of(app)

    def left():
        with database.read() as db:
            return [db.scalar(select(func.count()).select_from(table)) for table in (ProxiedSession, ArrivalTicket)]

    def purge():
        with database.write() as db:
            app_logins.purge(db)
        return left()

    proxy.person.base_url = "https://login.example.org"
    proxy.person.open("/forward-auth/start?rd=https://wiki.example.org/&state=" + 43 * "x")
    before = left()
    assert before[0] == 1
    assert purge() == before
    with time_machine.travel(now() + timedelta(minutes=1)):
        assert purge() == [1, 0]
    proxy.person.open("/dashboard")
    proxy.person.press("Log out")
    assert purge() == [0, 0]


def test_opening_is_recorded_with_the_name_of_the_app(app, proxy):
    proxied(app, "wiki")
    proxy.log_in(WIKI, "bob")
    with factories.database_of(app).read() as db:
        opened = db.scalars(select(AuditEvent).where(AuditEvent.event == "proxied-app.opened")).one()
    assert opened.details["app"] == "Wiki"


def test_the_number_of_queries_does_not_grow_with_the_apps(app):
    person = Person(app)
    person.log_in("ada")

    def asked():
        person.open("/dashboard")
        with statements(app) as found:
            assert person.open("/dashboard").status_code == 200
        # Whether keys have changed is asked once a second, whoever asks for what.
        return len([one for one in found if "FROM stored_keys" not in one[0]])

    proxied(app, "first")
    before = asked()
    for number in range(5):
        proxied(app, f"app{number}")
    assert asked() == before
