"""user sessions, logout, purge."""

import json
from datetime import timedelta
from pathlib import Path

from webapp.accounts import user_queries
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.sessions.lifecycle import Browser, SessionLifetimes, start
from webapp.settings import Settings

DAY = timedelta(days=1)


def logged_in(instance: Path) -> None:
    database = Database(Settings.from_env({"WEBAPP_INSTANCE": str(instance)}).database)
    with database.write() as db:
        user = user_queries.by_name_or_email(db, "ada")
        assert user
        start(db, user.id, Browser("curl/8", "10.0.0.7"), SessionLifetimes(DAY, DAY, DAY), amr="pwd")
        user.closes_at = now() - timedelta(seconds=1)
    database.close()


def test_sessions_can_be_listed_and_ended(run, add, instance):
    add("ada")
    logged_in(instance)
    (found,) = json.loads(run("user sessions ada --json").stdout)
    assert (found["name"], found["ip_address"]) == ("curl", "10.0.0.7")
    assert "curl" in run("user sessions ada").stdout
    assert "1 session ended" in run("user logout ada").stderr
    assert json.loads(run("user sessions ada --json").stdout) == []
    (ended,) = map(json.loads, run("audit list --event session.ended --json").stdout.splitlines())
    assert ended["details"]["origin"] == "cli"


def test_closed_accounts_are_purged_after_the_grace_period(run, add, instance):
    add("ada")
    logged_in(instance)
    assert "1 account deleted" in run("user purge").stderr
    assert run("user sessions ada").exit_code == 1
