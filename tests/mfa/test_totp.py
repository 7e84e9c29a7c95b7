"""Codes of an authenticator app: when they work, how they may be typed, and that none works twice."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine

from tests import factories
from tests.tables import everything
from webapp.core.db import Database
from webapp.core.encryption import Encryptor
from webapp.mfa import totp
from webapp.mfa.models import TotpSeed
from webapp.mfa.totp import AlreadyEnrolled, SeedUnreadable, WrongCode
from webapp.web.registry import services_of

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)
SEALER = Encryptor("k" * 20 + "0123456789ab", "totp")


@pytest.fixture
def enrolled(app, user):
    """Ada's app, enrolled ten minutes before noon; what it shows at a moment."""
    app_of_hers = pyotp.TOTP(totp.new_seed())
    with time_machine.travel(NOON - timedelta(minutes=10), tick=False), services_of(app).get(Database).write() as db:
        totp.enrol(db, SEALER, user.id, app_of_hers.secret, app_of_hers.now())
    return app_of_hers


def spend(app, user, code):
    with services_of(app).get(Database).write() as db:
        totp.spend(db, SEALER, user.id, code)


def is_taken(app, user, code):
    try:
        spend(app, user, code)
    except WrongCode:
        return False
    return True


def test_the_current_code_works_once(app, user, enrolled):
    with time_machine.travel(NOON, tick=False):
        assert is_taken(app, user, enrolled.now())
        assert not is_taken(app, user, enrolled.now())


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_can_differ_by_one_step(app, user, enrolled, steps):
    with time_machine.travel(NOON, tick=False):
        assert is_taken(app, user, enrolled.at(NOON + steps * STEP))


@pytest.mark.parametrize("steps", [-2, 2, 2880])
def test_a_clock_cannot_differ_by_two_steps(app, user, enrolled, steps):
    with time_machine.travel(NOON, tick=False):
        assert not is_taken(app, user, enrolled.at(NOON + steps * STEP))


def test_a_code_works_until_the_last_second_of_its_window(app, user, enrolled):
    code = enrolled.at(NOON)
    with time_machine.travel(NOON + 2 * STEP, tick=False) as clock:
        assert not is_taken(app, user, code)
        clock.shift(-1)
        assert is_taken(app, user, code)


def test_setting_the_clock_back_makes_no_code_valid_again(app, user, enrolled):
    with time_machine.travel(NOON, tick=False) as clock:
        assert is_taken(app, user, enrolled.now())
        clock.shift(-30)
        assert not is_taken(app, user, enrolled.at(NOON))
        assert not is_taken(app, user, enrolled.now())


def test_after_a_code_earlier_ones_are_refused(app, user, enrolled):
    with time_machine.travel(NOON, tick=False):
        assert is_taken(app, user, enrolled.at(NOON + STEP))
        assert not is_taken(app, user, enrolled.at(NOON))


def test_the_code_of_the_setup_cannot_be_used_to_log_in(app, user):
    seed = totp.new_seed()
    code = pyotp.TOTP(seed).now()
    with services_of(app).get(Database).write() as db:
        totp.enrol(db, SEALER, user.id, seed, code)
    assert not is_taken(app, user, code)


@pytest.mark.parametrize("typed", ["{} {}", " {}{} ", "{}-{}", "{}\t{}", "{}\u00a0{}", "{}\u2009{}"])
def test_spaces_and_dashes_in_a_code_are_ignored(app, user, enrolled, typed):
    with time_machine.travel(NOON, tick=False):
        code = enrolled.now()
        assert is_taken(app, user, typed.format(code[:3], code[3:]))


def test_full_width_digits_are_accepted(app, user, enrolled):
    with time_machine.travel(NOON, tick=False):
        assert is_taken(app, user, enrolled.now().translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"}))


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "-12345", "+12345", "1e5000", "٠١٢٣٤٥", "१२३४५६", "0x1234", "½23456"]
)
def test_other_texts_are_no_code(typed):
    assert totp.digits_of(typed) is None


def test_a_code_works_only_for_its_owner(app, user, enrolled):
    grace = factories.user(app, "grace")
    other = totp.new_seed()
    with services_of(app).get(Database).write() as db:
        totp.enrol(db, SEALER, grace.id, other, pyotp.TOTP(other).now())
    with time_machine.travel(NOON, tick=False):
        assert not is_taken(app, grace, enrolled.now())


def test_a_second_app_cannot_be_set_up(app, user, enrolled):
    seed = totp.new_seed()
    with pytest.raises(AlreadyEnrolled), services_of(app).get(Database).write() as db:
        totp.enrol(db, SEALER, user.id, seed, pyotp.TOTP(seed).now())
    with time_machine.travel(NOON, tick=False):
        assert is_taken(app, user, enrolled.now())


def test_an_app_with_a_wrong_code_is_not_set_up(app, user):
    seed = totp.new_seed()
    with pytest.raises(WrongCode), services_of(app).get(Database).write() as db:
        totp.enrol(db, SEALER, user.id, seed, pyotp.TOTP(totp.new_seed()).now())
    assert not is_taken(app, user, pyotp.TOTP(seed).now())


def test_the_seed_is_stored_encrypted(app, user, enrolled, instance):
    assert enrolled.secret not in everything(instance / "latchkey.db")


def test_a_seed_modified_in_the_database_is_refused_and_logged(app, user, enrolled, logged):
    with services_of(app).get(Database).write() as db:
        found = totp.find(db, user.id)
        found.sealed = found.sealed[:-1] + bytes([found.sealed[-1] ^ 1])
    with time_machine.travel(NOON, tick=False), pytest.raises(SeedUnreadable):
        is_taken(app, user, enrolled.now())
    assert "totp seed broken" in logged()


def test_a_seed_cannot_be_moved_to_another_account(app, user, enrolled):
    grace = factories.user(app, "grace")
    with services_of(app).get(Database).write() as db:
        totp.find(db, user.id).user_id = grace.id
    with time_machine.travel(NOON, tick=False), pytest.raises(SeedUnreadable):
        is_taken(app, grace, enrolled.now())


def test_using_the_app_re_encrypts_its_seed_with_a_new_secret_key(app, user, enrolled):
    following = Encryptor("another secret key, and a long one", "totp", former=("k" * 20 + "0123456789ab",))
    alone = Encryptor("another secret key, and a long one", "totp")
    with time_machine.travel(NOON, tick=False), services_of(app).get(Database).write() as db:
        totp.spend(db, following, user.id, enrolled.now())
        assert totp.decrypted_seed(alone, db.query(TotpSeed).one()) == enrolled.secret


def test_an_app_can_be_removed_once(app, user, enrolled):
    with services_of(app).get(Database).write() as db:
        assert totp.remove(db, user.id)
        assert not totp.remove(db, user.id)
