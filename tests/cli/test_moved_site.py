"""Tokens and passkeys of another URL: noted when the database is upgraded, and counted by the doctor."""

import json

import sqlalchemy as sa

from tests import factories
from tests.second_factors import with_passkey
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.db import Database
from webapp.web.registry import services_of

OLD, NEW = "https://old.example.org", "https://new.example.org"


def moved(run, **settings):
    return [finding for finding in json.loads(run("doctor --json", **settings).stdout) if finding["about"] == "moved"]


def test_doctor_counts_tokens_and_passkeys_of_unlisted_urls(run, make_app):
    app = make_app(WEBAPP_BASE_URL=OLD)
    ada = factories.user(app, "ada")
    factories.api_token(app, ada)
    factories.api_token(app, ada)
    with_passkey(app, ada)
    found = moved(run, WEBAPP_BASE_URL=NEW)
    assert [finding["level"] for finding in found] == ["warn", "warn"]
    assert f"{OLD}: 2." in found[0]["message"]
    assert f"WEBAPP_FORMER_BASE_URLS={OLD}" in found[0]["remedy"]
    assert "localhost: 1." in found[1]["message"]
    named = {"WEBAPP_BASE_URL": NEW, "WEBAPP_FORMER_BASE_URLS": f"{OLD} http://localhost"}
    assert [finding["level"] for finding in moved(run, **named)] == ["ok"]


def test_tokens_and_passkeys_without_a_stored_url_belong_to_the_oldest_one(make_app, instance):
    app = make_app(WEBAPP_BASE_URL=OLD)
    ada = factories.user(app, "ada")
    factories.api_token(app, ada)
    with_passkey(app, ada)
    environ = {"WEBAPP_INSTANCE": str(instance), "WEBAPP_BASE_URL": NEW, "WEBAPP_FORMER_BASE_URLS": OLD}
    settings = CommandContext(environ).settings
    schema.downgrade(settings, "20261212_language")
    schema.upgrade(settings)
    with services_of(app).get(Database).engine.connect() as connection:
        assert connection.execute(sa.text("SELECT issuer FROM api_token")).scalars().all() == [OLD]
        assert connection.execute(sa.text("SELECT rp_id FROM passkey")).scalars().all() == ["old.example.org"]
