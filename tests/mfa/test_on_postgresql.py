"""Second factors on PostgreSQL: the tables go up and down, and of those who come at once one wins."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from flask import Flask
from sqlalchemy import update

from tests import example_counts, factories
from tests.browser import Person
from tests.passkey import Authenticator
from tests.second_factors import NAMED, passkey_login, register, stored, with_app, with_passkey, with_sheet
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.db import Database
from webapp.mfa import passkeys, recovery_codes, totp, webauthn_ceremonies
from webapp.mfa.models import Passkey, TotpSeed
from webapp.mfa.totp import TotpEncryptor
from webapp.testing import quickened
from webapp.web.registry import services_of

pytestmark = pytest.mark.xdist_group("races")
ROUNDS = example_counts.times(10)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgresql: Callable[[str], str]) -> Iterator[Flask]:
    folder = str(tmp_path_factory.mktemp("elephant") / "instance")
    named = {"WEBAPP_INSTANCE": folder, "WEBAPP_DATABASE_URL": postgresql("mfa")} | NAMED
    settings = CommandContext(named).settings
    schema.upgrade(settings)
    app = quickened(create_app(settings))
    yield app
    close(app)


def both(action) -> list[bool]:
    """Whether each of two who do it at once succeeded."""

    def tried(_: int) -> bool:
        try:
            action()
        except (totp.WrongCode, passkeys.CounterNotIncreased):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(tried, range(2)))


def test_of_two_uses_of_one_code_at_once_one_succeeds(site):
    user = factories.user(site, "ada")
    mine, database, encryptor = (
        with_app(site, user),
        services_of(site).get(Database),
        services_of(site).get(TotpEncryptor),
    )
    with_passkey(site, user)
    (passkey,), codes = stored(site, user), with_sheet(site, user)

    def by_app() -> None:
        with database.write() as db:
            totp.spend(db, encryptor, user.id, pyotp.TOTP(mine.seed).at(time.time()))

    def by_key(count: int) -> None:
        with database.write() as db:
            passkeys.use(
                db, db.get_one(Passkey, passkey.id), webauthn_ceremonies.VerifiedAssertion(count, is_synced=False)
            )

    def by_sheet(code: str) -> None:
        with database.write() as db:
            if not recovery_codes.spend(db, user.id, code):
                raise totp.WrongCode

    for number in range(1, ROUNDS):
        with database.write() as db:
            db.execute(update(TotpSeed).values(last_step=0))
        assert both(by_app) == [False, True]
        assert both(lambda number=number: by_key(number)) == [False, True]
    assert [both(lambda code=code: by_sheet(code)) for code in codes] == [[False, True]] * len(codes)


def test_a_user_adds_a_passkey_logs_in_with_it_and_removes_it(site):
    user, device, person = factories.user(site, "grace"), Authenticator(), Person(site)
    person.log_in("grace")
    register(person, device)
    other = Person(site)
    assert passkey_login(other, device).request.path == "/dashboard"
    (kept,) = stored(site, user)
    other.open(f"/account/security/passkeys/{kept.id}/remove")
    other.press("Remove Security key")
    assert stored(site, user) == []


def test_of_two_removals_of_the_last_two_passkeys_at_once_one_is_refused(site):
    user = factories.user(site, "mara")
    first, second = with_passkey(site, user), with_passkey(site, user)
    with services_of(site).get(Database).write() as db:
        db.get_one(type(user), user.id).password_hash = ""
    people = Person(site), Person(site, ip_address="198.51.100.7")
    for person, device in zip(people, (first, second), strict=True):
        passkey_login(person, device)
    for person, passkey in zip(people, stored(site, user), strict=True):
        person.open(f"/account/security/passkeys/{passkey.id}/remove")
    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(lambda person: person.press("Remove Security key").status_code, people))
    assert len(stored(site, user)) == 1, codes
