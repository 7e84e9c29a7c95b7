"""Every command, and what it does about the secret key: with no site, a new one, and one whose secret key is not here.

A new command must be entered here.
"""

import shutil
import sqlite3
from contextlib import closing
from uuid import UUID

import pytest

from tests.cli.conftest import PASSWORD
from tests.cli.test_program import commands
from tests.login.directory import PROVIDER
from tests.secret_keys import OTHER
from webapp.cli import emergency, granian_server, server_process
from webapp.cli.program import program

SMTP = "smtp://127.0.0.1:1"
ID = str(UUID(int=7))
OPENS = {
    # Opens the database: a new site is created, one whose secret key is missing or another one is refused.
    "serve": "",
    "user add": "ada --email ada@example.org --password-stdin",
    "user add-service": "backup --owner ada --purpose nightly",
    "user disable": "ada",
    "user enable": "ada",
    "user export": "-",
    "user factors": "ada",
    "user hand-over": "ada bea",
    "user import": "FILE",
    "user use-provider-password": "ada",
    "user use-local-password": "ada",
    "user list": "",
    "user logout": "ada",
    "user password": "ada --password-stdin",
    "user purge": "",
    "user reset-factors": "ada",
    "user reset-link": "ada",
    "user role": "ada admin",
    "user services": "",
    "user sessions": "ada",
    "user setup-link": "",
    "user show": "ada",
    "user unlock": "ada",
    "role create": "helper --description helps",
    "role edit": "helper --description helps",
    "role list": "",
    "role remove": "helper",
    "role show": "user",
    "client add": "Wiki --redirect-uri https://wiki.example.org/cb",
    "client disable": "Wiki --yes",
    "client edit": "Wiki --role admin",
    "client enable": "Wiki",
    "client list": "",
    "client registration-token add": "",
    "client registration-token list": "",
    "client registration-token revoke": ID,
    "client remove": "Wiki --yes",
    "client secret": "Wiki",
    "client show": "Wiki",
    "invite": "bea@example.org",
    "mail list": "",
    "mail retry": ID,
    "token list": "",
    "token mint": "ada --name x --scope protected:read",
    "token revoke": ID,
    "token rotate": ID,
    "token show": ID,
    **dict.fromkeys(("provider disable", "provider remove"), "acme --yes"),
    **dict.fromkeys(("provider enable", "provider show"), "acme"),
    "provider add": "acme --issuer https://login.example.org --client-id x --public",
    "provider edit": "acme --name Acme",
    "provider list": "",
    "provider test-claims": "acme FILE",
    "proxied-app add": "Wiki --host wiki.example.org",
    "proxied-app edit": "wiki --role user",
    "proxied-app rule add": "wiki /open",
    "proxied-app rule edit": "wiki 1 --public",
    "proxied-app rule move": "wiki 1 1",
    "proxied-app rule remove": "wiki 1",
    "proxied-app test": "wiki /",
    **dict.fromkeys(("proxied-app export", "proxied-app list"), ""),
    **dict.fromkeys(("proxied-app disable", "proxied-app remove"), "wiki --yes"),
    **dict.fromkeys(("proxied-app enable", "proxied-app show"), "wiki"),
    "keys emergency": "--yes",
    **dict.fromkeys(("keys list", "keys reseal", "keys rotate"), ""),
    "keys retire": "x",
    "limits list": "",
    "limits reset": "login",
    **dict.fromkeys(("audit export", "audit list", "audit tail", "audit verify"), ""),
    "db upgrade": "",
    "audit archive": "--before 2020-01-01 --to FOLDER",
}
READS = {
    # Neither encrypts nor decrypts: it works without the secret key, and creates nothing.
    "new": "shop",
    "mail test": "ada@example.org",
    "token pattern": "",
    "routes": "",
    "settings": "",
    "db backup": "FILE.copy --without-secret",
    "db check": "",
    "proxied-app config": "wiki nginx",
    "db revision": "x",
    "doctor": "",
    "doctor proxy": "http://127.0.0.1:9/",
}
WITH_NOTHING_TO_DO = "doctor", "doctor proxy", "db revision", "mail test", "proxied-app config"
"""They end with 1: here are faults to report, no blueprint to migrate, no mail server and no app."""
RECOVERS = {
    # Is for a site whose secret key is lost, and refuses others.
    "keys new-secret": "--yes",
}
RESTORES = {
    # Needs the secret key of the backup, and never makes one.
    "db restore": "FILE.db --yes",
}
MISSING, ANOTHER = "The secret key of this database is missing. Restore ", "The database belongs to another secret key."


def test_every_command_is_in_the_table():
    known = {" ".join(case.values[0]) for case in commands(program)}
    assert known == OPENS.keys() | READS.keys() | RECOVERS.keys() | RESTORES.keys()


