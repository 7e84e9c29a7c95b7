"""/admin/audit: filters, sentences and exports."""

import csv
import io
import json
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from tests import factories
from tests.browser import Person, parsed, text_of
from tests.script import Script
from webapp.admin.audit_presenter import LABELS
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of

WHY = "left the site"


@pytest.fixture
def person(app: Flask) -> Person:
    """Ines, an admin, at her browser."""
    factories.user(app, "ines", role="super_admin")
    made = Person(app, ip_address="10.0.0.5")
    made.log_in("ines")
    return made


@pytest.fixture
def script(app: Flask) -> Script:
    return Script(app, factories.api_token(app, factories.user(app, "bot", role="admin"), "admin:read").token)


def write(app: Flask, event: Event, **facts: object) -> None:
    with services_of(app).get(Database).write() as db:
        record(db, event, **facts)  # type: ignore[arg-type]


def lines(person: Person, query: str = "") -> list[str]:
    page = person.open(f"/admin/audit{query}")
    return [text_of(found) for found in parsed(page.text).iter("li") if found.get("class") == "event"]


def found(script: Script, query: str) -> list[str]:
    return [event["event"] for event in script.get(f"/admin/audit?{query}").json["events"]]


def disable(person: Person, user: object) -> None:
    person.open(f"/admin/users/{user.id}/disable")  # type: ignore[attr-defined]
    person.press("Disable ada", reason=WHY)


def test_the_page_shows_actor_user_reason_ip_address_and_event_name(person, user):
    disable(person, user)
    line = next(line for line in lines(person) if "disabled" in line)
    assert "ada was disabled by ines." in line
    assert f"Reason: {WHY}" in line
    assert "user.disabled from 10.0.0.5" in line


def test_users_in_sentences_are_links(person, user):
    disable(person, user)
    page = person.open("/admin/audit?event=user.disabled").text
    assert f'href="/admin/users/{user.id}">ada</a> was disabled by' in page


def test_deleted_users_link_to_their_events(person, script, user):
    person.open(f"/admin/users/{user.id}/delete")
    person.press("Delete ada", username="ada", reason=WHY)
    page = person.open("/admin/audit?event=user.deleted").text
    assert f'href="/admin/audit?user={user.id}">ada</a> was deleted by' in page
    assert f"/admin/users/{user.id}" not in page
    person.follow("ada")
    assert "was deleted by" in person.page.text
    assert f"{str(user.id)[:8]}…</a> got an account" in person.page.text
    (event,) = script.get("/admin/audit?event=user.deleted").json["events"]
    assert event["deleted"] == [str(user.id)]


def test_browsers_are_shown_by_name_not_by_user_agent(person):
    (line,) = lines(person, "?event=session.started")
    assert "ines logged in with their password." in line
    assert "session.started Firefox on Linux, from 10.0.0.5" in line
    assert "Mozilla" not in line


def test_changes_are_shown_with_old_and_new_values(app, person, user):
    person.open(f"/admin/users/{user.id}/role")
    person.press("Change the role of ada", role="super_admin", reason=WHY)
    (line,) = lines(person, "?event=role.changed")
    assert "The role of ada was changed by ines." in line
    assert "role: user → super admin" in line


OF_PROVIDERS = {
    "account_domains": "domains whose users get an account",
    "account_policy": "who gets an account",
    "audiences": "services",
    "email_domains": "e-mail domains of the provider",
    "grantable_roles": "roles that rules may give",
    "logs_out": "logout at the provider",
    "role_rules": "rules",
}
ADDRESSES = {"address": "IP address", "ip_address": "IP address", "email": "e-mail address"}
OF_PASSKEYS = {"known": "stored counter", "said": "reported counter"}


def test_details_have_names_in_words():
    words = {name: name.replace("_", " ") for name in LABELS} | ADDRESSES | OF_PROVIDERS | OF_PASSKEYS
    assert {name: str(label) for name, label in LABELS.items()} == words


def test_changes_of_the_own_profile_are_shown_too(app, person, user):
    theirs = Person(app)
    theirs.log_in("ada")
    theirs.open("/account")
    theirs.press("Save profile", display_name="Ada Lovelace", time_zone="Europe/Berlin")
    (line,) = lines(person, "?event=profile.changed")
    assert "display name: nothing → Ada Lovelace" in line
    assert "time zone: UTC → Europe/Berlin" in line


def test_a_time_among_the_details_is_formatted(app, person, user):
    write(app, Event.TOKEN_ROTATED, user_id=user.id, name="backup-nas", ends_at="2026-12-03T18:34:34.028963+00:00")
    (line,) = [line for line in lines(person) if "token.rotated" in line]
    assert "ends: Thursday 3 December 2026, 18:34 UTC" in line


def test_repeated_events_are_one_line_with_their_number(app, person, user):
    for _ in range(3):
        Person(app, ip_address="192.0.2.9").log_in("ada", "wrong wrong wrong")
    Person(app, ip_address="192.0.2.10").log_in("ada", "wrong wrong wrong")
    other, alike = lines(person, "?event=session.refused")
    assert "3 times, first" in alike
    assert "times" not in other
    assert all("Refused: A wrong password was entered for ada." in line for line in (other, alike))


