"""/account/service-accounts: the service accounts that the caller owns, alone or by a role, and their tokens."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import roles, service_queries
from webapp.accounts.service_details import ServiceDetails, ServiceListing, details, summaries
from webapp.accounts.service_queries import OwnedService, ServiceFilter, is_managed_by
from webapp.accounts.service_rules import OwnerProblem
from webapp.accounts.user_queries import UnknownCursor
from webapp.accounts.views.blueprint import FRESH, bp
from webapp.core.translation import _
from webapp.guard import Principal, require
from webapp.tokens import lifecycle as tokens
from webapp.tokens.forms import NewTokenForm
from webapp.tokens.forms.create import SEVERAL, SINGLE
from webapp.tokens.token_list import Token
from webapp.tokens.views.blueprint import token_by_id
from webapp.tokens.views.create import NewToken, create_token, new_form
from webapp.tokens.views.token_pages import TokenPages
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


class OwnServiceQuery(msgspec.Struct, frozen=True):
    after: Annotated[
        UUID | msgspec.UnsetType, msgspec.Meta(description="ID of the last service account on the previous page.")
    ] = msgspec.UNSET


@bp.get("/account/service-accounts")
@require(scope="tokens:read")
@responds(ServiceListing, query=OwnServiceQuery)
def service_accounts(principal: Principal) -> ResponseReturnValue:
    """Service accounts that the caller owns, alone or together with everybody who has a role."""
    criteria = ServiceFilter(after=parse_query(OwnServiceQuery).after or None)
    try:
        found = service_queries.service_page(db(), criteria, is_managed_by(principal.user_id, principal.roles))
    except UnknownCursor as error:
        raise unknown_cursor() from error
    after = found.services[-1].user.id if found.has_more else None
    answer = ServiceListing(summaries(db(), found.services), after)
    return show(answer, "accounts/service_accounts.html", services=answer.service_accounts, after=after)


@bp.get("/account/service-accounts/<uuid:user_id>")
@require(scope="tokens:read")
@responds(ServiceDetails)
def service_account(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """One service account of the caller, with its live tokens."""
    found = details(db(), managed_or_404(principal, user_id))
    return show(found, "accounts/service_account.html", service=found)


@bp.get("/account/service-accounts/<uuid:user_id>/tokens/new")
@require(session=True, fresh_within=FRESH)
@reads("from", "page", "preset", "expires_on", *SINGLE, lists=("scope", *SEVERAL))
def new_service_token(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    return new_form(pages_of(active(managed_or_404(principal, user_id))))


@bp.post("/account/service-accounts/<uuid:user_id>/tokens/new")
@require(session=True, fresh_within=FRESH)
@responds(NewToken, form=NewTokenForm, status=201, refuses=(409, 422))
def create_service_token(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Create an API token of a service account that the caller owns. It is shown only in this response."""
    return create_token(principal, pages_of(active(managed_or_404(principal, user_id))))


@bp.get("/account/service-accounts/<uuid:user_id>/tokens/<uuid:token_id>/revoke")
@require(session=True)
def revoke_service_token_form(principal: Principal, user_id: UUID, token_id: UUID) -> ResponseReturnValue:
    service = managed_or_404(principal, user_id).user
    token = token_by_id(service.id, token_id)
    return render_template("accounts/revoke_service_token.html", service=service, token=token)


@bp.post("/account/service-accounts/<uuid:user_id>/tokens/<uuid:token_id>/revoke")
@require(session=True)
@responds(Token)
def revoke_service_token(principal: Principal, user_id: UUID, token_id: UUID) -> ResponseReturnValue:
    """Revoke a token of a service account that the caller owns. Revoking it again changes nothing."""
    service = managed_or_404(principal, user_id).user
    is_new = tokens.revoke(db(), service.id, token_id, actor_id=principal.user_id)
    token = token_by_id(service.id, token_id)
    message = _("%(name)s was already revoked.", name=token.name)
    if is_new:
        message = _("%(name)s was revoked and no longer works.", name=token.name)
    return redirect_or_json(url_for("account.service_account", user_id=service.id), message, token)


def managed_or_404(principal: Principal, user_id: UUID) -> OwnedService:
    """The service account with this id that the caller owns, alone or by a role.

    Raises:
        Problem: 404 if there is none, or it is not the caller's.
    """
    found = service_queries.managed(db(), user_id, principal.user_id, principal.roles)
    if found is None:
        raise Problem(404, _("Service account not found"), _("It does not exist or is not yours."))
    return found


def active(service: OwnedService) -> OwnedService:
    """Require that a service account is enabled and its owner may own it.

    Raises:
        Problem: 409 if it is disabled, or its owner cannot have it.
    """
    if service.user.disabled_at is not None or service.problem not in (None, OwnerProblem.NOBODY):
        title = _("%(username)s is disabled", username=service.user.username)
        raise Problem(409, title, _("It gets no tokens until an administrator enables it."))
    return service


def unknown_cursor() -> Problem:
    errors = {"after": [_("This page no longer exists. Go back to the first page.")]}
    detail = _("The last user of the previous page may have been deleted.")
    return Problem(400, _("Page not found"), detail, extra={"errors": errors})


def pages_of(service: OwnedService) -> TokenPages:
    user = service.user
    ids: dict[str, Any] = {"user_id": user.id}
    return TokenPages(
        user_id=user.id,
        roles=roles.included_in(db(), user.role),
        service=user.username,
        nav_entry="account",
        new_href=lambda **filled: url_for("account.new_service_token", **ids, **filled),
        create_href=url_for("account.create_service_token", **ids),
        index_href=url_for("account.service_account", **ids),
        show_href=lambda _token_id: url_for("account.service_account", **ids),
        revoke_href=lambda token_id: url_for("account.revoke_service_token_form", **ids, token_id=token_id),
    )
