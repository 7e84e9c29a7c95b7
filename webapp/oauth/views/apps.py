"""/account/apps: the apps that a user has given access, and how to withdraw it."""

from datetime import datetime
from uuid import UUID

import msgspec
from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.guard import Principal, require
from webapp.oauth import clients, consents
from webapp.oauth.models import Consent, OAuthClient
from webapp.oauth.scopes import claim_scopes_of, sentences
from webapp.oauth.views.blueprint import at_services, bp, token_service
from webapp.tokens import script_logins
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


class GrantedApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app that a user has given access."""

    id: UUID
    name: str
    operator: str
    """Operator of the app; empty if unknown."""
    is_self_registered: bool
    """Whether it has registered itself, so that no administrator has checked its name."""
    scopes: list[str]
    sentences: list[str]
    """What the app may know and do."""
    given_at: datetime
    last_used_at: datetime | None
    """When it last logged the user in or used a token of theirs; null if that is not known any more."""


class GrantedApps(msgspec.Struct, frozen=True):
    apps: list[GrantedApp]


@bp.get("/account/apps")
@require(scope="profile:read")
@responds(GrantedApps)
def index(principal: Principal) -> ResponseReturnValue:
    """The apps that you have given access."""
    uses = script_logins.last_uses_by_client(db(), principal.user_id)
    rows = consents.of_user(db(), principal.user_id)
    found = [granted(consent, client, uses.get(client.id)) for consent, client in rows]
    return show(GrantedApps(found), "oauth/apps.html", apps=found)


@bp.post("/account/apps/<uuid:client_id>/withdraw")
@require(session=True)
@responds(None, status=204, refuses=(404,))
def withdraw(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Withdraw the access of an app: its tokens stop working at once."""
    if not clients.withdraw(db(), principal.user_id, client_id):
        raise Problem(404, _("App not found"), _("This app has no access to your account."))
    return redirect_or_json(url_for("oauth.index"), _("The app has no access any more."))


def granted(consent: Consent, client: OAuthClient, used_at: datetime | None) -> GrantedApp:
    possible = {*claim_scopes_of(client), *client.scopes}
    scopes = [name for name in consent.scopes if name in possible]
    services = [uri for uri in consent.resources if uri in client.resources]
    words = [*sentences(scopes, token_service().catalogue.for_user(db())), *at_services(services)]
    return GrantedApp(
        id=client.id,
        name=client.name,
        operator=client.operator,
        is_self_registered=client.is_self_registered,
        scopes=scopes,
        sentences=words,
        given_at=consent.given_at,
        last_used_at=used_at,
    )
