"""/account/activity: what happened, and what was tried."""

import csv
import io
import json
import uuid

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.second_factors import with_app
from tests.tables import events
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.audit import event_queries, paging
from webapp.audit.export_formats import without_formula
from webapp.audit.log import Event, record
from webapp.core.db import Database
from webapp.web.registry import services_of


def happen(app, user, count: int, **details) -> None:
    with services_of(app).get(Database).write() as db:
        for number in range(count):
            record(db, Event.TOKEN_REVOKED, user_id=user.id, **({"name": f"t{number}"} | details))


def events_of(person, kind="all"):
    return person.ask("GET", f"/account/activity?kind={kind}", headers={"Accept": "application/json"}).json["events"]


def test_failed_attempts_are_listed(person, app):
    Person(app).log_in("ada", "wrong wrong wrong")
    assert "Somebody entered a wrong password" in person.open("/account/activity?kind=refusals").text
    assert "You logged in" not in person.page.text


def test_actions_that_others_may_have_done_are_listed_with_the_browser(person, app):
    eve = Person(app, user_agent="Mozilla/5.0 (iPhone) Version/26.0 Mobile Safari/604.1" + "x" * 5000)
    eve.log_in("ada", "wrong wrong wrong")
    eve.open("/forgot")
    eve.press("Send link", username="ada")
    eve.log_in("ada")
    eve.open("/account/password")
    eve.press("Change password", password=factories.PASSWORD, new_password="umbrella otter lantern 9")
    eve.open("/account")
    eve.press("Send verification link", email="eve@evil.example")
    told = {event["event"]: event["browser"] for event in reversed(events_of(eve))}
    done = (
        "session.refused",
        "reset.asked",
        "session.started",
        "session.confirmed",
        "password.changed",
        "email.asked",
    )
    assert {told[event] for event in done} == {"Safari on iPhone"}
    agents = [json.loads(row["details"]).get("user_agent", "") for row in events(app)]
    assert max(map(len, agents)) <= 300


def test_actions_of_an_admin_are_listed_without_the_browser(person, app, user):
    boss = factories.user(app, "boss", role="admin")
    with (
        app.test_request_context(headers={"User-Agent": person.user_agent}),
        services_of(app).get(Database).write() as db,
    ):
        lifecycle.set_password(db, db.get_one(User, user.id), "a hash", actor_id=boss.id)
    (changed,) = events(app, "password.changed")
    assert json.loads(changed["details"]).keys() == {"sessions", "script_logins", "tokens", "tokens_kept"}


def test_paging_in_both_directions_shows_every_event(script, app, user):
    happen(app, user, 70)
    seen, older = [], None
    for _ in range(5):
        answer = script.get("/account/activity?kind=tokens" + (f"&before={older}" if older else "")).json
        seen += [event["id"] for event in answer["events"]]
        if (older := answer["older"]) is None:
            break
        last = answer
    assert len(seen) == len(set(seen)) == 71, (
        "seventy, and one that was minted; its first use is newer than the first page"
    )
    back = script.get(f"/account/activity?kind=tokens&after={seen[60]}").json
    assert [event["id"] for event in back["events"]] == seen[30:60]
    assert back["older"] == seen[59]
    assert last["events"]


@pytest.mark.parametrize("kind", ["logins", "tokens", "account", "refusals"])
@pytest.mark.parametrize("many", [3, 7, 8, 60])
def test_a_kind_is_looked_for_in_some_events_at_a_time(script, app, user, monkeypatch, kind, many):
    for _ in range(3):
        happen(app, user, 17)
        Person(app).log_in(user.username, "wrong wrong wrong")
    script.get("/account/activity")
    every, wanted = stored(app, user), stored(app, user, kind=kind)
    monkeypatch.setattr(paging, "PAGE", 4)
    monkeypatch.setattr(paging, "LOOKED_THROUGH", many)
    down = pages(script, f"/account/activity?kind={kind}", "older", "before")
    assert [event["id"] for page in down for event in page["events"]] == wanted
    up = pages(script, f"/account/activity?kind={kind}&after={every[-1]}", "newer", "after")
    assert [event["id"] for page in reversed(up) for event in page["events"]] == [
        event for event in wanted if event != every[-1]
    ]
    # Its export has all of them.
    assert script.get(f"/account/activity.csv?kind={kind}").text.count("\n") == len(wanted) + 1


def pages(script, path, link, parameter):
    page = script.get(path).json
    further = f"{path.partition('&')[0]}&{parameter}={page[link]}"
    return [page, *(pages(script, further, link, parameter) if page[link] else [])]


