"""invite, mail, user reset-link: the commands that do the same as pages."""

import json

import pytest

from webapp.accounts import invitations, recovery
from webapp.core.db import Database


def kept(instance):
    return Database(f"sqlite:///{instance}/latchkey.db")


def test_only_a_link_for_each_is_printed(run, instance):
    done = run("invite ada@example.org bob --role admin")
    assert done.stderr.count("\n") == 1
    first, second = (line.rpartition("/")[2] for line in done.stdout.splitlines())
    with kept(instance).read() as db:
        assert (invitations.find(db, first).email, invitations.find(db, first).note) == (None, "ada@example.org")
        assert (invitations.find(db, second).note, invitations.find(db, second).role) == ("bob", "admin")


def test_an_invalid_email_address_creates_no_invitation(run, instance):
    done = run("invite ada@example.org x@")
    assert (done.exit_code, done.stdout) == (2, "")
    with kept(instance).read() as db:
        assert invitations.latest_invitations(db) == []


@pytest.mark.parametrize("role", ["king", "ADMIN", "user,admin", ""])
def test_an_unknown_role_is_refused(run, instance, role):
    done = run("invite ada@example.org --role", role)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"There is no role {role}. Roles: admin, super_admin, user." in done.stderr
    with kept(instance).read() as db:
        assert invitations.latest_invitations(db) == []


def test_with_a_mail_server_the_link_is_mailed_and_not_printed(run):
    assert run("invite ada@example.org", WEBAPP_SMTP_URL="smtp://127.0.0.1:9").stdout == ""
    (mail,) = json.loads(run("mail list --json").stdout)
    assert (mail["kind"], mail["to"], mail["state"]) == ("invitation", "ada@example.org", "waiting")
    assert "/register/" not in json.dumps(mail)


def test_a_reset_link_is_printed_and_works(run, add, instance):
    add("ada")
    link = run("user reset-link ada").stdout.strip()
    with kept(instance).read() as db:
        assert recovery.user_of_link(db, link.rpartition("/")[2]).username == "ada"


def test_a_disabled_user_gets_no_reset_link(run, add):
    add("ada")
    run("user disable ada")
    assert run("user reset-link ada").exit_code == 1


def test_a_test_mail_prints_why_it_was_refused(run):
    done = run("mail test ada@example.org", WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    assert done.exit_code == 1
    assert "refused" in done.stderr


def test_doctor_reports_a_site_that_cannot_mail(run, add):
    add("ada", "super_admin")
    by_about = {finding["about"]: finding["level"] for finding in json.loads(run("doctor --json").stdout)}
    assert (by_about["mail"], by_about["outbox"]) == ("warn", "ok")
    shut = {f["about"]: f["level"] for f in json.loads(run("doctor --json", WEBAPP_REGISTRATION="open").stdout)}
    assert shut["mail"] == "bad"


STACKED = "x" + "".join(map(chr, range(0x300, 0x308)))


@pytest.mark.parametrize(
    "command",
    [
        ("user add", STACKED, "--password-stdin"),
        ("user add bob --password-stdin --email", f"{STACKED}@example.org"),
        ("invite", STACKED),
        ("invite", f"{STACKED}@example.org"),
        ("token mint ada --scope protected:read --name", STACKED),
        ("token mint ada --scope protected:read --name x --note", STACKED),
        ("token mint ada --scope protected:read --name x --expires never --reason", f"{STACKED} for ten years"),
    ],
    ids=lambda command: command[0],
)
def test_accents_stacked_on_a_letter_are_refused(run, add, command):
    add("ada")
    done = run(*command, typed="umbrella otter lantern", WEBAPP_TOKEN_NEVER_EXPIRES="true")
    assert done.exit_code in (1, 2)
    assert "accents" in done.stderr or "not a valid e-mail address" in done.stderr
