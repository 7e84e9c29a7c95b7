"""The migration that moves scopes from tokens to their credentials, and back."""

import json

import sqlalchemy as sa

from tests import factories
from webapp.cli import schema
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of


def row(engine, sql, **values):
    with engine.begin() as connection:
        return connection.execute(sa.text(sql), values).scalar()


def test_a_token_keeps_its_scopes_through_upgrade_and_downgrade(make_app, instance):
    app = make_app()
    token = factories.api_token(app, factories.user(app), "tokens:read", "profile:read")
    settings, engine = Settings.from_env({"WEBAPP_INSTANCE": str(instance)}), services_of(app).get(Database).engine
    schema.downgrade(settings, "20261127_elsewhere")
    former = row(engine, "SELECT scopes FROM api_token WHERE id = :id", id=token.entry.id.hex)
    assert sorted(json.loads(former)) == ["profile:read", "tokens:read"]
    schema.upgrade(settings)
    held = row(engine, "SELECT authority FROM credential WHERE id = :id", id=token.entry.id.hex)
    assert sorted(json.loads(held)["scopes"]) == ["profile:read", "tokens:read"]
