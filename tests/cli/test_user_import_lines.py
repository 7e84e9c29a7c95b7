"""user import: which lines are refused, and why; roles and spellings of CSV."""

import json

import pytest

from tests.accounts.foreign_hashes import HASHES
from tests.cli.import_files import file, refused, users

__all__ = ["file"]
BCRYPT = HASHES["bcrypt 2b"]

UNFIT = {
    "no name": ({"username": "", "email": "a@example.org"}, "A user name must have 1 to 50 characters."),
    "a name that cannot be used": ({"username": "a b"}, "Use letters and digits"),
    "a name that looks like others": ({"username": "аda"}, "It mixes"),
    "an e-mail address that is none": ({"email": "ada"}, "An e-mail address must contain an @ sign."),
    "a role that does not exist": ({"roles": "king"}, "There is no role 'king'. Create it with: role create"),
    "a role of another case": ({"roles": ["Admin"]}, "There is no role 'Admin'."),
    "a flag that is none": ({"disabled": "perhaps"}, "disabled must be true, false or a date"),
    "a flag of another type": ({"email_verified": ["yes"]}, "email_verified must be true, false or a date"),
    "verification that is no flag": ({"must_verify_email": "2020-01-01"}, "must_verify_email must be true or false."),
    "verification without an address": ({"must_verify_email": True}, "must_verify_email needs an e-mail address."),
    "a date that is none": ({"created_at": "yesterday"}, "created_at must be a date"),
    "a date as a number": ({"created_at": 1577927045}, "created_at must be a date"),
    "a date out of range": ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at must be a date"),
    "a date to come": ({"created_at": "2999-01-01"}, "created_at is in the future."),
    "a language that pages do not have": ({"language": "tlh"}, "language must be one of: auto, en, de."),
    "a time zone that does not exist": ({"time_zone": "Mars/Olympus"}, "time_zone must be UTC or a name"),
    "a display name of two lines": ({"display_name": "a\nb"}, "display_name contains control characters"),
    "a display name that is too long": ({"display_name": "x" * 101}, "At most 100 characters."),
    "text that is no text": ({"display_name": 7}, "display_name must be text."),
    "a surrogate": ({"display_name": "\ud800"}, "This is not valid JSON"),
    "a seed that is none": ({"totp_seed": "0189"}, "totp_seed must be in base 32."),
    "a seed that is too short": ({"totp_seed": "JBSWY3DP"}, "totp_seed must have 10 to 64 bytes."),
    "a seed that is not ASCII": ({"totp_seed": "JBSWY3DPEHPK3PXÜ"}, "totp_seed must be in base 32."),
    "a hash with absurd work": (
        {"password_hash": "$2b$31$" + BCRYPT[7:]},
        "work factor of the bcrypt hash is too high",
    ),
    "a hash nobody knows": ({"password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}, "it is unsalted MD5."),
    "a hash without its salt": ({"password_hash": HASHES["Flask-Security bcrypt"]}, "_FLASK_SECURITY_PASSWORD_SALT"),
    "a hash beside a provider": ({"known_elsewhere_as": "7", "password_hash": BCRYPT}, "has no password here."),
    "a provider's key that is too long": ({"known_elsewhere_as": "x" * 201}, "longer than 200 characters."),
    "a field that there is not": ({"pasword_hash": BCRYPT}, "no field 'pasword_hash'. Did you mean password_hash?"),
    "a field that is like none": ({"zzz": "1"}, "There is no field 'zzz'. The fields are: id, username, email,"),
    "a field in two spellings": ({"role": "user", "roles": "user"}, "The field roles is given twice."),
}


@pytest.mark.parametrize(("fields", "reason"), UNFIT.values(), ids=UNFIT)
def test_an_invalid_line_is_refused_with_its_number_and_reason(run, file, fields, reason):
    said = refused(run, file({"username": "bob"}, {"username": "ada"} | fields), "--apply")
    (line,) = said.splitlines()
    assert line.startswith("line 2: ")
    assert reason in line
    assert BCRYPT[7:] not in line
    assert users(run) == {}


BROKEN = {
    "no JSON": ("{", "This is not valid JSON"),
    "no object": ("[1]", "This is not a JSON object."),
    "not UTF-8": ('{"username": "\udce4"}', "This is not valid JSON"),
    "a line of 100 kB": (json.dumps({"username": "x" * 100_000}), "The line is longer than 64 KiB."),
    "deep nesting": ('{"username": ' + "[" * 30_000 + "]" * 30_000 + "}", "This is not valid JSON"),
}


@pytest.mark.parametrize(("line", "reason"), BROKEN.values(), ids=BROKEN)
def test_an_unreadable_line_is_refused_and_the_next_is_read(run, file, line, reason):
    said = refused(run, file(line, "", {"username": "ada"}), "--apply", "--skip-refused")
    assert said.startswith("line 1: -: ")
    assert reason in said
    assert list(users(run)) == ["ada"]


def test_all_reasons_of_a_line_are_reported(run, file):
    said = refused(run, file({"username": "ada", "roles": "king", "password_hash": "plain", "language": "tlh"}))
    assert [word in said for word in ("king", "5 characters", "language must be")] == [True] * 3


TAKEN = {
    "a name in other letters": ({"username": "ADA"}, "The user name is taken."),
    "a name that looks the same": ({"username": "αdα"}, ""),
    "an e-mail address": ({"username": "bob", "email": "ADA@EXAMPLE.ORG"}, "Another user has the e-mail address."),
    "a key of the provider": ({"username": "bob", "known_elsewhere_as": "7"}, "Another user has the same known_els"),
    "a look-alike": ({"username": "αda"}, ""),
    "a look-alike in one script": ({"username": "rnary"}, "The user name looks too much like the name of another"),
}


@pytest.mark.parametrize(("second", "reason"), TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("is_there", [True, False], ids=["a user who is there", "a line before"])
def test_a_taken_name_or_email_address_is_refused(run, file, second, reason, is_there):
    first = {"username": "ada", "email": "ada@example.org", "known_elsewhere_as": "7"}, {"username": "mary"}
    if is_there:
        assert run("user import", file(*first), "--apply").exit_code == 0
        said = refused(run, file(second), "--apply")
        assert said.startswith("line 1: ")
    else:
        said = refused(run, file(*first, second), "--apply")
        assert said.startswith("line 3: ")
        assert not reason or "It is on line " in said
    assert reason in said


def test_names_that_are_email_addresses_are_imported_if_the_setting_allows_it(run, file):
    path = file({"username": "ada@example.org", "email": "ada@example.org"}, {"username": "bob@example.org"})
    assert "Use letters and digits" in refused(run, path)
    setting = {"WEBAPP_EMAIL_USER_NAMES": "true"}
    assert run("user import", path, "--apply", **setting).exit_code == 0
    said = refused(run, file({"username": "eve", "email": "bob@example.org"}), "--apply", **setting)
    assert said == "line 1: eve: Another user has the e-mail address.\n"


ROLES = {
    "none": ([], "user"),
    "one": (["admin"], "admin"),
    "with those that it includes": (["user", "admin"], "admin"),
    "text with commas": ("user, admin ,super_admin", "super_admin"),
    "renamed": ("Site Editors", "editor"),
}


@pytest.mark.parametrize(("given", "role"), ROLES.values(), ids=ROLES)
def test_of_several_roles_the_one_that_includes_the_others_is_given(run, file, given, role):
    run("role create editor --description Edits. --includes user")
    path = file({"username": "ada", "roles": given})
    assert run("user import", path, "--apply", "--map-role", "Site Editors=editor").exit_code == 0
    assert users(run)["ada"]["role"] == role


def test_roles_of_which_none_includes_the_others_are_refused(run, file):
    run("role create editor --description Edits. --includes user")
    said = refused(run, file({"username": "ada", "roles": ["admin", "editor"]}))
    assert "A user has one role, and none of admin, editor includes the others." in said
    assert run("user import", file({"username": "a"}), "--map-role", "x").exit_code == 2
    assert refused(run, file({"username": "a"}), "--default-role", "king")


CSV = {
    "commas": "username,email\nada,ada@example.org\n",
    "semicolons and a byte order mark": "\ufeffusername;email\r\nada;ada@example.org\r\n",
    "tabs and other spellings": "User_Name\tMail\nada\tada@example.org\n",
    "quotation marks and empty lines": '"username","email"\n\n"ada","ada@example.org"\n\n',
}


@pytest.mark.parametrize("text", CSV.values(), ids=CSV)
def test_csv_of_spreadsheets_can_be_read(run, file, text):
    path = file(name="people.csv.jsonl")
    with open(path, "w", newline="") as written:
        written.write(text)
    assert run("user import", path, "--format", "csv", "--apply").exit_code == 0
    assert users(run)["ada"]["email"] == "ada@example.org"


def test_lines_of_csv_are_numbered_as_in_editors(run, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text('username,display_name\nada,"two\nlines"\nb b,x\neve\n')
    said = refused(run, str(path))
    assert [line.split(":")[0] for line in said.splitlines()] == ["line 2", "line 4", "line 5"]
    assert "It has 1 fields, and the first line names 2." in said


@pytest.mark.parametrize("text", ["", "\n", 'username\n"ada\n' + "x" * 200_000, 'username\n"a"b\n'])
def test_malformed_csv_imports_nothing(run, tmp_path, text):
    path = tmp_path / "people.csv"
    path.write_text(text)
    done = run("user import", str(path), "--apply", "--skip-refused")
    assert (done.exit_code, done.stdout, users(run)) == (1, "", {})
    assert done.stderr.rstrip().endswith("Nothing was imported.")


def test_an_unknown_column_is_refused(run, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("username,pasword\nada,x\n")
    assert "Did you mean password?" in refused(run, str(path))
