"""app_scopes(): the scopes of the apps behind the reverse proxy, for tokens that open them."""

from collections.abc import Container, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.driver_statements import RowQuery
from webapp.forward_auth import grants
from webapp.forward_auth.app_settings import SLUG
from webapp.forward_auth.models import AccessRule, ProxiedApp, ProxiedHost
from webapp.tokens.app_scopes import RESOURCE, AppScope, app_scope

ACCEPTS = select(AccessRule.app_id).where(AccessRule.accepts_tokens, ~AccessRule.is_public)
FIRST_HOST = select(ProxiedHost.host).where(ProxiedHost.app_id == ProxiedApp.id).order_by(ProxiedHost.position).limit(1)
# Run for each token that is issued or refreshed.
APPS = RowQuery(
    select(ProxiedApp, FIRST_HOST.scalar_subquery()).where(ProxiedApp.disabled_at.is_(None), ProxiedApp.id.in_(ACCEPTS))
)


def app_scopes(db: Session, user_id: UUID | None) -> Sequence[AppScope]:
    """The scopes of all apps with a rule that accepts tokens.

    Args:
        user_id: who is to hold them; None for only what roles decide.
    """
    granted = grants.live_ends(db, user_id).keys() if user_id else ()
    return [
        app_scope(row.slug, name=row.name, host=host or "", roles=required_roles(row, user_id, granted))
        for row, host in APPS.all(db)
    ]


def required_roles(app: ProxiedApp, user_id: UUID | None, granted: Container[UUID]) -> frozenset[str] | None:
    """Roles of which a user must have one to open an app; None if they may open it anyway."""
    is_for_all = not app.roles and not app.people
    return None if is_for_all or str(user_id) in app.people or app.id in granted else frozenset(app.roles)


def is_app_scope(name: str) -> bool:
    resource, _colon, slug = name.partition(":")
    return resource == RESOURCE and SLUG.fullmatch(slug) is not None
