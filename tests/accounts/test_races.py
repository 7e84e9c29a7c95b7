"""A link that two processes use at once: a hundred rounds, one winner each."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import insert

from tests import factories
from tests.conftest import MEMORY
from webapp.accounts import invitations, links, recovery, sign_up
from webapp.accounts.invitations import Wish
from webapp.accounts.models import Invitation, User
from webapp.app import close, create_app
from webapp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 100

# Whoever runs one of them has its rivals.
pytestmark = pytest.mark.xdist_group("links")


@pytest.fixture(scope="module")
def raced(migrated: Path) -> Iterator[Flask]:
    """One house for all the races: its rivals take longer to come than to race."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        instance = shutil.copytree(migrated, Path(folder) / "instance")
        app = create_app(Settings.from_env({"WEBAPP_INSTANCE": str(instance)}))
        yield app
        close(app)


@pytest.fixture(scope="module")
def rivals(raced: Flask) -> Iterator[list[subprocess.Popen[str]]]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    environ = bare | {"WEBAPP_INSTANCE": raced.instance_path, "WEBAPP_LOG_LEVEL": "error"}
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
def test_of_two_processes_that_use_a_link_at_once_one_wins(raced, rivals, kind):
    database = raced.extensions["database"]
    user = factories.user(raced, f"ada-{kind}")
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
        made = invitations.make(db, Wish(note="first")).invitation
        columns = {column.key: getattr(made, column.key) for column in Invitation.__table__.columns}
        # As made, each a moment after the one before.
        many = [
            columns
            | {"id": uuid4(), "digest": number.to_bytes(32), "note": str(number)}
            | {"created_at": made.created_at + timedelta(microseconds=number + 1)}
            for number in range(10_000)
        ]
        db.execute(insert(Invitation), many)
    with database.read() as db:
        rows = invitations.page(db)
    assert [row.invitation.note for row in rows[:2]] == ["9999", "9998"]
    assert len(rows) == invitations.PAGE + 1
