"""mail retry: mails that were given up are queued again."""

import json
import sqlite3
from contextlib import closing
from uuid import uuid4

import pytest


@pytest.fixture
def given_up(run, instance):
    """Two mails that were tried too often, and one that waits; their ids."""
    for name in ("ada", "bob", "eve"):
        run(f"invite {name}@example.org", WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    found = {mail["to"].partition("@")[0]: mail["id"] for mail in json.loads(run("mail list --json").stdout)}
    with closing(sqlite3.connect(instance / "latchkey.db")) as db, db:
        db.execute(
            "UPDATE outgoing_mail SET due_at = NULL, tries = 12, last_error = 'down' WHERE \"to\" NOT LIKE 'eve%'"
        )
    return found


def states(run):
    return {mail["to"].partition("@")[0]: mail["state"] for mail in json.loads(run("mail list --json").stdout)}


def test_all_failed_mails_are_queued_again(run, given_up):
    assert states(run) == {"ada": "failed", "bob": "failed", "eve": "waiting"}
    assert run("mail retry").stderr == "2 mails queued again. They are sent while the server runs.\n"
    assert set(states(run).values()) == {"waiting"}


@pytest.mark.parametrize(
    ("error", "due_at", "says"),
    [
        (None, 1, "Mails waiting: 1. They are sent while"),
        ("refused", 1, "did not accept: 1"),
        ("refused", None, "Failed mails: 1"),
    ],
)
def test_doctor_distinguishes_waiting_refused_and_failed_mails(run, instance, error, due_at, says):
    run("invite ada@example.org", WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    with closing(sqlite3.connect(instance / "latchkey.db")) as db, db:
        db.execute("UPDATE outgoing_mail SET last_error = ?, due_at = ?", (error, due_at))
    assert says in next(line for line in run("doctor").stdout.splitlines() if "outbox" in line)


def test_one_failed_mail_is_queued_again(run, given_up):
    assert run(f"mail retry {given_up['ada']}").exit_code == 0
    assert states(run) == {"ada": "waiting", "bob": "failed", "eve": "waiting"}


def test_a_retry_is_an_audit_event(run, given_up):
    run(f"mail retry {given_up['ada']}")
    said = [json.loads(line) for line in run("audit export --event mail.retried").stdout.splitlines()]
    assert [event["details"]["mail_id"] for event in said] == [given_up["ada"]]


def test_a_sent_or_unknown_mail_is_refused(run, given_up, instance):
    with closing(sqlite3.connect(instance / "latchkey.db")) as db, db:
        db.execute("UPDATE outgoing_mail SET sealed = NULL, sent_at = 1, due_at = NULL WHERE \"to\" LIKE 'ada%'")
    for mail_id in (given_up["ada"], str(uuid4())):
        done = run(f"mail retry {mail_id}")
        assert (done.exit_code, "no such mail" in done.stderr) == (1, True)


def test_an_invalid_id_is_wrong_usage(run):
    assert run("mail retry nonsense").exit_code == 2
