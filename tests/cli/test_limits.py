"""limits: list and reset the counts of rate limits."""

import json
from datetime import timedelta

import pytest

from webapp.core.db import Database
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SqlStorage


@pytest.fixture
def counted(run, instance):
    run("db upgrade")
    database = Database(f"sqlite:///{instance / 'latchkey.db'}")
    limiter = Limiter(SqlStorage(database))
    for name in ("login-account", "login-account", "login-network"):
        limiter.take(Limit(name, 10, timedelta(hours=1)), "somebody")
    database.close()


@pytest.mark.usefixtures("counted")
def test_counts_are_listed(run):
    hits = {entry["key"].split("/")[0]: entry["hits"] for entry in json.loads(run("limits list --json").stdout)}
    assert hits == {"login-account": 2, "login-network": 1}


@pytest.mark.usefixtures("counted")
def test_counts_are_reset_by_prefix(run):
    assert run("limits reset login-account").stdout == "1\n"
    assert [entry["key"].split("/")[0] for entry in json.loads(run("limits list --json").stdout)] == ["login-network"]


@pytest.mark.usefixtures("counted")
def test_without_a_prefix_all_counts_are_reset(run):
    assert run("limits reset").stdout == "2\n"
    assert run("limits list").stdout == ""


def test_a_reset_is_recorded(run):
    run("limits reset login")
    assert "Rate limits of login were reset. (limits.reset, on the command line)" in run("audit tail").stdout
