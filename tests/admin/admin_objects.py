"""Objects for tests of admin pages: a reason, an unknown user, users in every state."""

from datetime import timedelta
from uuid import UUID, uuid4

from flask import Flask

from tests import factories
from tests.federation.upstream import Upstream, provided
from tests.forward_auth.proxy import proxied
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import RuleSettings
from webapp.oauth import registration_tokens
from webapp.oauth.app_sessions import notice
from webapp.testing import HeaderClient, as_user
from webapp.web.registry import services_of

WHY = "left the site"
NOBODY = "00000000-0000-4000-8000-000000000000"


def role_of(app: Flask, user: User) -> str:
    with services_of(app).get(Database).read() as db:
        return str(db.get_one(User, user.id).role)


def in_state(app: Flask, name: str, **facts: object) -> None:
    made = factories.user(app, name)
    with services_of(app).get(Database).write() as db:
        found = db.get_one(User, made.id)
        for field, value in facts.items():
            setattr(found, field, value)


def by_session(app: Flask, name: str) -> HeaderClient:
    """Somebody who has just logged in and sends JSON, for changes that no token may make."""
    caller = as_user(app, name)
    caller.sends = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    return caller


def registration_token_of(app: Flask) -> str:
    with services_of(app).get(Database).write() as db:
        made = registration_tokens.make(db, uses=1, lifetime=timedelta(days=1), allows_logout_uri=False, origin="test")
        return str(made.token.id)


def provider_with_rule(app: Flask) -> str:
    rule = {"claim": "groups", "value": "staff", "role": "user"}
    return str(provided(app, Upstream(), role_rules=[rule], grantable_roles=["user"]).id)


def proxied_app_of(app: Flask) -> dict[str, str]:
    """An app with two rules, and the first of them."""
    proxied(app, "wiki", RuleSettings(path="/a"), RuleSettings())
    with services_of(app).get(Database).read() as db:
        row = lifecycle.by_slug(db, "wiki")
        assert row is not None
        return {"<uuid:app_id>": str(row.id), "<uuid:rule_id>": str(lifecycle.rules_of(db, row)[0].id)}


def logout_notice_of(app: Flask, client_id: str, user_id: UUID) -> str:
    with services_of(app).get(Database).write() as db:
        made = notice(UUID(client_id), user_id, uuid4(), now())
        db.add(made)
        db.flush()
        return str(made.id)