@pytest.fixture
def attempt(run, tmp_path, monkeypatch):
    """Runs a command of the table; answers with its exit code and what it said on standard error."""
    monkeypatch.setattr(emergency, "SECOND_SWEEP_AFTER", 0)
    for module, name in ((server_process, "replace_this_process"), (granian_server, "refuse_taken")):
        monkeypatch.setattr(module, name, lambda *_, **__: None)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "people.jsonl"
    file.write_text("")
    needed = {"WEBAPP_IDENTITY_PROVIDER": PROVIDER, "WEBAPP_DYNAMIC_REGISTRATION": "true", "WEBAPP_SMTP_URL": SMTP}

    def attempt(command, **settings):
        given = (OPENS | READS | RECOVERS | RESTORES)[command]
        given = given.replace("FILE", str(file)).replace("FOLDER", str(tmp_path))
        done = run(f"{command} {given}", typed=PASSWORD, **needed | settings)
        assert done.exception is None or isinstance(done.exception, SystemExit), (command, done.exception)
        return done.exit_code, done.stderr

    return attempt


def made(instance):
    """What there is of keys and database."""
    return {name for name in ("secret_key", "latchkey.db") if (instance / name).exists()}


def rows(instance):
    """The tables that a command must not change that is refused."""
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection:
        names = "stored_keys", "secret_key_mark", "audit_event", "user"
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


@pytest.fixture
def used(run, add, instance, tmp_path):
    """The secret key of a site that was used, of which there is a backup."""
    add("ada", "super_admin")
    run("db backup --without-secret", str(tmp_path / "people.jsonl.db"))
    return (instance / "secret_key").read_text().strip()


def wrong(table, is_right):
    """The commands of a table that do something else than they should, with what they said."""
    return {command: said for command in table if (said := is_right(command)) is not True}


@pytest.mark.usefixtures("unbuilt")
def test_without_a_site_a_command_that_opens_it_creates_one(attempt, instance):
    def creates(command):
        shutil.rmtree(instance, ignore_errors=True)
        _, said = attempt(command)
        return made(instance) == {"secret_key", "latchkey.db"} or said

    # All others open it as these do.
    assert wrong(("serve", "user add", "token mint", "keys list", "db upgrade"), creates) == {}


@pytest.mark.usefixtures("unbuilt")
def test_without_a_site_a_command_that_only_reads_creates_nothing(attempt, instance):
    def creates_nothing(command):
        code, said = attempt(command)
        return (code in (0, 1) and not instance.exists()) or said

    assert wrong(READS | RECOVERS, creates_nothing) == {}


def test_a_missing_secret_key_refuses_and_none_is_made(attempt, used, instance):
    (instance / "secret_key").unlink()
    before = rows(instance)

    def is_refused(command):
        code, said = attempt(command)
        sentence = "secret_key is missing, and WEBAPP_SECRET_KEY is not set" if command in RESTORES else MISSING
        return (code, sentence in said, said.count("\n"), made(instance)) == (2, True, 1, {"latchkey.db"}) or said

    assert wrong(OPENS | RESTORES, is_refused) == {}
    assert rows(instance) == before


def test_another_secret_key_refuses_and_changes_nothing(attempt, used, instance):
    before = rows(instance)

    def is_refused(command):
        code, said = attempt(command, WEBAPP_SECRET_KEY=OTHER)
        return (code, ANOTHER in said, said.count("\n")) == (2, True, 1) or said

    assert wrong(OPENS | RESTORES, is_refused) == {}
    assert rows(instance) == before


@pytest.mark.parametrize("has_another", [True, False])
def test_a_command_that_only_reads_needs_no_secret_key(attempt, used, instance, tmp_path, has_another):
    kept = ("stored_keys", "secret_key_mark", "user")
    before = rows(instance)
    settings = {"WEBAPP_SECRET_KEY": OTHER} if has_another else {}
    (instance / "secret_key").unlink()

    def works(command):
        code, said = attempt(command, **settings)
        return code == (command in WITH_NOTHING_TO_DO) or said

    assert wrong(READS, works) == {}
    assert made(instance) == {"latchkey.db"}
    after = rows(instance)
    assert [after[name] for name in kept] == [before[name] for name in kept]


def test_with_the_secret_key_among_the_fallbacks_every_command_works(attempt, used):
    def works(command):
        _, said = attempt(command, WEBAPP_SECRET_KEY=OTHER, WEBAPP_SECRET_KEY_FALLBACKS=used)
        return not any(words in said for words in (MISSING, ANOTHER, "cannot be decrypted")) or said

    assert wrong(OPENS | READS | RESTORES, works) == {}


@pytest.mark.parametrize("has_another", [True, False])
def test_a_secret_key_that_is_not_lost_is_not_replaced(attempt, used, instance, has_another):
    before = rows(instance)
    settings = {"WEBAPP_SECRET_KEY": OTHER, "WEBAPP_SECRET_KEY_FALLBACKS": used} if has_another else {}
    code, said = attempt("keys new-secret", **settings)
    assert (code, "is not lost" in said) == (1, True)
    assert rows(instance) == before
