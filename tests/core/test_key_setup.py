"""The first start with keys in the database: files are moved into it once, and a start that broke off loses nothing."""

import base64
import json
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.secret_keys import OTHER
from webapp.cli import schema
from webapp.core import key_files, key_setup
from webapp.core.clock import now
from webapp.core.cookie_key import CookieKey
from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.key_table import KeyTable
from webapp.core.models import SecretKeyMark, StoredKeys
from webapp.core.secret_key_marks import OtherSecretKey
from webapp.core.signing_keys import generate, text_of
from webapp.settings import InstanceError, Settings


class Site:
    def __init__(self, folder, **given):
        self.folder, self.given = folder, given
        self.settings = Settings.from_env({"WEBAPP_INSTANCE": str(folder)} | given)
        self.database = Database(self.settings.database)
        self.table = KeyTable(self.database, self.settings)

    def start(self):
        key_setup.set_up_keys(self.settings, self.database)
        self.table.look_again()

    def kids(self):
        self.table.look_again()
        return [key.kid for ring in IdTokenKeys.of(self.settings, self.table).rings() for key in ring.view().keys]

    def forget(self):
        """As before an upgrade from a version with key files."""
        with self.database.write() as db:
            for row in (*db.scalars(select(StoredKeys)), *db.scalars(select(SecretKeyMark))):
                db.delete(row)

    def write(self, name, *keys):
        file = self.folder / key_files.FILES[name]
        file.write_text(text_of(keys) if keys else "a generation\n")
        file.chmod(0o600)
        return file


@pytest.fixture
def open_site(instance):
    opened = []

    def make(**given):
        opened.append(Site(instance, **given))
        return opened[-1]

    yield make
    for site in opened:
        site.database.close()


@pytest.fixture
def site(open_site):
    """With the key files of an earlier version."""
    site = open_site()
    site.forget()
    return site


def keys_of_a_rotation():
    new, old = (generate("ES256", now()) for _ in range(2))
    pending = generate("ES256", now(), signs_from=now() + timedelta(hours=1))
    return pending, new, old.retired(now(), overlap=timedelta(days=1)).without_private()


def test_all_files_are_moved_and_then_removed(site):
    keys, rsa = keys_of_a_rotation(), generate("RS256", now())
    site.write("signing_keys", *keys)
    site.write("id_token_keys", rsa)
    site.write("cookies")
    (site.folder / ".signing_keys.lock").touch()
    site.start()
    assert site.kids() == [*(key.kid for key in keys), rsa.kid]
    assert CookieKey(site.settings, site.table).current() != (site.settings.secret_key,)
    assert not [path.name for path in site.folder.iterdir() if "keys" in path.name or "generation" in path.name]
    site.start()
    assert site.kids() == [*(key.kid for key in keys), rsa.kid]


def test_without_files_the_first_start_makes_a_key_and_the_second_keeps_it(site):
    site.start()
    (first,) = site.kids()
    site.start()
    assert site.kids() == [first]


def test_a_start_that_broke_off_after_the_commit_loses_no_key_and_the_next_removes_the_file(site, monkeypatch):
    keys = keys_of_a_rotation()
    file = site.write("signing_keys", *keys)
    with monkeypatch.context() as patch:
        patch.setattr(key_files, "put_away", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            site.start()
    assert file.exists()
    assert site.kids() == [key.kid for key in keys]
    site.start()
    assert not file.exists()
    assert site.kids() == [key.kid for key in keys]


def test_a_start_that_broke_off_before_the_commit_changes_nothing(site, monkeypatch):
    keys = keys_of_a_rotation()
    file = site.write("signing_keys", *keys)
    with monkeypatch.context() as patch:
        patch.setattr(KeyTable, "store", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            site.start()
    with site.database.read() as db:
        assert not db.scalars(select(SecretKeyMark)).all()
    assert file.exists()
    site.start()
    assert site.kids() == [key.kid for key in keys]


@pytest.mark.parametrize("name", list(key_files.FILES))
def test_a_file_of_a_restored_folder_brings_no_key_back(site, name):
    keys = keys_of_a_rotation()
    site.write("signing_keys", *keys)
    site.start()
    before = site.kids(), CookieKey(site.settings, site.table).current()
    file = site.write(name, *(() if name == "cookies" else (generate("RS256", now()),)))
    site.start()
    assert (site.kids(), CookieKey(site.settings, site.table).current()) == before
    assert not file.exists()
    assert file.with_name(f"{file.name}.unused").exists()


def test_a_damaged_file_stops_the_start_and_is_kept(site):
    file = site.write("signing_keys")
    with pytest.raises(InstanceError, match="damaged"):
        site.start()
    assert file.read_text() == "a generation\n"
    with site.database.read() as db:
        assert not db.scalars(select(StoredKeys)).all()


def test_a_file_that_others_can_read_stops_the_start(site):
    site.write("signing_keys", *keys_of_a_rotation()).chmod(0o604)
    with pytest.raises(InstanceError, match="chmod 600"):
        site.start()


def test_a_file_of_the_version_before_is_read_as_it_was_written(site):
    (key,) = [generate("HS256", now())]
    times = {"created_at": now().isoformat(), "retired_at": None, "ends_at": None}
    entry = {"kid": key.kid, "algorithm": "HS256", "key": base64.b64encode(key.private).decode()} | times
    site.write("signing_keys").write_text(json.dumps({"keys": [entry]}, indent=2) + "\n")
    site.start()
    assert site.kids()[1:] == [key.kid]


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256", "HS256"])
def test_another_algorithm_in_the_settings_makes_a_key_at_the_next_start(open_site, algorithm):
    before = open_site()
    before.start()
    (old,) = before.kids()
    changed = open_site(WEBAPP_SIGNING_ALGORITHM=algorithm)
    changed.start()
    new, kept = changed.kids()
    assert kept == old
    changed.start()
    assert changed.kids() == [new, old]


def test_keys_of_the_settings_win_and_need_none_in_the_database(site):
    given = Site(site.folder, WEBAPP_SIGNING_ALGORITHM="HS256", WEBAPP_SIGNING_KEY=OTHER)
    with closing(given.database):
        given.start()
        (kid,) = given.kids()
        with given.database.read() as db:
            assert not db.scalars(select(StoredKeys)).all()
    site.start()
    assert kid not in site.kids()


def test_a_process_with_another_secret_key_is_refused_before_it_reads_anything(site, open_site):
    site.start()
    before = site.kids()
    other = open_site(WEBAPP_SECRET_KEY=OTHER)
    with pytest.raises(OtherSecretKey, match="belongs to another secret key"):
        other.start()
    assert site.kids() == before
    changed = open_site(WEBAPP_SECRET_KEY=OTHER, WEBAPP_SECRET_KEY_FALLBACKS=site.settings.secret_key)
    changed.start()
    assert changed.kids() == before
    # From here on, something may be encrypted under the new one.
    with pytest.raises(OtherSecretKey, match="a further secret key"):
        site.start()


def test_the_mark_does_not_reveal_the_secret_key(site):
    site.start()
    with site.database.read() as db:
        (mark,) = db.scalars(select(SecretKeyMark.mark))
    assert len(mark) == 43
    assert mark not in site.settings.secret_key
    schema.set_up_keys(site.settings)
