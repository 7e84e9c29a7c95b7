"""/account/app-access: access for a limited time, own requests, and the apps that the user decides about."""

from datetime import datetime

import msgspec
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp.forward_auth import access_requests, grants, lifecycle
from webapp.forward_auth.approvers import ROLE
from webapp.forward_auth.models import AccessRequest, ProxiedApp
from webapp.forward_auth.views.blueprint import bp
from webapp.guard import Principal, require
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.transaction import db


class OwnGrant(msgspec.Struct, frozen=True):
    slug: str
    app: str
    granted_at: datetime
    until: datetime


class OwnRequest(msgspec.Struct, frozen=True):
    slug: str
    app: str
    reason: str
    asked_at: datetime


class ManagedApp(msgspec.Struct, frozen=True):
    """An app about which the caller decides."""

    slug: str
    name: str
    is_own: bool
    """Whether the caller owns it; administrators decide about all."""
    waiting: int
    """Open requests."""


class OwnAccess(msgspec.Struct, frozen=True):
    grants: list[OwnGrant]
    requests: list[OwnRequest]
    decides: list[ManagedApp]


@bp.get("/account/app-access")
@require(session=True)
@responds(OwnAccess)
def own_access(principal: Principal) -> ResponseReturnValue:
    """The caller's access to apps for a limited time, open requests, and the apps that they decide about."""
    requests = select(AccessRequest, ProxiedApp).join(ProxiedApp, ProxiedApp.id == AccessRequest.app_id)
    user_requests = requests.where(AccessRequest.user_id == principal.user_id).order_by(AccessRequest.created_at)
    waiting = access_requests.counts(db())
    answer = OwnAccess(
        grants=[
            OwnGrant(one.app.slug, one.app.name, one.row.granted_at, one.row.expires_at)
            for one in grants.live(db(), user_id=principal.user_id)
        ],
        requests=[
            OwnRequest(app.slug, app.name, row.reason, row.created_at) for row, app in db().execute(user_requests)
        ],
        decides=[
            ManagedApp(app.slug, app.name, app.owner_id == principal.user_id, waiting.get(app.id, 0))
            for app in lifecycle.list_apps(db())
            if app.owner_id == principal.user_id or ROLE in principal.roles
        ],
    )
    return show(answer, "forward_auth/own_access.html", access=answer)
