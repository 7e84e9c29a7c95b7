"""user export: what it writes, who may read that, and that an import gives the same people."""

import json
import sqlite3
import stat
from contextlib import closing

import pyotp
import pytest

from tests.accounts.foreign_hashes import HASHES, PASSWORD
from tests.cli import conftest
from webapp.accounts.import_fields import FIELDS, SECRETS
from webapp.testing import build

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PEOPLE = [
    {"username": "ada", "email": "ada@example.org", "email_verified": True, "roles": "admin", "totp_seed": SEED},
    {"username": "bob", "password_hash": HASHES["bcrypt 2b"], "display_name": "=Bob, the “1st”", "language": "de"},
    {"username": "carl", "disabled": "2021-01-01", "created_at": "2020-01-01", "password_hash": HASHES["LDAP SSHA"]},
    {"username": "dora", "email": "d@example.org", "must_verify_email": True, "time_zone": "Europe/Berlin"},
    {"username": "emil", "known_elsewhere_as": "uid=emil,dc=example", "closes_at": "2999-01-01"},
    {"username": "Ünal", "roles": "super_admin"},
]


@pytest.fixture
def site_with_users(run, tmp_path):
    """A site with people of every kind, one of them made here."""
    file = tmp_path / "people.jsonl"
    file.write_text("".join(json.dumps(user) + "\n" for user in PEOPLE))
    done = run("user import", str(file), "--apply")
    assert done.exit_code == 0, done.output
    run("user add zoe --password-stdin", typed=conftest.PASSWORD)


def exported(run, *more, **settings):
    done = run("user export", "-", "--format", "jsonl", *more, **settings)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_can_be_imported_into_an_empty_site(run, site_with_users, tmp_path, instance, form):
    file, other = tmp_path / f"all.{form}", tmp_path / "other"
    assert run("user export", str(file), "--with-secrets").exit_code == 0
    done = run("user import", str(file), "--apply", WEBAPP_INSTANCE=str(other))
    assert done.exit_code == 0, done.output
    assert exported(run, "--with-secrets", WEBAPP_INSTANCE=str(other)) == exported(run, "--with-secrets")
    app = build(other)

    def log_in(**body):
        answer = app.test_client().post("/api/auth", json=body)
        return answer.json.get("code") or answer.status_code

    code = pyotp.TOTP(SEED).now()
    assert log_in(username="zoe", password=conftest.PASSWORD) == 200
    assert log_in(username="bob", password=PASSWORD) == 200
    assert log_in(username="bob", password=PASSWORD + "x") == "credentials_invalid"
    assert log_in(username="carl", password=PASSWORD) == "credentials_invalid"
    run("user password ada --password-stdin", typed=conftest.PASSWORD, WEBAPP_INSTANCE=str(other))
    assert log_in(username="ada", password=conftest.PASSWORD) == "mfa_required"
    assert log_in(username="ada", password=conftest.PASSWORD, code=code) == 200


def test_secrets_are_exported_only_on_request(run, site_with_users):
    open_ = exported(run)
    assert [secret for secret in (*SECRETS, "argon2", SEED, HASHES["LDAP SSHA"]) if secret in open_] == []
    with_secrets = exported(run, "--with-secrets")
    assert [secret for secret in ("$argon2", SEED, HASHES["LDAP SSHA"]) if secret not in with_secrets] == []


def test_a_csv_export_without_users_has_the_field_names(run):
    assert run("user export - --format csv --with-secrets").stdout.strip().split(",") == list(FIELDS)
    without = [name for name in FIELDS if name not in SECRETS]
    assert run("user export - --format csv").stdout.strip().split(",") == without


def test_only_the_operator_can_read_the_file_and_none_is_overwritten(run, site_with_users, tmp_path):
    file = tmp_path / "all.jsonl"
    assert run("user export", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    done = run("user export", str(file), "--with-secrets")
    assert (done.exit_code, file.read_bytes()) == (1, before)
    assert run("user export", str(tmp_path / "nowhere" / "x")).exit_code == 1


@pytest.mark.parametrize("more", [(), ("--with-secrets",)])
def test_an_export_is_recorded(run, site_with_users, tmp_path, more):
    assert run("user export", str(tmp_path / "all.csv"), *more).exit_code == 0
    (line,) = run("audit list --json --event users.exported").stdout.splitlines()
    assert json.loads(line)["details"] == {"file": "all.csv", "with_secrets": bool(more), "origin": "cli"}


def test_a_seed_that_cannot_be_decrypted_is_an_error(run, instance, site_with_users):
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection, connection:
        connection.execute("UPDATE totp_seed SET sealed = zeroblob(60)")
    done = run("user export - --with-secrets")
    assert done.exit_code == 1
    assert "WEBAPP_SECRET_KEY_FALLBACKS" in done.stderr
