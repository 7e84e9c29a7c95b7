"""A code, or a count of a passkey, that two processes bring at once: one winner in each round."""

import time

import pyotp
import pytest
from sqlalchemy import update

from tests import example_counts
from tests.second_factors import stored, with_app, with_passkey
from webapp.core.db import Database
from webapp.mfa import recovery_codes
from webapp.mfa.models import TotpSeed
from webapp.web.registry import services_of

ROUNDS = example_counts.times(10)
RESULTS = [["late", "won"]] * ROUNDS

pytestmark = pytest.mark.xdist_group("races")


def test_of_two_processes_with_one_code_of_the_app_one_succeeds(app, user, process_pair):
    mine = with_app(app, user)

    def codes():
        for _ in range(ROUNDS):
            with services_of(app).get(Database).write() as db:
                db.execute(update(TotpSeed).values(last_step=0))
            yield user.id, pyotp.TOTP(mine.seed).at(time.time())

    assert process_pair.race(app, "tests.mfa.code_races.code", codes()) == RESULTS


def test_of_two_processes_with_one_recovery_code_one_succeeds(app, user, process_pair):
    def codes():
        for _ in range(ROUNDS):
            with services_of(app).get(Database).write() as db:
                code = recovery_codes.create(db, user.id)[0]
            yield user.id, code

    assert process_pair.race(app, "tests.mfa.code_races.sheet", codes()) == RESULTS


def test_of_two_copies_of_a_passkey_with_one_counter_one_is_detected(app, user, process_pair):
    with_passkey(app, user)
    (passkey,) = stored(app, user)
    counts = ((passkey.id, count) for count in range(1, ROUNDS + 1))
    assert process_pair.race(app, "tests.mfa.code_races.passkey", counts) == RESULTS
