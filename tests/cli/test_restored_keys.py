"""db restore: keys that an emergency ended stay ended, whatever is left of the database; see docs/backups.md."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.ports import free_port
from tests.secret_keys import OTHER
from webapp.cli import emergency
from webapp.cli.restore_rules import EmergencyUnknown, Outcome, RestoreFacts, decide
from webapp.core.clock import NEVER

AT = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def free(monkeypatch):
    monkeypatch.setattr(emergency, "SECOND_SWEEP_AFTER", 0)
    monkeypatch.setenv("WEBAPP_BIND", f"127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    ("emergency_at", "has_former", "before", "no_emergency", "keys", "ended"),
    [
        # The former database is there: its keys are the newest.
        (None, True, NEVER, False, "former", NEVER),
        (None, True, None, False, "former", None),
        (None, True, AT, False, "former", AT),
        (AT - DAY, True, None, False, "former", None),
        # There was an emergency since: nothing of the backup stays, with any option.
        (AT + DAY, True, NEVER, False, "former", NEVER),
        (AT + DAY, True, None, False, "former", NEVER),
        (AT + DAY, True, None, True, "former", NEVER),
        (AT + DAY, False, NEVER, False, "new", NEVER),
        (AT + DAY, False, None, False, "new", NEVER),
        (AT + DAY, False, None, True, "new", NEVER),
        # Nobody can tell.
        (None, False, NEVER, False, "new", NEVER),
        (AT - DAY, False, NEVER, False, "new", NEVER),
        (None, False, None, False, None, None),
        (None, False, AT, False, None, None),
        (None, False, None, True, "backup", None),
        (None, False, AT, True, "backup", AT),
    ],
)
def test_the_table_of_restored_keys(emergency_at, has_former, before, no_emergency, keys, ended):
    facts = RestoreFacts(newest_event=AT, has_former=has_former, emergency_at=emergency_at)
    if keys is None:
        with pytest.raises(EmergencyUnknown):
            decide(facts, before=before, no_emergency=no_emergency)
    else:
        expected = Outcome(keys=keys, ended_before=ended)
        assert decide(facts, before=before, no_emergency=no_emergency) == expected


@pytest.fixture
def copy(backed_up):
    return backed_up


def kids(run, **settings):
    return {key["kid"] for key in json.loads(run("keys list --json", **settings).stdout)}


def live_tokens(run, **settings):
    return len(json.loads(run("token list --json", **settings).stdout))


def lost(instance):
    for file in instance.glob("latchkey.db*"):
        file.unlink()


def unreadable(instance):
    lost(instance)
    (instance / "latchkey.db").write_bytes(b"\0" * 8192)


def replaced_by_a_new_site(instance):
    """Nothing of the former one is in it."""
    lost(instance)
    (instance / "database_made").unlink()


def left_as_it_is(instance):
    pass


HAPPENED = [
    pytest.param(left_as_it_is, id="the database is there"),
    pytest.param(lost, id="the database is lost"),
    pytest.param(unreadable, id="the database is damaged"),
    pytest.param(replaced_by_a_new_site, id="the database is a new one"),
]


@pytest.mark.parametrize("happens", HAPPENED)
@pytest.mark.parametrize("option", ["", "--keep-logins", "--keep-logins --no-emergency-since"])
def test_what_an_emergency_ended_stays_ended(run, instance, copy, happens, option):
    old = kids(run)
    assert run("keys emergency --yes").exit_code == 0
    new = kids(run)
    happens(instance)
    if happens is replaced_by_a_new_site:
        assert run("db upgrade").exit_code == 0
    done = run(f"db restore {copy} --yes {option}")
    assert done.exit_code == 0, done.stderr
    assert not old & kids(run)
    assert (kids(run) == new) is (happens is left_as_it_is)
    assert live_tokens(run) == 0
    assert "all that it ended stays ended" in done.stderr
    # Also a second time, when the former database is one that was restored.
    assert run(f"db restore {copy} --yes --keep-logins").exit_code == 0
    assert (old & kids(run), live_tokens(run)) == (set(), 0)


@pytest.mark.parametrize("happens", HAPPENED[1:])
def test_without_the_former_database_the_keys_are_replaced(run, instance, copy, happens):
    old = kids(run)
    happens(instance)
    done = run(f"db restore {copy} --yes")
    assert (done.exit_code, "New signing keys were made" in done.stderr) == (0, True), done.stderr
    assert not old & kids(run)


@pytest.mark.parametrize("happens", HAPPENED[1:])
def test_logins_stay_only_with_the_word_that_there_was_no_emergency(run, instance, copy, happens):
    old = kids(run)
    happens(instance)
    done = run(f"db restore {copy} --yes --keep-logins")
    assert (done.exit_code, "--no-emergency-since" in done.stderr, done.stderr.count("\n")) == (1, True, 1)
    done = run(f"db restore {copy} --yes --keep-logins --no-emergency-since")
    assert (done.exit_code, kids(run), live_tokens(run)) == (0, old, 1), done.stderr


def test_a_backup_made_after_the_emergency_keeps_its_logins(run, add, mint, instance, copy, tmp_path):
    assert run("keys emergency --yes").exit_code == 0
    mint("ada", "later")
    later, keys = tmp_path / "later", kids(run)
    assert run(f"db backup {later}").exit_code == 0
    lost(instance)
    assert run(f"db restore {later} --yes --keep-logins --no-emergency-since").exit_code == 0
    assert (kids(run), live_tokens(run)) == (keys, 1)


@pytest.mark.parametrize(("option", "code"), [("", 0), ("--keep-logins", 1)])
def test_a_database_restored_by_hand_gets_new_keys(run, instance, copy, option, code):
    old = kids(run)
    done = run(f"db restore --already-restored {option}")
    assert (done.exit_code, bool(old & kids(run))) == (code, bool(code)), done.stderr


def test_a_key_that_was_retired_since_does_not_come_back(run, copy):
    (old,) = kids(run)
    run("keys rotate --signs-after 0s")
    run("keys retire", old)
    new = kids(run)
    assert run(f"db restore {copy} --yes --keep-logins").exit_code == 0
    assert kids(run) == new


def test_the_rs256_key_and_the_cookies_are_replaced_too(run, instance, copy):
    lost(instance)
    assert run(f"db restore {copy} --yes").exit_code == 0
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM stored_keys ORDER BY name")]
    assert names == ["cookies", "signing_keys"]


@pytest.fixture
def without_secret(run, add, tmp_path):
    add("ada")
    file = tmp_path / "copy"
    assert run(f"db backup --without-secret {file}").exit_code == 0
    return file


def test_a_backup_of_another_secret_key_is_refused_and_nothing_changes(run, instance, without_secret):
    (instance / "secret_key").write_text(OTHER)
    lost(instance)
    done = run(f"db restore {without_secret} --yes")
    assert (done.exit_code, "belongs to another secret key" in done.stderr) == (2, True)
    assert not (instance / "latchkey.db").exists()


def test_a_backup_with_its_secret_key_moves_to_the_one_of_this_site(run, instance, copy):
    """So a secret key that was replaced since does not come back."""
    lost(instance)
    (instance / "secret_key").write_text(OTHER)
    done = run(f"db restore {copy} --yes")
    assert done.exit_code == 0, done.stderr
    assert (instance / "secret_key").read_text() == OTHER
    assert "Everything that is encrypted can be decrypted" in run("doctor").stdout


def test_former_secret_keys_are_in_the_backup_as_long_as_they_are_needed(run, add, instance, tmp_path):
    add("ada")
    former = (instance / "secret_key").read_text().strip()
    changed = {"WEBAPP_SECRET_KEY": OTHER, "WEBAPP_SECRET_KEY_FALLBACKS": former}
    run("keys list", **changed)
    file, elsewhere = tmp_path / "copy", {"WEBAPP_INSTANCE": str(tmp_path / "elsewhere")}
    assert run(f"db backup {file}", **changed).exit_code == 0
    done = run(f"db restore {file} --yes", **elsewhere)
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "elsewhere" / "secret_key").read_text().strip() == OTHER
    assert "Everything that is encrypted can be decrypted" in run("doctor", **elsewhere).stdout


def test_settings_are_put_where_there_are_none_and_beside_others(run, add, instance, tmp_path):
    add("ada")
    config, file = instance / "config.toml", tmp_path / "copy"
    config.write_text('site_name = "Tower"\n')
    run(f"db backup {file}", WEBAPP_LOG_LEVEL="info")
    config.write_text('site_name = "Lighthouse"\n')
    done = run(f"db restore {file} --yes")
    assert config.read_text() == 'site_name = "Lighthouse"\n'
    assert (instance / "config.toml.restored").read_text() == 'site_name = "Tower"\n'
    assert "set in the environment: WEBAPP_BIND, WEBAPP_LOG_LEVEL." in done.stderr
    elsewhere = tmp_path / "elsewhere"
    assert run(f"db restore {file} --yes", WEBAPP_INSTANCE=str(elsewhere)).exit_code == 0
    assert (elsewhere / "config.toml").read_text() == 'site_name = "Tower"\n'
