"""user import: what is taken, what is refused with which reason, and that nothing is half imported."""

import json
import sqlite3

import pytest

from tests.accounts.foreign_hashes import HASHES, PASSWORD
from tests.accounts.foreign_hashes import SALT as OTHER_SALT
from tests.cli.import_files import file, refused, users
from webapp.accounts import user_import
from webapp.accounts.import_fields import FIELDS
from webapp.testing import build
from webapp.web.registry import services_of

BCRYPT = HASHES["bcrypt 2b"]
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
__all__ = ["file"]
WHOLE = {
    "username": "ada",
    "email": "ada@example.org",
    "email_verified": "2020-05-06T07:08:09Z",
    "roles": ["admin"],
    "disabled": False,
    "created_at": "2020-01-02T03:04:05+02:00",
    "display_name": "Ada Lovelace",
    "language": "de",
    "time_zone": "Europe/London",
    "password_hash": BCRYPT,
    "totp_seed": SEED,
}


def events(run, event):
    found = run(f"audit list --json --event {event}").stdout.splitlines()
    return [json.loads(line) for line in found]


def row(instance, name):
    with sqlite3.connect(instance / "latchkey.db") as db:
        db.row_factory = sqlite3.Row
        return dict(db.execute("SELECT * FROM user WHERE username = ?", [name]).fetchone())


def test_a_dry_run_is_the_default_and_changes_nothing(run, file):
    for more in ((), ("--dry-run",)):
        done = run("user import", file(WHOLE), *more)
        assert (done.exit_code, done.stdout) == (0, "")
        assert (
            "Nothing was imported, this was a dry run. --apply would import: 1 user. Refused: 0 lines." in done.stderr
        )
        assert "Roles: 1 admin\nPassword hashes: 1 bcrypt\nWith an authenticator app: 1\n" in done.stderr
    assert users(run) == {}
    assert events(run, "users.imported") == []


def test_every_field_is_imported(run, file, instance):
    done = run("user import", file(WHOLE), "--apply")
    assert done.exit_code == 0, done.output
    found = row(instance, "ada")
    assert found["password_hash"] == BCRYPT
    assert {
        name: found[name] for name in ("email", "role", "display_name", "language", "time_zone", "disabled_at")
    } == {
        "email": "ada@example.org",
        "role": "admin",
        "display_name": "Ada Lovelace",
        "language": "de",
        "time_zone": "Europe/London",
        "disabled_at": None,
    }
    assert found["created_at"] == 1577927045_000000
    assert found["email_verified_at"] == 1588748889_000000


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("hashed", [*HASHES.values()][::5], ids=[*HASHES][::5])
def test_an_imported_user_logs_in_with_the_old_password(run, file, instance, form, hashed):
    path = file({"username": "ada", "password": hashed}, name=f"people.{form}")
    assert run("user import", path, "--apply", WEBAPP_FLASK_SECURITY_PASSWORD_SALT=OTHER_SALT).exit_code == 0
    app = build(instance, WEBAPP_FLASK_SECURITY_PASSWORD_SALT=OTHER_SALT)
    answers = [
        app.test_client().post("/api/auth", json={"username": "ada", "password": password}).status_code
        for password in ("not the password", PASSWORD, PASSWORD)
    ]
    assert answers == [401, 200, 200]


def test_an_htpasswd_file_can_be_imported_unchanged(run, file):
    lines = ["# who may read", "", f"ada:{HASHES['htpasswd apr1']}", f"bob:{HASHES['bcrypt 2y of htpasswd and PHP']}"]
    done = run("user import", file(*lines, f"eve:{HASHES['htpasswd SHA']}", name=".htpasswd"), "--apply")
    assert done.exit_code == 0, done.output
    assert users(run).keys() == {"ada", "bob", "eve"}
    assert "Password hashes: 1 apr1, 1 bcrypt, 1 LDAP SHA" in done.stderr


def test_lines_of_an_htpasswd_file_are_refused_one_by_one(run, file):
    said = refused(run, file("ada", "bob:rlE5ABCDEFGHI", "eve:plain", ":x", name="htpasswd"))
    assert said.splitlines() == [
        "line 1: -: There is no colon between name and hash.",
        "line 2: bob: The password hash is not accepted: it is DES crypt.",
        "line 3: eve: The password hash is not accepted: it is 5 characters in no known format.",
        "line 4: -: A user name must have 1 to 50 characters. The password hash is not accepted: it is 1 characters in"
        " no known format.",
    ]