def test_events_of_commands_are_marked(app, person, user):
    write(app, Event.USER_DISABLED, user_id=user.id, origin="cli")
    (line,) = lines(person, "?event=user.disabled")
    assert "ada was disabled. user.disabled on the command line, " in line


def test_user_input_is_escaped_on_the_page(app, person):
    write(app, Event.LIMITS_RESET, prefix="<script>alert(1)</script>")
    page = person.open("/admin/audit").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_filter_lists_events_by_group_with_words_and_names(person):
    groups = [found.get("label") for found in parsed(person.open("/admin/audit").text).iter("optgroup")]
    assert groups == sorted(set(groups))
    assert "Recovery code" in groups
    options = [text_of(found) for found in parsed(person.page.text).iter("option")]
    assert "Token first used (token.first-used)" in options
    assert len(options) == len(Event) + 1


def test_the_json_has_the_sentence_and_all_details(app, person, script, user):
    disable(person, user)
    (event,) = script.get("/admin/audit?event=user.disabled").json["events"]
    assert event["sentence"] == "ada was disabled by ines."
    assert (event["user"], event["actor"], event["details"]["reason"]) == ("ada", "ines", WHY)
    assert {"seq", "at", "digest", "request_id", "ip_address", "changes"} <= event.keys()


def test_events_are_filtered_by_user_actor_event_and_ip_address(person, script, user):
    disable(person, user)
    for query in ("user=ada", "user=ADA@example.org", f"user={user.id}", "actor=ines", "event=user.disabled"):
        assert "user.disabled" in found(script, query), query
    assert set(found(script, "actor=ines&user=ada&event=user.disabled&ip_address=10.0.0.5")) == {"user.disabled"}
    for query in ("user=ines&event=user.disabled", "actor=ada", "user=nobody-like-this", "ip_address=10.0.0.6"):
        assert found(script, query) == [], query


def test_events_are_filtered_by_day(app, script):
    with time_machine.travel(now() - timedelta(days=3), tick=False):
        day = f"{now():%Y-%m-%d}"
        write(app, Event.KEY_ROTATED, retired="k1", overlap=0)
    after = f"{now() - timedelta(days=2):%Y-%m-%d}"
    assert found(script, f"since={day}&until={day}") == ["key.rotated"]
    assert "key.rotated" not in found(script, f"since={after}")
    assert found(script, f"until={day}") == ["key.rotated"]


@pytest.mark.parametrize("size", [49, 50, 51, 120])
def test_paging_shows_every_event_once(app, script, size):
    with services_of(app).get(Database).write() as db:
        for number in range(size):
            record(db, Event.LIMITS_RESET, prefix=str(number))
    seen, before = [], ""
    while True:
        answer = script.get(f"/admin/audit?event=limits.reset{before}").json
        seen += [event["details"]["prefix"] for event in answer["events"]]
        if answer["before"] is None:
            break
        before = f"&before={answer['before']}"
    assert seen == [str(number) for number in reversed(range(size))]


@pytest.mark.parametrize(
    "query",
    [
        *("before=x", "before=-1", "before=99999999999999999999", "before=%F0%9F%92%A9"),
        *("since=yesterday", "since=2026-02-30", "since=2026-01-01T00:00", "until=2026-13-01"),
        *("user=%00", "ip_address=%00", "event=" + "x" * 51),
    ],
)
def test_invalid_filters_are_refused_with_messages_in_every_format(script, query):
    for path in ("/admin/audit", "/admin/audit.csv", "/admin/audit.jsonl"):
        answer = script.get(f"{path}?{query}")
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
        assert answer.json["errors"]


def test_a_page_beyond_the_last_is_empty(script):
    assert script.get("/admin/audit?before=4611686018427387904").json == {"events": [], "before": None}


def test_the_log_is_exported_as_json_lines_with_its_chain(app, script, user):
    # The first request with a token is an event itself.
    script.get("/admin/audit")
    rows = [json.loads(line) for line in script.get("/admin/audit.jsonl").text.splitlines()]
    everything = script.get("/admin/audit").json["events"]
    assert [row["digest"] for row in rows] == [event["digest"] for event in everything]
    assert {row["event"] for row in rows} >= {"user.made", "token.minted"}


def test_the_log_is_exported_as_csv_with_the_same_filters_and_no_formula(app, script, user):
    write(app, Event.USER_RENAMED, user_id=user.id, former='=HYPERLINK("http://x")', name="ada")
    answer = script.get("/admin/audit.csv?user=ada&event=user.renamed")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    head, row = csv.reader(io.StringIO(answer.text))
    told = dict(zip(head, row, strict=True))
    assert (told["event"], told["user"]) == ("user.renamed", "ada")
    assert not any(cell.startswith("=") for cell in row)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_route_changes_or_removes_an_event(app, script, method):
    writer = Script(app, factories.api_token(app, factories.user(app, role="super_admin"), "admin:write").token)
    assert writer.call(method, "/admin/audit").status_code == 405
