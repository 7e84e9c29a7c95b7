"""user: add, list and disable users."""

import json
from uuid import UUID

import pytest

from tests.cli.conftest import PASSWORD
from tests.factories import QUICK
from webapp.accounts import lifecycle, one_time_links, registration, user_queries
from webapp.core.db import Database
from webapp.web.registry import services_of


@pytest.mark.usefixtures("unbuilt")
def test_user_add_prints_only_the_id(add):
    assert UUID(add("ada"))


def test_a_taken_name_is_refused_in_any_letter_case(run, add):
    add("ada")
    done = run("user add ADA --password-stdin", typed=PASSWORD)
    assert (done.exit_code, done.stdout, done.stderr) == (
        1,
        "",
        "The name ADA is taken, or looks too much like the name of another user.\n",
    )


def test_a_taken_email_address_is_refused(run, add):
    add("ada")
    done = run("user add eve --email ADA@example.org --password-stdin", typed=PASSWORD)
    assert (done.exit_code, done.stderr) == (1, "Another user already has the e-mail address ADA@example.org.\n")


def test_a_weak_password_is_refused(run):
    done = run("user add ada --password-stdin", typed="short")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "at least 15 characters" in done.stderr


def test_without_a_terminal_the_password_must_be_on_standard_input(run):
    done = run("user add ada", typed="")
    assert done.exit_code == 2
    assert "--password-stdin" in done.stderr


def test_an_unknown_role_is_wrong_usage(run):
    assert run("user add ada --role king --password-stdin", typed=PASSWORD).exit_code == 2


def test_the_list_shows_roles_and_states(run, add):
    add("ada", "super_admin")
    add("bob")
    users = json.loads(run("user list --json").stdout)
    assert [(user["username"], user["role"]) for user in users] == [("ada", "super_admin"), ("bob", "user")]


def test_the_list_shows_no_hash(run, add):
    add("ada")
    assert "argon2" not in run("user list").stdout + run("user list --json").stdout


def test_a_user_is_found_by_name_or_email_address(run, add):
    add("ada", "super_admin")
    add("bob")
    assert run("user role bob admin").exit_code == 0
    assert run("user role bob@example.org user").stderr == "bob now has the role user; before, it was admin.\n"


def test_an_unknown_name_is_not_found(run, add):
    add("ada")
    done = run("user disable nobody")
    assert (done.exit_code, done.stderr) == (1, "There is no user named nobody.\n")


def test_the_last_super_admin_cannot_be_disabled(run, add):
    add("ada", "super_admin")
    for command in ("user role ada user", "user disable ada"):
        done = run(command)
        assert done.exit_code == 1
        assert "ada is the only super_admin" in done.stderr


def test_disabling_ends_everything_and_prints_numbers(run, add, mint):
    add("ada")
    mint("ada")
    assert run("user disable ada").stderr == "ada is disabled. Ended: 0 sessions, 0 script logins, 1 API token.\n"
    assert json.loads(run("token list --json").stdout) == []


def test_enabling_allows_the_login_and_restores_no_credential(run, add, mint):
    add("ada")
    mint("ada")
    run("user disable ada")
    assert run("user enable ada").exit_code == 0
    assert json.loads(run("user list --json").stdout)[0]["disabled_at"] is None
    assert json.loads(run("token list --json").stdout) == []


def test_a_new_password_is_checked(run, add):
    add("ada")
    assert run("user password ada --password-stdin", typed="short").exit_code == 1
    done = run("user password ada --password-stdin", typed=f"another {PASSWORD}\n")
    assert (done.exit_code, done.stderr) == (
        0,
        "ada has a new password. Ended: 0 sessions, 0 script logins, 0 API tokens.\n",
    )


def test_a_new_password_keeps_api_tokens_by_default(run, add, mint):
    add("ada")
    mint("ada")
    done = run("user password ada --password-stdin", typed=f"another {PASSWORD}\n")
    assert "0 API tokens. 1 API token still works." in done.stderr
    done = run("user password ada --password-stdin --revoke-tokens", typed=f"yet another {PASSWORD}\n")
    assert done.stderr.endswith("1 API token.\n")


def test_a_closed_account_gets_no_token(run, add, instance):
    add("ada")
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    with database.write() as db:
        lifecycle.close(db, user_queries.by_name_or_email(db, "ada"))
    database.close()
    done = run("token mint ada --name laptop --scope protected:read")
    assert (done.exit_code, "has closed this account" in done.stderr) == (1, True)


def test_a_password_of_two_lines_is_wrong_usage(run, add):
    add("ada")
    assert run("user password ada --password-stdin", typed=f"{PASSWORD}\n{PASSWORD}").exit_code == 2


def works(instance, link):
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    with database.read() as db:
        ends_at = one_time_links.ends_at(db, registration.SETUP, link.rpartition("/")[2])
    database.close()
    return ends_at is not None


def test_a_new_setup_link_replaces_the_former(run, instance):
    former, latter = (run("user setup-link").stdout.strip() for _ in range(2))
    assert latter.startswith("http://localhost:8000/setup/")
    assert (works(instance, former), works(instance, latter)) == (False, True)


def test_there_is_no_setup_link_once_there_is_an_admin(run, add):
    add("ada")
    assert run("user setup-link").exit_code == 0
    add("mara", "admin")
    done = run("user setup-link")
    assert (done.exit_code, done.stdout) == (1, "")


def test_a_user_can_be_unlocked(run, add):
    add("ada")
    assert "accepted again" in run("user unlock ada").stderr
    assert "login.unlocked" in run("audit tail").stdout


@pytest.mark.parametrize("command", ["user add grace", "user password ada"])
def test_a_password_of_the_operator_is_normalized_and_refused_where_it_has_invisible_characters(run, add, app, command):
    add("ada")
    refused = run(f"{command} --password-stdin", typed="a family \u200d of words")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "(U+200D)" in refused.stderr
    assert run(f"{command} --password-stdin", typed="u\u0308bergross im\u3000garten").exit_code == 0
    with services_of(app).get(Database).read() as db:
        user = user_queries.by_name_or_email(db, command.split()[-1])
    assert user is not None
    assert QUICK.verify(user.password_hash, "\u00fcbergross im garten")


def test_a_user_name_can_be_an_email_address_if_the_setting_allows_it(run):
    command = "user add ada@old.example.net --password-stdin"
    assert run(command, typed=PASSWORD).exit_code == 2
    assert run(command, typed=PASSWORD, WEBAPP_EMAIL_USER_NAMES="true").exit_code == 0


def test_closed_accounts_have_a_state_and_a_view(run, add, instance):
    for name in ("ada", "bob", "cleo"):
        add(name)
    run("user disable bob")
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    with database.write() as db:
        lifecycle.close(db, user_queries.by_name_or_email(db, "ada"))
    database.close()
    (closed,) = json.loads(run("user list --view closed --json").stdout)
    assert (closed["username"], closed["disabled_at"], bool(closed["closes_at"])) == ("ada", None, True)
    assert "closed, to be deleted " in run("user list --view closed").stdout
    assert [one["username"] for one in json.loads(run("user list --view disabled --json").stdout)] == ["bob"]
