"""keys reseal and keys new-secret: a changed secret key, and one that is lost."""

import json
import sqlite3
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import LargeBinary, select

from tests import factories
from tests.second_factors import with_app
from tests.secret_keys import OTHER
from webapp.app import close
from webapp.cli import new_secret, reseal
from webapp.core import sealed_column
from webapp.core.db import Database
from webapp.core.models import SecretKeyMark
from webapp.core.sealed_column import SealedWith
from webapp.guard.models import StoredForm
from webapp.mail.mailer import Mailer
from webapp.mail.outbox import Content, put
from webapp.mfa import totp
from webapp.mfa.models import Passkey
from webapp.mfa.totp import TotpEncryptor
from webapp.migrations.all_models import metadata
from webapp.settings import Settings
from webapp.testing import build
from webapp.web.registry import services_of


@contextmanager
def site(instance, **settings):
    app = build(instance, **settings)
    try:
        yield app
    finally:
        close(app)


@pytest.fixture
def seeds(instance):
    """Ids of five users with an authenticator app; a mail waits too, and a form."""
    with site(instance) as app:
        users = [factories.user(app) for _ in range(5)]
        for user in users:
            with_app(app, user)
        settings = services_of(app).get(Settings)
        with services_of(app).get(Database).write() as db:
            put(
                db, services_of(app).get(Mailer).encryptor, kind="x", to="a@example.org", content=Content("a", "b", "c")
            )
            sealed = reseal.COLUMNS[3].encryptor(settings).seal(b"form", belongs_to=str(users[0].id))
            db.add(StoredForm(user_id=users[0].id, digest=bytes(32), sealed=sealed, expires_at=users[0].created_at))
    return [user.id for user in users]


@pytest.fixture
def changed(instance, seeds):
    """The settings after a change of the secret key."""
    former = (instance / "secret_key").read_text().strip()
    return {"WEBAPP_SECRET_KEY": OTHER, "WEBAPP_SECRET_KEY_FALLBACKS": former}


def test_all_that_is_encrypted_is_in_the_list():
    """Columns of bytes of any length are encrypted; digests and the like have a length."""
    columns = [column for table in metadata.sorted_tables for column in table.columns]
    found = {column for column in columns if isinstance(column.type, LargeBinary) and column.type.length is None}
    named = {column.sealed.property.columns[0] for column in reseal.COLUMNS}
    assert found - {Passkey.__table__.c.public_key} == named


def states(instance, **settings):
    with site(instance, **settings) as app, services_of(app).get(Database).read() as db:
        found = reseal.counts_by_column(db, services_of(app).get(Settings))
    return {name: dict(counts) for name, counts in found.items() if counts}


def doctor(run, **settings):
    found = json.loads(run("doctor --json", **settings).stdout)
    return [(line["level"], line["message"], line["remedy"]) for line in found if line["about"] == "secret key"]


def rows_of(kind):
    return {"sets of keys": {kind: 1}, "authenticator apps": {kind: 5}, "mails": {kind: 1}, "saved forms": {kind: 1}}


def test_everything_moves_to_the_current_secret_key_and_the_former_one_is_not_needed_any_more(
    run, instance, seeds, changed
):
    tokens = run("keys list --json").stdout
    assert states(instance) == rows_of(SealedWith.CURRENT)
    assert states(instance, **changed) == rows_of(SealedWith.FORMER)
    ((level, says, mend),) = doctor(run, **changed)
    assert (level, "authenticator apps (5), mails (1)" in says, "keys reseal" in mend) == ("warn", True, True)
    # Without the former one, the site does not start before everything has been moved.
    assert run("keys list", WEBAPP_SECRET_KEY=OTHER).exit_code == 2
    done = run("keys reseal", **changed)
    assert done.exit_code == 0, done.stderr
    assert "authenticator apps: 5 moved" in done.stderr
    assert states(instance, WEBAPP_SECRET_KEY=OTHER) == rows_of(SealedWith.CURRENT)
    assert [level for level, *_ in doctor(run, WEBAPP_SECRET_KEY=OTHER)] == ["ok"]
    assert run("keys list --json", WEBAPP_SECRET_KEY=OTHER).stdout == tokens
    assert run("keys list").exit_code == 2
    event = json.loads(run("audit list --event secret-key.changed --json", WEBAPP_SECRET_KEY=OTHER).stdout)
    assert event["details"]["moved"] == 8


