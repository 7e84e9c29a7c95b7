"""keys: which key signs, and which still verify."""

import json
from contextlib import closing
from datetime import datetime, timedelta

import pytest
import time_machine

from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.key_table import KeyTable
from webapp.settings import Settings

KEY_GIVEN = "a0d9F3kLm2QxZ7vB5nC8wE1rT6yU4iOpS9dG"


def keys(run):
    return json.loads(run("keys list --json").stdout)


def test_rotating_prints_the_id_of_the_key_that_will_sign(run):
    (former,) = keys(run)
    with time_machine.travel("2026-11-22T12:00:00+00:00", tick=False) as clock:
        done = run("keys rotate")
        kid = done.stdout.strip()
        assert "signs from 2026-11-22 13:00" in done.stderr
        waits, signs = keys(run)
        assert (waits["kid"], waits["use"][:21]) == (kid, "signs from 2026-11-22")
        assert (signs["kid"], signs["use"]) == (former["kid"], "signs")
        assert "A new signing key is published, and signs from 2026-11-22 13:00" in run("doctor").stdout
        clock.shift(timedelta(hours=1))
        assert [(key["kid"], key["use"]) for key in keys(run)] == [(kid, "signs"), (former["kid"], "verifies")]


def test_it_signs_at_once_if_that_is_said(run):
    (former,) = keys(run)
    kid = run("keys rotate --signs-after 0s").stdout.strip()
    assert [(key["kid"], key["use"]) for key in keys(run)] == [(kid, "signs"), (former["kid"], "verifies")]


def test_while_a_key_waits_another_is_refused(run):
    run("keys rotate")
    before = keys(run)
    done = run("keys rotate")
    assert (done.exit_code, done.stdout, "does not sign yet" in done.stderr) == (1, "", True)
    assert keys(run) == before
    assert run("audit tail").stdout.count("key.rotated") == 1


@pytest.mark.parametrize("span", ["31d", "-1s", "soon"])
def test_a_wait_out_of_range_is_wrong_usage(run, span):
    assert run(f"keys rotate --signs-after {span}").exit_code == 2
    assert len(keys(run)) == 1


def overlap_of(key):
    return datetime.fromisoformat(key["ends_at"]) - datetime.fromisoformat(key["retired_at"])


def test_the_old_key_verifies_for_as_long_as_the_longest_token(run):
    run("keys rotate", WEBAPP_TOKEN_LIFETIME_MAX="90d")
    assert overlap_of(keys(run)[1]) == timedelta(days=90)


def test_the_overlap_is_an_option(run):
    run("keys rotate --overlap 12h")
    assert overlap_of(keys(run)[1]) == timedelta(hours=12)


def test_an_emergency_removes_the_old_key_at_once(run):
    kid = run("keys rotate --signs-after 0s --overlap 0s").stdout.strip()
    assert [key["kid"] for key in keys(run)] == [kid]


def test_a_rotation_is_recorded(run):
    run("keys rotate")
    assert "key.rotated" in run("audit tail").stdout


def test_a_rotation_that_cannot_be_recorded_changes_nothing(run):
    before = keys(run)
    assert run("keys rotate", WEBAPP_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").exit_code == 1
    assert keys(run) == before


def test_keys_from_the_settings_cannot_be_rotated(run):
    done = run("keys rotate", WEBAPP_SIGNING_ALGORITHM="HS256", WEBAPP_SIGNING_KEY=KEY_GIVEN)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "WEBAPP_SIGNING_KEY" in done.stderr
    assert "key.rotated" not in run("audit tail").stdout


def test_no_private_key_is_printed(run):
    assert "PRIVATE" not in run("keys list").stdout + run("keys list --json").stdout


def test_an_old_key_can_be_retired_before_its_overlap_ends(run):
    (former,) = keys(run)
    kid = run("keys rotate --signs-after 0s").stdout.strip()
    assert run(f"keys retire {former['kid']}").exit_code == 0
    assert [key["kid"] for key in keys(run)] == [kid]
    assert "key.retired" in run("audit tail").stdout


def test_the_signing_key_cannot_be_retired(run):
    (current,) = keys(run)
    done = run(f"keys retire {current['kid']}")
    assert (done.exit_code, "keys rotate" in done.stderr) == (1, True)
    assert keys(run) == [current]
    assert "key.retired" not in run("audit tail").stdout


def test_an_unknown_key_cannot_be_retired(run):
    done = run("keys retire nothing")
    assert (done.exit_code, "There is no signing key nothing." in done.stderr) == (1, True)


def test_the_rsa_key_of_id_tokens_is_rotated_and_retired_like_the_other(run, instance):
    assert run("keys rotate --rs256").exit_code == 1
    settings = Settings.from_env({"WEBAPP_INSTANCE": str(instance)})
    with closing(Database(settings.database)) as database, database.write() as db:
        former = IdTokenKeys.of(settings, KeyTable(database, settings)).signing_key(db, is_rs256=True).kid
    made = run("keys rotate --rs256 --signs-after 0s").stdout.strip()
    assert [key["algorithm"] for key in keys(run)] == ["ES256", "RS256", "RS256"]
    assert run(f"keys retire {former}").exit_code == 0
    assert [key["kid"] for key in keys(run)][1:] == [made]
