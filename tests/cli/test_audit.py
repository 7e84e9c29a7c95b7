"""audit: what happened, one line an event."""

import json
import re
from itertools import islice

import pytest

from tests.audit.stored_events import store
from webapp.audit.log import Event, record
from webapp.audit.models import AuditEvent
from webapp.cli import audit_events
from webapp.core.clock import now
from webapp.core.db import Database


def named(line):
    """The name of the event at the end of a line."""
    return re.search(r"\(([a-z.-]+)(, .*)?\)$", line)[1]


def test_events_are_one_line_each_newest_last(run, add):
    add("ada")
    run("keys rotate")
    first, second = run("audit tail").stdout.splitlines()
    assert first.endswith("+00:00 ada got an account with the role user. (user.made, on the command line)"), first
    assert "(key.rotated, on the command line)" in second


def test_the_number_of_lines_is_an_option(run):
    for _ in range(3):
        run("limits reset")
    assert len(run("audit tail -n 2").stdout.splitlines()) == 2
    assert run("audit tail -n 0").stdout == ""


def test_the_event_is_an_option(run, add):
    add("ada")
    run("keys rotate")
    assert [named(line) for line in run("audit tail --event user.made").stdout.splitlines()] == ["user.made"]


def test_an_event_that_does_not_exist_is_wrong_usage(run):
    assert run("audit tail --event user.eaten").exit_code == 2


def test_as_json_each_line_is_an_object(run, add):
    user_id = add("ada")
    event = json.loads(run("audit tail --json").stdout)
    assert (event["event"], event["user_id"], event["username"]) == ("user.made", user_id, "ada")


def test_user_input_cannot_start_a_new_line(run, instance):
    run("db upgrade")
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    with database.write() as db:
        record(db, Event.ACCESS_REFUSED, route="/x\n2026-01-01 user.made\x1b[2J")
    database.close()
    for command in ("tail", "list"):
        (line,) = run(f"audit {command}").stdout.splitlines()
        assert line.isprintable()
        assert r"/x\n2026-01-01 user.made\u001b[2J" in line


def test_changes_and_reason_are_printed_after_the_sentence(run, add):
    add("ada")
    run("user role ada admin")
    (line,) = run("audit tail --event role.changed").stdout.splitlines()
    assert "The role of ada was changed. role: user → admin." in line


@pytest.mark.parametrize("event", Event)
def test_every_event_is_printed_with_its_sentence_and_name(event):
    stored = AuditEvent(at=now(), event=event.value, details={}, seq=1, digest=b"")
    line = audit_events.as_line(stored, {})
    assert named(line) == event
    words = line.split(" ", 1)[1].removeprefix("Refused: ").partition(f" ({event}")[0]
    assert words not in ("", event)
    assert " " in words, words


def test_follow_prints_each_new_event_once(run, instance, monkeypatch):
    monkeypatch.setattr(audit_events, "PAUSE", 0)
    run("limits reset before")
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    following = audit_events.what_follows(database, lines=1, event=None)
    shown = [next(following)]
    run("limits reset meanwhile")
    shown += islice(following, 3)
    database.close()
    assert [[event.details["prefix"] for event in batch] for batch in shown] == [["before"], ["meanwhile"], [], []]


@pytest.mark.parametrize(
    ("command", "event"),
    [
        ("user disable ada", "user.disabled"),
        ("user role ada admin", "role.changed"),
        ("user reset-link ada", "reset.asked"),
        ("invite bob", "invitation.made"),
        ("keys rotate", "key.rotated"),
        ("limits reset", "limits.reset"),
    ],
)
def test_events_of_commands_are_distinguished(run, add, command, event):
    add("ada")
    assert run(command).exit_code == 0
    found = json.loads(run(f"audit list -n 1 --event {event} --json").stdout)
    assert found["details"]["origin"] == "cli"


@pytest.mark.parametrize("name", ["house.backed-up", "site.backed-up"])
def test_an_event_that_was_renamed_is_found_by_either_name(run, instance, name):
    run("db upgrade")
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    with database.write() as db:
        store(db, "house.backed-up")
        record(db, Event.SITE_BACKED_UP)
    database.close()
    for command in ("tail", "list"):
        lines = run(f"audit {command} --event {name}").stdout.splitlines()
        assert [named(line) for line in lines] == ["site.backed-up"] * 2
    rows = [json.loads(line) for line in run(f"audit export --event {name}").stdout.splitlines()]
    assert sorted(row["event"] for row in rows) == ["house.backed-up", "site.backed-up"]
    assert run("audit verify").exit_code == 0


def test_events_of_one_request_are_found_by_its_id(run, instance):
    run("db upgrade")
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    number = "4f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d"
    with database.write() as db:
        store(db, "key.rotated", request_id=number)
        record(db, Event.LIMITS_RESET)
    database.close()
    for name in (number, f"urn:uuid:{number}"):
        (line,) = run("audit list --request", name).stdout.splitlines()
        assert named(line) == "key.rotated"
        assert json.loads(run("audit export --request", name).stdout)["request_id"] == number
