"""doctor: which imported password hashes are left, and whether they can be checked."""

import json

import pytest

from tests.accounts.foreign_hashes import HASHES, SALT

SALTED = {"WEBAPP_FLASK_SECURITY_PASSWORD_SALT": SALT}
HASH_LEVELS = {
    "none": ([], {}, "ok", "No imported password hashes are left."),
    "strong ones": (["$2b$12$" + HASHES["bcrypt 2b"][7:]] * 2, {}, "ok", "replaced at the next login: 2 bcrypt."),
    "weak ones": (
        [HASHES["htpasswd apr1"], HASHES["LDAP SSHA"], HASHES["bcrypt 2b"]],
        {},
        "warn",
        "1 apr1, 1 LDAP SSHA",
    ),
    "without the salt of Flask-Security": ([HASHES["Flask-Security bcrypt"]], {}, "bad", "1 user from Flask-Security"),
    "with a salt that nobody needs": ([], SALTED, "warn", "No password hash needs WEBAPP_FLASK_SECURITY_PASSWORD_SALT"),
}


@pytest.mark.parametrize(("hashes", "settings", "level", "said"), HASH_LEVELS.values(), ids=HASH_LEVELS)
def test_doctor_says_which_imported_hashes_are_left(run, tmp_path, hashes, settings, level, said):
    file = tmp_path / "people.jsonl"
    people = [{"username": f"person{number}", "password_hash": hashed} for number, hashed in enumerate(hashes)]
    file.write_text("".join(json.dumps(person) + "\n" for person in people))
    assert run("user import", str(file), "--apply", **SALTED).exit_code == 0
    found = [found for found in json.loads(run("doctor --json", **settings).stdout) if found["about"] == "hashes"]
    assert (found[0]["level"], said in found[0]["message"]) == (level, True)
    assert level == "ok" or found[0]["remedy"]
    listed = json.loads(run("user list --imported-hash --json").stdout)
    assert len(listed) == len(hashes)
