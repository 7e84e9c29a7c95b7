"""A code, or a count of a passkey, that two processes bring at once: a hundred rounds, one winner each."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import update

from tests.second_factors import stored, with_app, with_passkey
from webapp.mfa import recovery_codes
from webapp.mfa.models import TotpSeed

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 100


@pytest.fixture
def rivals(app, instance) -> Iterator[list[subprocess.Popen[str]]]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    environ = bare | {"WEBAPP_INSTANCE": str(instance), "WEBAPP_LOG_LEVEL": "error"}
    pair = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.mfa.spending"],
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


def test_of_two_processes_that_bring_one_code_of_the_app_one_wins(app, user, rivals):
    mine, results = with_app(app, user), []
    for _ in range(ROUNDS):
        with app.extensions["database"].write() as db:
            db.execute(update(TotpSeed).values(last_step=0))
        results.append(race(rivals, f"totp {user.id} {pyotp.TOTP(mine.seed).at(time.time())}"))
    assert results == [["late", "won"]] * ROUNDS


def test_of_two_processes_that_bring_one_recovery_code_one_wins(app, user, rivals):
    results = []
    for _ in range(ROUNDS):
        with app.extensions["database"].write() as db:
            code = recovery_codes.make(db, user.id)[0]
        results.append(race(rivals, f"sheet {user.id} {code}"))
    assert results == [["late", "won"]] * ROUNDS


def test_of_two_copies_of_a_passkey_that_count_alike_one_is_found_out(app, user, rivals):
    with_passkey(app, user)
    (passkey,) = stored(app, user)
    results = [race(rivals, f"passkey {passkey.id} {count}") for count in range(1, ROUNDS + 1)]
    assert results == [["late", "won"]] * ROUNDS
