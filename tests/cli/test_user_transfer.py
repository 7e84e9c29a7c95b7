"""Users moved to another site, on SQLite and on PostgreSQL: their passwords, authenticator apps and passkeys."""

import json
import shutil
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from tests import factories
from tests.accounts.foreign_hashes import HASHES, PASSWORD
from tests.browser import Person
from tests.cli.import_files import file, refused, users
from tests.instance_copies import copied
from tests.second_factors import NAMED, passkey_login, with_app, with_passkey
from webapp.accounts import user_import
from webapp.app import close
from webapp.cli import schema
from webapp.settings import Settings
from webapp.testing import build

__all__ = ["file"]
numbers = count(1)


@pytest.fixture
def app(make_app):
    return make_app(**NAMED)


@pytest.fixture(scope="module")
def on_postgresql(postgresql, migrated, tmp_path_factory):
    """The name of a database as the first start makes it, to be copied, with the secret key of its target."""
    folder = str(shutil.copytree(migrated, tmp_path_factory.mktemp("on_postgresql") / "instance"))
    schema.upgrade(Settings.from_env({"WEBAPP_INSTANCE": folder, "WEBAPP_DATABASE_URL": postgresql("transfer")}))
    return "transfer"


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, migrated):
    """The settings of an empty site."""
    with copied(migrated) as folder:
        settings = {"WEBAPP_INSTANCE": str(folder)} | NAMED
        if request.param == "postgresql":
            make, template = request.getfixturevalue("postgresql"), request.getfixturevalue("on_postgresql")
            settings["WEBAPP_DATABASE_URL"] = make(f"transfer_{next(numbers)}", template)
        yield settings


@pytest.fixture
def opened(target):
    app = build(
        Path(target["WEBAPP_INSTANCE"]), **{name: value for name, value in target.items() if name != "WEBAPP_INSTANCE"}
    )
    yield app
    close(app)


def exported(run, **settings):
    done = run("user export - --with-secrets --format jsonl", **settings)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def log_in(app, name, password, **more):
    answer = app.test_client().post("/api/auth", json={"username": name, "password": password} | more)
    return answer.json.get("code") or answer.status_code


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_people_log_in_at_the_other_site_as_before(run, app, tmp_path, target, opened, form):
    ada, eve = factories.user(app, "ada"), factories.user(app, "eve")
    device, totp = with_passkey(app, ada), with_app(app, eve)
    assert passkey_login(Person(app), device).request.path == "/dashboard"
    path = str(tmp_path / f"people.{form}")
    assert run("user export", path, "--with-secrets").exit_code == 0
    done = run("user import", path, "--apply", **target)
    assert done.exit_code == 0, done.output
    assert "With an authenticator app: 1\nWith passkeys: 1\n" in done.stderr
    assert exported(run, **target) == exported(run)
    assert passkey_login(Person(opened), device).request.path == "/dashboard"
    assert log_in(opened, "eve", factories.PASSWORD) == "mfa_required"
    assert log_in(opened, "eve", factories.PASSWORD, code=totp.code()) == 200


def test_a_foreign_hash_is_replaced_at_the_first_login(run, file, target, opened):
    people = [{"username": f"p{n}", "password_hash": hashed} for n, hashed in enumerate(HASHES.values())]
    fit = [one for one in people if "flask-security" not in one["password_hash"].lower()]
    done = run("user import", file(*fit), "--apply", "--skip-refused", **target)
    assert "Imported:" in done.stderr
    for name in users_of(run, target):
        assert log_in(opened, name, PASSWORD + "x") == "credentials_invalid"
        assert log_in(opened, name, PASSWORD) == 200
    assert {user["password_hash"][:9] for user in exported(run, **target)} == {"$argon2id"}


def users_of(run, target):
    return [user["username"] for user in exported(run, **target)]


@pytest.mark.parametrize(
    "second",
    [{"username": "b b"}, {"username": "ADA"}, {"username": "eve", "email": "a@example.org"}],
    ids=["unfit", "a name twice", "an e-mail address twice"],
)
def test_if_one_line_is_refused_nothing_is_imported(run, file, target, second):
    refused(run, file({"username": "ada", "email": "a@example.org"}, second), "--apply", **target)
    assert users_of(run, target) == []
    assert run("user import", file({"username": "ada"}), "--apply", **target).exit_code == 0
    assert "is taken" in refused(run, file({"username": "aDa"}), "--apply", **target)


