"""Events that were renamed are found by either name, and rows keep the name that their digest is computed over."""

import json
from itertools import product

import pytest

from tests import factories
from tests.audit.stored_events import store
from tests.browser import Person, parsed, text_of
from tests.script import Script
from webapp.audit import chain, event_queries
from webapp.audit.log import FORMER_NAMES, Event, record
from webapp.core.db import Database
from webapp.web.registry import services_of

FORMER, PRESENT = "house.backed-up", "site.backed-up"


@pytest.fixture
def script(app):
    return Script(app, factories.api_token(app, factories.user(app, "bot", role="admin"), "admin:read").token)


@pytest.fixture
def log(app, user):
    """One row by each name of each event that was renamed."""
    with services_of(app).get(Database).write() as db:
        for former, event in FORMER_NAMES.items():
            store(db, former, user_id=user.id)
            record(db, event, user_id=user.id)
    return services_of(app).get(Database)


def in_json(script, name):
    return [event["event"] for event in script.get(f"/admin/audit?event={name}").json["events"]]


def in_lines(script, name):
    return [json.loads(line)["event"] for line in script.get(f"/admin/audit.jsonl?event={name}").text.splitlines()]


def in_csv(script, name):
    return [row.split(",")[2] for row in script.get(f"/admin/audit.csv?event={name}").text.splitlines()[1:]]


@pytest.mark.parametrize(("former", "event"), FORMER_NAMES.items())
@pytest.mark.parametrize("search", [in_json, in_lines, in_csv])
def test_either_name_finds_all_rows_as_they_are_stored(log, script, search, former, event):
    assert [sorted(search(script, name)) for name in (former, event)] == [sorted([former, event])] * 2


@pytest.mark.parametrize(("name", "only"), list(product((FORMER, PRESENT), repeat=2)))
def test_every_query_finds_a_row_by_either_name(database, user, name, only):
    with database.write() as db:
        store(db, only, user_id=user.id)
    with database.read() as db:
        found = event_queries.tail(db, limit=9, event=name)
        assert [entry.event for entry in found] == [only]
        since = found[0].at
        assert event_queries.latest(db, name) == since
        assert event_queries.times_of(db, user.id, name, since=since) == [since]


def test_the_chain_verifies_with_either_name(log):
    with log.read() as db:
        assert chain.verify(db).broken_at is None


@pytest.mark.parametrize("name", [FORMER, PRESENT])
def test_pages_show_the_present_name_and_select_it_in_the_filter(app, log, name):
    factories.user(app, "ines", role="admin")
    person = Person(app)
    person.log_in("ines")
    page = person.open(f"/admin/audit?event={name}").text
    assert page.count(f"<code>{PRESENT}</code>") == 1
    assert "2 times, first" in page
    assert FORMER not in text_of(parsed(page))
    assert [option.get("value") for option in parsed(page).iter("option") if "selected" in option.attrib] == [PRESENT]


def test_the_activity_of_a_user_shows_the_present_name(app, log, user):
    script = Script(app, factories.api_token(app, user, "profile:read").token)
    said = [event["event"] for event in script.get("/account/activity").json["events"]]
    assert said.count(Event.SITE_OPENED) == 2
    assert not [name for name in said if name in FORMER_NAMES]


def test_the_filter_of_the_page_says_e_mail_address(app):
    factories.user(app, "ines", role="admin")
    person = Person(app)
    person.log_in("ines")
    options = [" ".join(option.itertext()) for option in parsed(person.open("/admin/audit").text).iter("option")]
    assert "E-mail asked (email.asked)" in options
    assert not [option for option in options if "address" in option.lower()]


@pytest.mark.parametrize("name", ["email", "address"], ids=["this version", "former versions"])
def test_a_changed_email_address_is_called_that(app, user, name):
    factories.user(app, "ines", role="admin")
    with services_of(app).get(Database).write() as db:
        record(db, Event.EMAIL_CHANGED, user_id=user.id, former="old@example.org", **{name: "new@example.org"})
        record(db, Event.EMAIL_ASKED, user_id=user.id, **{name: "next@example.org"})
    person = Person(app)
    person.log_in("ines")
    page = text_of(parsed(person.open("/admin/audit?user=ada").text))
    assert "ada asked to change their e-mail address to next@example.org." in page
    assert "e-mail address: old@example.org → new@example.org" in page
    assert "IP address:" not in page
