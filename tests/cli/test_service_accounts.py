"""user add-service, services, hand-over; and what is said when an owner is disabled."""

import json

import pytest


@pytest.fixture
def backup(run, add):
    add("ada")
    done = run("user add-service backup --owner ada --purpose", "nightly backup")
    assert done.exit_code == 0, done.stderr
    return done.stdout.strip()


def test_a_service_account_can_be_added_listed_and_given_a_token(run, backup, mint):
    mint("backup", "disk")
    (found,) = json.loads(run("user services --json").stdout)
    assert (found["username"], found["owner"], found["tokens"], found["purpose"]) == (
        "backup",
        "ada",
        1,
        "nightly backup",
    )
    assert "nightly backup" in run("user services").stdout


@pytest.mark.parametrize("command", ["user password backup --password-stdin", "user reset-link backup"])
def test_no_command_gives_a_service_account_a_way_to_log_in(run, backup, command):
    done = run(command, typed="umbrella otter lantern 9")
    assert (done.exit_code, "service account" in done.stderr) == (1, True)


def test_disabling_an_owner_prints_the_disabled_service_accounts(run, backup):
    done = run("user disable ada")
    assert "These service accounts were disabled too: backup." in done.stderr
    assert json.loads(run("user services --json").stdout)[0]["disabled_at"] is not None


def test_a_service_account_can_be_handed_over_before_or_with_disabling(run, add, backup):
    add("grace")
    assert run("user hand-over backup --to grace").exit_code == 0
    assert run("user disable grace --services-to ada").exit_code == 0
    (found,) = json.loads(run("user services --json").stdout)
    assert (found["owner"], found["disabled_at"]) == ("ada", None)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("user add-service deploy --purpose deploys", 2),
        ("user add-service deploy --owner ada --owner-role user --purpose deploys", 2),
        ("user add-service deploy --owner ada --role admin --purpose deploys", 1),
        ("user add-service backup --owner ada --purpose again", 1),
        ("user add-service deploy --owner nobody --purpose deploys", 1),
        ("user hand-over ada --to ada", 1),
        ("user hand-over backup", 2),
        ("user hand-over backup --to backup", 1),
    ],
)
def test_impossible_owners_are_refused(run, backup, command, code):
    assert run(command).exit_code == code


def test_a_dry_run_lists_what_would_stop_and_changes_nothing(run, add, backup, mint):
    mint("ada", "laptop")
    done = run("user disable ada --dry-run")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["API", "tokens", "laptop"],
        ["Script", "logins", "-"],
        ["Service", "accounts", "backup"],
    ]
    add("grace")
    assert run("user disable ada --dry-run --services-to grace").stdout.splitlines()[-1] == "To grace: backup"
    assert json.loads(run("user services --json").stdout)[0]["owner"] == "ada"
    assert json.loads(run("user show ada --json").stdout)["disabled_at"] is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("--services-to-role user", 0),
        ("--services-to grace", 0),
        ("--services-to grace --services-to-role user", 2),
        ("--services-to ada", 1),
        ("--services-to nobody", 1),
        ("--services-to backup", 1),
        ("--services-to-role nothing", 2),
    ],
)
def test_disabling_hands_over_or_does_nothing(run, add, backup, options, code):
    add("grace")
    assert run(f"user disable ada {options}").exit_code == code
    (found,) = json.loads(run("user services --json").stdout)
    assert (found["owner"] != "ada", found["disabled_at"]) == (code == 0, None)
    assert (json.loads(run("user show ada --json").stdout)["disabled_at"] is None) == (code != 0)


def test_its_role_and_state_are_changed_only_as_its_owner_allows(run, backup):
    assert run("user role backup admin").exit_code == 1
    assert run("user disable ada").exit_code == 0
    done = run("user enable backup")
    assert (done.exit_code, "cannot own a service account" in done.stderr) == (1, True)
    assert run("user enable ada").exit_code == 0
    assert run("user enable backup").exit_code == 0
    assert json.loads(run("user services --json").stdout)[0]["owner_problem"] is None
