"""A link that two processes use at once: a hundred rounds, one winner each."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import factories
from webapp.accounts import invitations, links, recovery, sign_up
from webapp.accounts.invitations import Wish
from webapp.accounts.models import User

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 100


@pytest.fixture
def rivals(app, instance) -> Iterator[list[subprocess.Popen[str]]]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    environ = bare | {"WEBAPP_INSTANCE": str(instance), "WEBAPP_LOG_LEVEL": "error"}
    pair = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.accounts.spending"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for rival in pair:
        assert rival.stdout.readline() == "ready\n"
    yield pair
    for rival in pair:
        rival.communicate(timeout=20)


def race(rivals, line):
    for rival in rivals:
        rival.stdin.write(line + "\n")
        rival.stdin.flush()
    return sorted(rival.stdout.readline().strip() for rival in rivals)


@pytest.mark.parametrize("kind", ["reset", "verify", "invitation"])
def test_of_two_processes_that_use_a_link_at_once_one_wins(app, rivals, kind):
    database = app.extensions["database"]
    user = factories.user(app, "ada")
    results = []
    for _ in range(ROUNDS):
        with database.write() as db:
            found = db.get_one(User, user.id)
            if kind == "reset":
                secret = recovery.link_for(db, found).rpartition("/")[2]
            elif kind == "verify":
                found.email_verified_at = None
                secret = links.make(db, sign_up.SIGN_UP, timedelta(hours=1), user_id=user.id, address=user.email)
            else:
                secret = invitations.make(db, Wish(most_uses=1)).path.rpartition("/")[2]
        results.append(race(rivals, f"{kind} {secret}"))
    assert results == [["late", "won"]] * ROUNDS


def test_ten_thousand_invitations_are_listed_by_pages_in_two_queries(app):
    database = app.extensions["database"]
    with database.write() as db:
        for number in range(10_000):
            invitations.make(db, Wish(note=str(number)))
    with database.read() as db:
        rows = invitations.page(db)
    assert [row.invitation.note for row in rows[:2]] == ["9999", "9998"]
    assert len(rows) == invitations.PAGE + 1
