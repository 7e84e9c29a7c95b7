"""docs/coming-from.md: its queries move the users of a Flask-Security and a Django database, with their passwords."""

import base64
import csv
import json
import re
import sqlite3
from pathlib import Path

import pyotp
import pytest
from passlib.totp import TOTP

from tests.accounts.foreign_hashes import HASHES, PASSWORD, SALT, django_pbkdf2
from webapp.accounts.import_fields import totp_seed
from webapp.testing import build

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "coming-from.md").read_text()
FLASK_SECURITY, DJANGO = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
SALTED = {"WEBAPP_FLASK_SECURITY_PASSWORD_SALT": SALT}

# As Flask-SQLAlchemy makes them for the models of Flask-Security 5 (``FsUserMixin``, ``FsRoleMixin``).
FLASK_SECURITY_TABLES = """
CREATE TABLE role (id INTEGER PRIMARY KEY, name VARCHAR(80) UNIQUE, description VARCHAR(255), permissions TEXT);
CREATE TABLE user (
  id INTEGER PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, username VARCHAR(255) UNIQUE, password VARCHAR(255),
  active BOOLEAN NOT NULL, fs_uniquifier VARCHAR(64) NOT NULL UNIQUE, confirmed_at DATETIME, last_login_at DATETIME,
  tf_primary_method VARCHAR(64), tf_totp_secret VARCHAR(255), create_datetime DATETIME NOT NULL
);
CREATE TABLE roles_users (user_id INTEGER REFERENCES user (id), role_id INTEGER REFERENCES role (id));
INSERT INTO role VALUES (1, 'admin', NULL, NULL), (2, 'user', NULL, NULL);
INSERT INTO roles_users VALUES (1, 1), (1, 2);
"""
# As ``manage.py migrate`` of Django 5 makes them.
DJANGO_TABLES = """
CREATE TABLE auth_user (
  id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime NULL,
  is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL,
  email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL,
  first_name varchar(150) NOT NULL
);
CREATE TABLE auth_group (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE auth_user_groups (
  id integer NOT NULL PRIMARY KEY AUTOINCREMENT, user_id integer NOT NULL REFERENCES auth_user (id),
  group_id integer NOT NULL REFERENCES auth_group (id)
);
INSERT INTO auth_group VALUES (1, 'Site Editors');
INSERT INTO auth_user_groups VALUES (1, 4, 1);
"""


@pytest.fixture
def move(run, tmp_path):
    """Runs a query on a database, and imports what it gives as ``sqlite3 -header -csv`` writes it."""

    def move(tables, rows, into, query, *more, **settings):
        with sqlite3.connect(tmp_path / "app.db") as old:
            old.executescript(tables)
            places = ", ".join("?" * len(rows[0]))
            old.executemany(f"INSERT INTO {into} VALUES ({places})", rows)
            found = old.execute(query)
            columns, users = [column[0] for column in found.description], found.fetchall()
        old.close()
        with (tmp_path / "people.csv").open("w", newline="") as written:
            csv.writer(written).writerows([columns, *users])
        done = run("user import", str(tmp_path / "people.csv"), "--apply", *more, **settings)
        assert done.exit_code == 0, done.output
        return {user["username"]: user for user in json.loads(run("user list --json").stdout)}

    return move


def statuses(instance, *names, **settings):
    client = build(instance, **settings).test_client()
    return [client.post("/api/auth", json={"username": name, "password": PASSWORD}).status_code for name in names]


def test_users_of_flask_security_are_imported_with_passwords_and_roles(move, instance):
    made = "2023-04-05 06:07:08.000000"
    argon2, bcrypt, django = (
        HASHES[name].removeprefix("{flask-security}")
        for name in ("Flask-Security argon2", "Flask-Security bcrypt", "Django pbkdf2_sha256")
    )
    rows = [
        (1, "ada@example.org", "ada", argon2, 1, "a1", made, None, None, None, made),
        (2, "bob@example.org", None, bcrypt, 1, "b2", None, None, None, None, made),
        (3, "carl@example.org", "carl", argon2, 0, "c3", None, None, None, None, made),
        (4, "dora@example.org", "dora", None, 1, "d4", None, None, None, None, made),
        (5, "emil@example.org", "emil", django, 1, "e5", None, None, None, None, made),
    ]
    users = move(FLASK_SECURITY_TABLES, rows, "user", FLASK_SECURITY, **SALTED)
    assert {name: user["role"] for name, user in users.items()} == {"ada": "admin"} | dict.fromkeys(
        ("bob", "carl", "dora", "emil"), "user"
    )
    assert users["ada"]["created_at"] == "2023-04-05T06:07:08Z"
    assert users["carl"]["disabled_at"]
    found = statuses(instance, "ada", "bob@example.org", "carl", "dora", "emil", **SALTED)
    assert found == [200, 200, 401, 401, 200]


def test_users_of_django_are_imported_with_passwords_and_groups(move, run, instance):
    made = "2023-04-05 06:07:08.123456"
    rows = [
        (1, HASHES["Django argon2"], None, 1, "ada", "Lovelace", "ada@example.org", 1, 1, made, "Ada"),
        (2, django_pbkdf2(), None, 0, "bob", "", "", 1, 1, made, ""),
        (3, "!GVXn2oXWo7jmVHbEmCaz", None, 0, "carl", "", "", 0, 1, made, ""),
        (4, HASHES["Django bcrypt_sha256"], None, 0, "dora", "", "dora@example.org", 1, 1, made, ""),
        (5, HASHES["Django scrypt"], None, 0, "emil", "", "", 0, 0, made, ""),
    ]
    run("role create editor --description Edits. --includes user")
    users = move(DJANGO_TABLES, rows, "auth_user", DJANGO, "--map-role", "Site Editors=editor")
    assert {name: user["role"] for name, user in users.items()} == {
        "ada": "super_admin",
        "bob": "admin",
        "carl": "user",
        "dora": "editor",
        "emil": "user",
    }
    assert users["ada"]["created_at"] == "2023-04-05T06:07:08.123456Z"
    assert statuses(instance, "ada", "bob", "carl", "dora", "emil") == [200, 200, 401, 200, 401]


def test_seeds_of_authenticator_apps_are_decrypted_as_documented():
    found = {}
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "def totp_seed" in code]
    exec(code, found)
    secrets = {"1": "TjQ9Qa31VOrfEzuPy4VHQWPCTmRzCnFzMKLxXYiZu9B"}
    kept = TOTP.using(secrets=secrets).new()
    assert pyotp.TOTP(found["totp_seed"](kept.to_json(), secrets)).now() == kept.generate().token
    assert "base64.b32encode(bytes.fromhex(device.key))" in TEXT
    assert totp_seed(base64.b32encode(bytes.fromhex("3132333435363738393031323334353637383930")).decode())


def test_the_document_names_the_import_command():
    assert "python -m webapp user import people.csv --apply" in TEXT