def test_a_name_that_was_taken_meanwhile_undoes_the_import(run, file, target, monkeypatch):
    path, other, checked = file({"username": "bob"}, {"username": "ada"}), file, user_import.check

    def check_and_be_overtaken(*args, **kwargs):
        summary = checked(*args, **kwargs)
        monkeypatch.undo()
        assert run("user import", other({"username": "ada"}, name="other.jsonl"), "--apply", **target).exit_code == 0
        return summary

    monkeypatch.setattr(user_import, "check", check_and_be_overtaken)
    done = run("user import", path, "--apply", **target)
    assert (done.exit_code, users_of(run, target)) == (1, ["ada"])
    assert "Run it again." in done.stderr


def test_many_users_have_an_event_each_and_the_chain_stays_whole(run, file, target):
    people = [{"username": f"person{number}"} for number in range(700)]
    assert run("user import", file(*people), "--apply", **target).exit_code == 0
    assert run("audit verify", **target).stderr.startswith("701 events are unchanged.")


@pytest.fixture
def passkeys(run, app):
    """A line of an export with one passkey."""
    with_passkey(app, factories.user(app, "ada"))
    (line,) = exported(run)
    return line


def test_passkeys_of_another_host_are_left_out_and_counted(run, file, passkeys, tmp_path):
    moved = {"WEBAPP_BASE_URL": "https://new.example.org", "WEBAPP_INSTANCE": str(tmp_path / "other")}
    done = run("user import", file(passkeys), **moved)
    assert done.exit_code == 0
    assert "Left out, passkeys of another host: 1 localhost" in done.stderr
    done = run("user import", file(passkeys), "--apply", WEBAPP_FORMER_BASE_URLS="http://localhost:8000", **moved)
    assert "Left out" not in done.stderr
    assert [one["passkeys"] for one in exported(run, **moved)] == [passkeys["passkeys"]]


def test_a_passkey_that_somebody_has_is_refused(run, file, passkeys, app):
    again = passkeys | {"username": "bob", "email": None, "id": str(uuid4())}
    twice = refused(run, file(passkeys, again), WEBAPP_INSTANCE=str(app.instance_path) + "-other")
    assert "line 2: bob: Another user has the same passkey. It is on line 1." in twice
    assert "line 1: bob: Another user has the same passkey." in refused(run, file(again))
    same_id = passkeys | {"username": "bob", "email": None, "passkeys": []}
    assert "line 1: bob: Another user has the same id." in refused(run, file(same_id))
    assert list(users(run)) == ["ada"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"public_key": "AAAA"}, "public key of"),
        ({"public_key": ""}, "public key of"),
        ({"public_key": "%"}, "base64"),
        ({"credential_id": ""}, "credential_id"),
        ({"credential_id": "A" * 1400}, "credential_id"),
        ({"sign_count": -1}, "sign_count"),
        ({"sign_count": 2**40}, "sign_count"),
        ({"rp_id": "local\x1b[2Jhost"}, "rp_id"),
        ({"name": "x" * 51}, "printable"),
        ({"name": "\x00"}, "printable"),
        ({"created_at": "2026-01-01"}, "created_at"),
        ({"owner": "ada"}, "owner"),
    ],
)
def test_an_unfit_passkey_is_refused_with_the_reason(run, file, passkeys, changed, reason):
    line = passkeys | {"username": "bob", "email": None, "id": str(uuid4())}
    line["passkeys"] = [line["passkeys"][0] | changed]
    assert reason in refused(run, file(line))


@pytest.mark.parametrize("value", ["x", "{}", "[1]", [1], {"a": 1}, 7, "null", "[" * 200])
def test_what_is_no_list_of_passkeys_is_refused(run, file, value):
    assert "passkeys" in refused(run, file({"username": "bob", "passkeys": value}))


def test_an_id_that_is_no_uuid_is_refused(run, file):
    for value in ("7", 7, "x" * 36):
        assert "id must be" in refused(run, file({"username": "bob", "id": value}))
