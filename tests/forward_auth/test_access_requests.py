"""People whom an app is not for ask for access; whoever decides grants it for a time, which ends by itself."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from tests.forward_auth.proxy import proxied
from tests.outbox_mails import mails
from tests.restored_site import copied_browser
from webapp.accounts import user_queries
from webapp.audit.models import AuditEvent
from webapp.core.clock import now
from webapp.forward_auth import grants, lifecycle
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.models import AccessGrant, AccessRequest, ProxiedApp

WIKI = "https://wiki.example.org/"
PAGE = f"/forward-auth/start?rd={WIKI}"
JSON = {"Accept": "application/json"}


@pytest.fixture
def owner(app):
    """Cid, who owns the app and may not open it."""
    return factories.user(app, "cid", email="cid@example.org")


@pytest.fixture
def wiki(app, owner):
    proxied(app, "wiki", roles=["admin"], owner_id=owner.id)


@pytest.fixture
def bob(restored, app, proxy):
    proxy.person = copied_browser(restored.prepare(with_address))
    return proxy.person


def with_address(app):
    with factories.database_of(app).write() as db:
        user_queries.by_name_or_email(db, "bob").email = "bob@example.org"
    return logged_in(app, "bob")


def logged_in(app, name):
    person = Person(app)
    person.log_in(name)
    return person


def asked(bob, reason="I write the minutes"):
    bob.base_url = "https://login.example.org"
    bob.open(PAGE)
    return bob.press("Ask for access", reason=reason)


def granted(app, lasts="hour", name="cid"):
    person = logged_in(app, name)
    person.open("/account/owned-apps/wiki")
    return person.press("Grant", lasts=lasts)


def kinds(app):
    return [(mail.kind, mail.to) for mail in mails(app) if mail.kind.startswith("access_")]


def events(app):
    with factories.database_of(app).read() as db:
        return list(
            db.scalars(select(AuditEvent.event).where(AuditEvent.event.like("app-access.%")).order_by(AuditEvent.seq))
        )


@pytest.mark.usefixtures("wiki")
def test_access_is_asked_for_granted_for_an_hour_and_ends_by_itself(app, proxy, bob):
    assert bob.open(PAGE).status_code == 403
    assert "You get a mail when somebody has decided." in asked(bob).text
    assert kinds(app) == [("access_requested", "cid@example.org")]
    assert "I write the minutes" in bob.open("/account/app-access").text
    assert "You asked for access" in bob.open(PAGE).text
    assert "The access was granted." in granted(app).text
    assert kinds(app)[1:] == [("access_decided", "bob@example.org")]
    assert proxy.open(WIKI).headers["Remote-User"] == "bob"
    with time_machine.travel(now() + timedelta(minutes=59)):
        assert proxy.check(WIKI).status_code == 200
    with time_machine.travel(now() + timedelta(minutes=61)):
        assert proxy.check(WIKI, headers={"Accept": "*/*"}).status_code == 403
        assert bob.ask("GET", "/account/app-access", headers=JSON).json["grants"] == []
    assert events(app) == ["app-access.requested", "app-access.granted"]
    activity = bob.open("/account/activity").text
    assert "You asked for access to Wiki (I write the minutes)." in activity
    assert "You were granted access to Wiki until" in activity


@pytest.mark.usefixtures("wiki")
@pytest.mark.parametrize("who", ["cid", "ada", "bob"])
def test_access_is_ended_early_by_owner_administrator_or_person(app, proxy, bob, who):
    asked(bob)
    granted(app, "week")
    proxy.open(WIKI)
    assert proxy.check(WIKI).status_code == 200
    bob.base_url = "https://login.example.org"
    person = bob if who == "bob" else logged_in(app, who)
    assert "End access" in person.open("/account/app-access" if who == "bob" else "/account/owned-apps/wiki").text
    person.press("End access")
    assert proxy.check(WIKI, headers={"Accept": "*/*"}).status_code == 403
    assert events(app)[-1] == "app-access.ended"


@pytest.mark.usefixtures("wiki")
def test_access_for_good_names_the_person_in_the_app(app, proxy, bob):
    asked(bob)
    granted(app, "forever")
    assert proxy.open(WIKI).headers["Remote-User"] == "bob"
    with factories.database_of(app).read() as db:
        assert db.scalar(select(func.count()).select_from(AccessGrant)) == 0
        assert len(lifecycle.by_slug(db, "wiki").people) == 1


@pytest.mark.usefixtures("wiki")
def test_declined_request_gives_nothing_and_can_be_made_again(app, proxy, bob):
    asked(bob)
    person = logged_in(app, "ada")
    person.open("/account/owned-apps/wiki")
    assert "The request was declined." in person.press("Decline").text
    assert kinds(app)[-1] == ("access_decided", "bob@example.org")
    assert bob.open(PAGE).status_code == 403
    assert "You get a mail" in asked(bob).text


REFUSED = [
    pytest.param({"reason": ""}, 422, id="no reason"),
    pytest.param({"reason": "x" * 301}, 422, id="too long"),
    pytest.param({"reason": "a\nb"}, 422, id="two lines"),
]


@pytest.mark.usefixtures("wiki")
@pytest.mark.parametrize(("fields", "status"), REFUSED)
def test_reason_is_one_bounded_line(app, bob, fields, status):
    bob.open(PAGE)
    answer = bob.ask("POST", "/account/app-access/wiki/ask", data={"csrf_token": bob.csrf_token} | fields)
    assert answer.status_code == status
    assert events(app) == []


@pytest.mark.usefixtures("wiki")
def test_person_has_one_request_at_a_time_and_ten_a_day(app, bob):
    asked(bob)
    bob.open("/account/app-access")
    sent = {"csrf_token": bob.csrf_token, "reason": "again"}
    found = [bob.ask("POST", "/account/app-access/wiki/ask", data=sent).status_code for _ in range(11)]
    assert found == [409] * 9 + [429] * 2
    with factories.database_of(app).read() as db:
        assert db.scalar(select(func.count()).select_from(AccessRequest)) == 1


def test_only_those_whom_an_app_is_not_for_can_ask(app, bob, owner):
    proxied(app, "open")
    proxied(app, "strict", RuleSettings(role="admin"))
    proxied(app, "gone", roles=["admin"])
    with factories.database_of(app).write() as db:
        lifecycle.disable(db, lifecycle.by_slug(db, "gone"), lifecycle.AppEditor("cli"))
    bob.open("/dashboard")
    for slug in ("open", "strict", "gone", "nothing"):
        sent = {"csrf_token": bob.csrf_token, "reason": "please"}
        assert bob.ask("POST", f"/account/app-access/{slug}/ask", data=sent).status_code == 404, slug
    page = bob.open("/forward-auth/start?rd=https://strict.example.org/")
    assert (page.status_code, "Ask for access" in page.text) == (403, False)


@pytest.mark.usefixtures("wiki")
def test_others_cannot_decide(app, bob):
    asked(bob)
    with factories.database_of(app).read() as db:
        request_id = db.scalar(select(AccessRequest.id))
    bob.open("/account/app-access")
    sent = {"csrf_token": bob.csrf_token, "lasts": "hour"}
    own = f"/account/owned-apps/wiki/requests/{request_id}"
    for path in (f"{own}/grant", f"{own}/decline"):
        assert bob.ask("POST", path, data=sent).status_code == 404
    assert bob.ask("GET", "/account/owned-apps/wiki").status_code == 404
    assert bob.ask("GET", "/account/app-access", headers=JSON).json["decides"] == []


def test_request_for_an_app_without_an_owner_is_mailed_to_administrators(app, bob):
    proxied(app, "wiki", roles=["admin"])
    asked(bob)
    assert kinds(app) == [("access_requested", "ada@example.org")]
    granted(app, "day", "ada")
    assert events(app)[-1] == "app-access.granted"


@pytest.mark.usefixtures("wiki")
def test_declared_app_grants_nothing_for_good(app, bob):
    with factories.database_of(app).write() as db:
        db.scalars(select(ProxiedApp)).one().is_declared = True
    asked(bob)
    assert granted(app, "forever").status_code == 409
    assert granted(app, "day").status_code == 200


@pytest.mark.usefixtures("wiki")
def test_ended_grants_are_purged(app, bob):
    asked(bob)
    granted(app)

    def purged(after):
        with time_machine.travel(now() + after), factories.database_of(app).write() as db:
            return grants.purge(db)

    assert [purged(timedelta(hours=2)), purged(timedelta(days=2)), purged(timedelta(days=2))] == [0, 1, 0]