def test_standard_input_needs_a_format(run):
    lines = json.dumps({"username": "ada"}) + "\n"
    assert run("user import -", typed=lines).exit_code == 2
    assert run("user import - --format jsonl --apply", typed=lines).exit_code == 0
    assert list(users(run)) == ["ada"]
    (event,) = events(run, "users.imported")
    assert event["details"]["file"] == "standard input"


def test_a_file_without_a_known_ending_needs_a_format(run, file):
    path = file(WHOLE, name="people.txt")
    assert run("user import", path).exit_code == 2
    assert run("user import", path, "--format", "jsonl").exit_code == 0
    assert run("user import /nowhere.csv").exit_code == 2


def test_if_one_line_is_refused_nothing_is_imported(run, file):
    path = file({"username": "ada"}, {"username": "b b"}, {"username": "eve"})
    done = run("user import", path, "--apply")
    assert (done.exit_code, users(run), events(run, "users.imported")) == (1, {}, [])
    assert "Nothing was imported. Refused: 1 line. --skip-refused would import the other 2 users." in done.stderr


def test_skip_refused_imports_the_other_lines(run, file):
    path = file({"username": "ada"}, {"username": "b b"}, {"username": "eve"})
    done = run("user import", path, "--apply", "--skip-refused")
    assert (done.exit_code, list(users(run))) == (1, ["ada", "eve"])
    (event,) = events(run, "users.imported")
    assert event["details"] == {"users": 2, "refused": 1, "file": "people.jsonl", "origin": "cli"}


def test_existing_users_are_never_changed(run, add, file, instance):
    add("ada", "super_admin")
    before = row(instance, "ada")
    refused(run, file({"username": "ada", "roles": "user"}, {"username": "bob"}), "--apply", "--skip-refused")
    assert row(instance, "ada") == before


def test_refusals_can_be_printed_as_json(run, file):
    said = refused(run, file({"username": "b b"}, "{"), "--json")
    lines = [json.loads(line) for line in said.splitlines()]
    assert [(line["line"], line["username"]) for line in lines] == [(1, "b b"), (2, "")]


def test_a_name_taken_meanwhile_rolls_the_import_back(run, add, file, monkeypatch):
    path = file({"username": "bob"}, {"username": "ada"})

    checked = user_import.check

    def check_and_be_overtaken(*args, **kwargs):
        summary = checked(*args, **kwargs)
        add("ada")
        return summary

    monkeypatch.setattr(user_import, "check", check_and_be_overtaken)
    done = run("user import", path, "--apply")
    assert done.exit_code == 1
    assert "Nothing was imported. Run it again." in done.stderr
    assert list(users(run)) == ["ada"]


def test_each_imported_user_is_an_audit_event_in_a_valid_chain(run, file):
    people = [{"username": f"person{number}"} for number in range(1201)]
    assert run("user import", file(*people), "--apply").exit_code == 0
    made = json.loads(run("user list --json").stdout)
    assert len(made) == 1201
    assert run("audit verify").exit_code == 0
    (event, *_others) = events(run, "user.made")[:2]
    assert event["details"] == {"role": "user", "origin": "import"}
    assert run("audit verify").stderr.startswith("1202 events are unchanged.")
    assert len(run("user export -").stdout.splitlines()) == 1201


def test_an_unusable_password_of_django_is_no_password(run, file, instance):
    assert run("user import", file({"username": "ada", "password": "!xyz"}), "--apply").exit_code == 0
    assert row(instance, "ada")["password_hash"] == ""


def test_an_imported_authenticator_app_works(run, file, instance):
    assert run("user import", file(WHOLE), "--apply").exit_code == 0
    app = build(instance)
    answer = app.test_client().post("/api/auth", json={"username": "ada", "password": PASSWORD})
    assert answer.json["code"] == "mfa_required"
    assert SEED.encode() not in (instance / "latchkey.db").read_bytes()
    assert services_of(app) is not None


def test_the_help_names_every_field(run):
    said = run("user import --help").stdout
    assert [name for name in FIELDS if name not in said] == []