def test_it_goes_on_where_it_broke_off(run, instance, seeds, changed, monkeypatch):
    monkeypatch.setattr(sealed_column, "BATCH", 2)
    with site(instance, **changed) as app:
        database, settings = services_of(app).get(Database), services_of(app).get(Settings)
        assert next(totp.SEEDS.reseal(database, settings)) == 2
        with database.read() as db:
            assert dict(totp.SEEDS.count(db, settings)) == {SealedWith.CURRENT: 2, SealedWith.FORMER: 3}
            assert len(db.scalars(select(SecretKeyMark)).all()) == 2
    assert "authenticator apps: 3 moved" in run("keys reseal", **changed).stderr
    assert run("keys reseal", **changed).exit_code == 0
    assert states(instance, WEBAPP_SECRET_KEY=OTHER) == rows_of(SealedWith.CURRENT)


def test_a_row_that_changed_meanwhile_is_left_as_it_is(instance, seeds, changed):
    with site(instance, **changed) as app:
        database, settings = services_of(app).get(Database), services_of(app).get(Settings)
        steps = totp.SEEDS.reseal(database, settings)
        with database.write() as db:
            seed = totp.find(db, seeds[0])
            newer = services_of(app).get(TotpEncryptor).seal(b"newer", belongs_to=str(seeds[0]))
            row = seed.id, seed.sealed, seed.user_id
            seed.sealed = newer
        with database.write() as db:
            assert not totp.SEEDS._reseal_row(db, totp.SEEDS.encryptor(settings), *row)
        assert sum(steps) == 4
        with database.read() as db:
            assert totp.find(db, seeds[0]).sealed == newer


def test_what_cannot_be_decrypted_is_counted_and_stays(run, instance, seeds, changed):
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection, connection:
        connection.execute("UPDATE totp_seed SET sealed = zeroblob(60) WHERE user_id = ?", [seeds[0].hex])
    done = run("keys reseal", **changed)
    assert (done.exit_code, "stays as it is: authenticator apps (1)." in done.stderr) == (0, True)
    ((level, says, mend),) = doctor(run, WEBAPP_SECRET_KEY=OTHER)
    assert (level, "authenticator apps (1)" in says, "FALLBACKS" in mend) == ("bad", True, True)


def test_without_a_change_there_is_nothing_to_move(run, instance, seeds):
    done = run("keys reseal")
    assert (done.exit_code, "moved" in done.stderr) == (0, False)
    assert "secret-key.changed" not in run("audit tail").stdout


@pytest.mark.parametrize("is_given", [True, False])
def test_a_lost_secret_key_is_replaced_after_a_confirmation_that_says_what_is_lost(
    run, add, mint, instance, seeds, is_given
):
    add("ada", "super_admin")
    mint("ada")
    former = (instance / "secret_key").read_text()
    (instance / "secret_key").unlink()
    given = {"WEBAPP_SECRET_KEY": OTHER} if is_given else {}
    done = run("keys new-secret", typed="yes\n", **given)
    assert (done.exit_code, "authenticator apps (5), mails (1)" in done.stderr) == (1, True)
    assert not (instance / "secret_key").exists()
    done = run("keys new-secret", typed=f"{new_secret.CONFIRMATION}\n", **given)
    assert done.exit_code == 0, done.stderr
    assert "1 token" in done.stderr
    assert (instance / "secret_key").exists() is not is_given
    (key,) = json.loads(run("keys list --json", **given).stdout)
    assert key["use"] == "signs"
    assert json.loads(run("token list --json", **given).stdout) == []
    (line,) = run("audit list --event secret-key.replaced --json", **given).stdout.splitlines()
    assert json.loads(line)["details"]["ended"]["token"] == 1
    assert run("keys list", WEBAPP_SECRET_KEY=former.strip()).exit_code == 2
    assert states(instance, **given)["authenticator apps"] == {SealedWith.NONE: 5}
