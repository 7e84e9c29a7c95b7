"""A refresh token that is used again after the overlap ends everything that came of its login."""

import sqlite3

import time_machine

from tests.login.scripts import NOON, is_over, log_in, refresh, works
from tests.script import Script
from tests.tables import events
from webapp.app import close, create_app
from webapp.settings import Settings


def test_reuse_ends_the_family_and_all_its_access_tokens_at_once(app, user, clock):
    first = log_in(app)
    second = refresh(app, first["refresh_token"]).json
    clock.shift(31)
    assert is_over(refresh(app, first["refresh_token"]), "refresh_reused")
    for answer in (first, second):
        assert Script(app, answer["access_token"]).get("/protected").json["code"] == "token_revoked"
        assert is_over(refresh(app, answer["refresh_token"]))
    (reused,) = events(app, "refresh.reused")
    assert reused["user_id"] == user.id.hex


def test_reuse_ends_no_other_login(app, user, clock):
    other, first = log_in(app), log_in(app)
    refresh(app, first["refresh_token"])
    clock.shift(31)
    refresh(app, first["refresh_token"])
    assert works(app, other["access_token"])
    assert refresh(app, other["refresh_token"]).status_code == 200


def test_reuse_is_detected_after_a_restart(make_app, user):
    """Keycloak, CVE-2026-9802: a used refresh token was good again after a restart."""
    with time_machine.travel(NOON, tick=False) as clock:
        before = make_app()
        first = log_in(before)["refresh_token"]
        second = refresh(before, first).json["refresh_token"]
        clock.shift(3600)
        after = make_app()
        assert is_over(refresh(after, first), "refresh_reused")
        assert is_over(refresh(after, second))


def test_a_lost_response_is_repeated_after_a_restart_with_a_new_secret_key(app, instance, user, clock):
    first = log_in(app)["refresh_token"]
    lost = refresh(app, first).json["refresh_token"]
    former = app.secret_key
    chosen = {"WEBAPP_SECRET_KEY": "kJ8-new-Xq4vB2nM6tR9wZ3yL7pD1sF5gH0", "WEBAPP_SECRET_KEY_FALLBACKS": former}
    again = create_app(Settings.from_env({"WEBAPP_INSTANCE": str(instance)} | chosen))
    assert refresh(again, first).json["refresh_token"] == lost
    assert refresh(again, lost).status_code == 200
    close(again)


def test_after_a_restored_backup_later_refresh_tokens_are_refused(make_app, instance, user):
    app, file = make_app(), instance / "latchkey.db"
    first = log_in(app)["refresh_token"]
    with sqlite3.connect(file) as live, sqlite3.connect(instance / "backup") as backup:
        live.backup(backup)
    second = refresh(app, first).json
    third = refresh(app, second["refresh_token"]).json
    with sqlite3.connect(instance / "backup") as backup, sqlite3.connect(file) as live:
        backup.backup(live)
    assert is_over(refresh(app, third["refresh_token"]))
    assert not works(app, third["access_token"])
