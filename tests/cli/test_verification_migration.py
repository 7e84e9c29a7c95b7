"""Accounts from before waiting and unverified were two things."""

import sqlalchemy as sa

from tests import factories
from webapp.cli import schema
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of

HOUR = 3_600_000_000
"""In microseconds."""
BEFORE = {
    "typed": {"email_verified_at": 0},
    "mailed": {"email_verified_at": HOUR},
    "waiting": {"email_verified_at": None},
    "elsewhere": {"email_verified_at": 0, "known_elsewhere_as": "4f1c"},
}


def test_the_migration_keeps_logins_and_verified_email_addresses(make_app, instance):
    app = make_app()
    ids = {name: factories.user(app, name).id.hex for name in BEFORE}
    settings, engine = Settings.from_env({"WEBAPP_INSTANCE": str(instance)}), services_of(app).get(Database).engine
    schema.downgrade(settings, "20261210_invitations")
    set_verified = sa.text('UPDATE "user" SET email_verified_at = created_at + :later WHERE id = :id')
    set_known = sa.text('UPDATE "user" SET known_elsewhere_as = :known WHERE id = :id')
    with engine.begin() as connection:
        for name, facts in BEFORE.items():
            connection.execute(set_verified, {"later": facts["email_verified_at"], "id": ids[name]})
            connection.execute(set_known, {"known": facts.get("known_elsewhere_as"), "id": ids[name]})
    schema.upgrade(settings)
    assert states(engine) == {
        "typed": (False, True),
        "mailed": (True, True),
        "waiting": (False, False),
        "elsewhere": (True, True),
    }
    schema.downgrade(settings, "20261210_invitations")
    with engine.begin() as connection:
        rows = connection.execute(sa.text('SELECT username, email_verified_at IS NOT NULL FROM "user"')).all()
    assert dict(rows) == {"typed": True, "mailed": True, "waiting": False, "elsewhere": True}
    schema.upgrade(settings)


def states(engine):
    """Whether each is verified, and whether they may log in."""
    asked = sa.text('SELECT username, email_verified_at, verification_required_at FROM "user"')
    with engine.begin() as connection:
        return {name: (at is not None, required is None) for name, at, required in connection.execute(asked)}