def stored(app, user, kind=None):
    with services_of(app).get(Database).read() as db:
        found = paging.event_page(db, user.id, kind=kind, size=1_000, among=None)
        return [str(event.id) for event in found]


def test_a_page_without_a_match_says_that_there_may_be_older_ones(person, app, user, monkeypatch):
    happen(app, user, 20)
    assert "No activity of this kind." in person.open("/account/activity?kind=refusals").text
    monkeypatch.setattr(paging, "LOOKED_THROUGH", 5)
    assert "There may be older entries." in person.open("/account/activity?kind=refusals").text
    assert "No activity of this kind." not in person.page.text
    assert "Older" in person.page.text


def test_a_user_sees_only_own_events(person, app):
    eve = factories.user(app, "eve")
    happen(app, eve, 1)
    with services_of(app).get(Database).read() as db:
        theirs = event_queries.of_user(db, eve.id)[0].id
    for event_id in (theirs, uuid.uuid4()):
        assert person.open(f"/account/activity/{event_id}").status_code == 404
        assert person.open(f"/account/activity?before={event_id}").status_code == 404


def test_was_this_you_links_to_the_page_that_ends_access(person, app):
    Person(app).log_in("ada", "wrong wrong wrong")
    person.open("/account/activity")
    page = person.follow("Was this you?").text
    assert 'href="/account/password"' in page
    assert 'href="/account/sessions/end-others"' in page


def test_was_this_you_does_not_send_external_users_to_change_their_password(person, app, user):
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).password_hash = ""
    person.open("/account/activity")
    page = person.follow("Was this you?").text
    assert 'href="/account/password"' not in page
    assert person.follow("No, end all access").request.path == "/account/security/end-everything"


def test_was_this_you_of_a_token_or_script_links_to_its_own_page(person, app, user):
    factories.api_token(app, user, name="laptop")
    body = {"username": "ada", "password": factories.PASSWORD}
    Script(app).post("/api/auth", json=body, headers={"User-Agent": "bot/1"})
    of_script = next(event for event in events_of(person, "tokens") if "script logged in" in event["sentence"])
    of_laptop = next(event for event in events_of(person, "tokens") if "laptop" in event["sentence"])
    assert "End script login bot" not in person.open(f"/account/activity/{of_laptop['id']}").text
    assert "Revoke laptop" in person.page.text
    assert "Revoke" not in person.open(f"/account/activity/{of_script['id']}").text
    person.press("End script login bot")
    assert person.ask("GET", "/tokens", headers={"Accept": "application/json"}).json["script_logins"] == []


def test_every_event_not_of_the_site_or_an_admin_has_a_was_this_you_link(person, app, user):
    """An admin's address is not for everybody they look after."""
    boss = Person(app, ip_address="192.0.2.99")
    factories.user(app, "boss", role="super_admin")
    boss.log_in("boss")
    boss.open(f"/admin/users/{user.id}/role")
    boss.press("Change", role="admin", reason="more to do")
    happen(app, user, 1)
    asked = [event["event"] for event in events_of(person) if event["ip_address"]]
    assert "role.changed" in [event["event"] for event in events_of(person)]
    assert asked == ["session.started"]
    page = person.open("/account/activity").text
    assert page.count("Was this you?") == len(asked)
    person.open("/account")
    export = person.press("Download my data").text
    assert "192.0.2.99" not in page + export


def test_a_wrong_code_is_listed_among_refusals(person, app, user):
    with_app(app, user)
    thief = Person(app)
    thief.log_in("ada")
    thief.press("Continue", code="000000")
    assert "entered a wrong code" in person.open("/account/activity?kind=refusals").text
    assert "entered a wrong code" in person.open("/account/activity?kind=logins").text
    assert "entered a wrong code" not in person.open("/account/activity?kind=account").text


def test_was_this_you_ends_the_session_of_the_event(person, app):
    other = Person(app, user_agent="curl/8")
    other.log_in("ada")
    person.open("/account/activity")
    person.follow("Was this you?")
    person.press("Log out curl")
    assert other.ask("GET", "/dashboard").status_code == 303


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil")'])
def test_no_csv_cell_is_a_formula(person, app, user, name):
    """OWASP: CSV injection. A sentence begins with words of ours; what others wrote may begin with anything."""
    assert without_formula(name) == f"'{name}"
    happen(app, user, 1, name=name)
    answer = person.open("/account/activity.csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["at", "event", "sentence", "address", "browser", "refused"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert "attachment" in answer.headers["Content-Disposition"]
