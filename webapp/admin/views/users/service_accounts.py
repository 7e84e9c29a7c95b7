"""/admin/users/service-accounts: list and create service accounts, and create tokens of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import admin_actions, roles, service_actions, service_queries
from webapp.accounts.names import InvalidUserName
from webapp.accounts.owner_fields import chosen_owner
from webapp.accounts.registration import UserNameTaken
from webapp.accounts.service_details import ServiceListing, ServiceSummary, summaries
from webapp.accounts.service_queries import ServiceFilter
from webapp.accounts.service_rules import InvalidServiceOwner
from webapp.accounts.user_queries import UnknownCursor
from webapp.accounts.views.service_accounts import active, unknown_cursor
from webapp.admin.forms import NewServiceForm
from webapp.admin.views.error_responses import outranked, refusals
from webapp.admin.views.permissions import admin_form, admin_grant, admin_read
from webapp.admin.views.users.blueprint import actor_of, bp, service_of
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.tokens.forms import NewTokenForm
from webapp.tokens.forms.create import SEVERAL, SINGLE
from webapp.tokens.views.create import NewToken, create_token, new_form
from webapp.tokens.views.token_pages import TokenPages
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show
from webapp.web.query_params import parse_query
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


class ServiceQuery(msgspec.Struct, frozen=True):
    q: Annotated[
        str,
        msgspec.Meta(max_length=320, pattern=r"^[^\x00]*$", description="Start of the name of the service account."),
    ] = ""
    owner: Annotated[
        str,
        msgspec.Meta(max_length=320, pattern=r"^[^\x00]*$", description="Only of this person: user name or e-mail."),
    ] = ""
    owner_role: Annotated[
        str, msgspec.Meta(max_length=20, pattern="^[a-z0-9_]*$", description="Only of this role.")
    ] = ""
    view: Annotated[
        Literal["", "unowned", "disabled"],
        msgspec.Meta(description="Without an owner or of a role that no active user has, or disabled."),
    ] = ""
    after: Annotated[
        UUID | msgspec.UnsetType, msgspec.Meta(description="ID of the last service account on the previous page.")
    ] = msgspec.UNSET


@bp.get("/admin/users/service-accounts")
@admin_read()
@responds(ServiceListing, query=ServiceQuery)
def service_accounts() -> ResponseReturnValue:
    """Service accounts with their owners, filtered, by name."""
    query = parse_query(ServiceQuery)
    answer = listing_of(query)
    return show(
        answer,
        "admin/service_accounts.html",
        services=answer.service_accounts,
        query=query,
        unowned=service_queries.unowned_count(db()),
        roles=[role.name for role in roles.list_roles(db())],
        next_href=url_for("admin_users.service_accounts", **query_of(query), after=answer.after)
        if answer.after
        else None,
        first_href=url_for("admin_users.service_accounts", **query_of(query)) if query.after else None,
    )


def listing_of(query: ServiceQuery) -> ServiceListing:
    only = ServiceFilter(
        begins=query.q,
        owner=query.owner,
        owner_role=query.owner_role,
        view=query.view,
        after=query.after or None,
    )
    try:
        found = service_queries.service_page(db(), only)
    except UnknownCursor as error:
        raise unknown_cursor() from error
    after = found.services[-1].user.id if found.has_more else None
    return ServiceListing(summaries(db(), found.services), after)


def query_of(query: ServiceQuery) -> dict[str, Any]:
    """The filters of the query, without the cursor."""
    return {name: getattr(query, name) or None for name in ("q", "owner", "owner_role", "view")}


@bp.get("/admin/users/service-accounts/new")
@admin_form()
def new_service_account(principal: Principal) -> ResponseReturnValue:
    return new_page(principal, NewServiceForm(formdata=None))


@bp.post("/admin/users/service-accounts/new")
@admin_grant()
@responds(ServiceSummary, form=NewServiceForm, status=201, refuses=(403, 404, 409, 422))
def create_service_account(principal: Principal) -> ResponseReturnValue:
    """Create a service account: a user that cannot log in, and holds API tokens."""
    form = NewServiceForm()
    is_valid = form.validate_on_submit()
    owner = chosen_owner(db(), form.owner, form.owner_role)
    if not is_valid or owner is None:
        return form_again(principal, form)
    name, fields = form.name.data or "", {"role": form.role.data or "", "purpose": form.purpose.data or ""}
    user = None
    with refusals(), errors_in(form):
        user = service_actions.create(db(), actor_of(principal), name, owner=owner, **fields)
    return created(user.id) if user else form_again(principal, form)


@contextmanager
def errors_in(form: NewServiceForm) -> Iterator[None]:
    """Turn the refusals of a new service account into errors of form fields."""
    try:
        yield
    except InvalidUserName as error:
        form.name.errors = [str(error)]
    except UserNameTaken:
        form.name.errors = [_("This name is taken, or looks too much like the name of another user.")]
    except InvalidServiceOwner as error:
        (form.owner_role if form.owner_role.data else form.owner).errors = [str(error)]


def created(user_id: UUID) -> ResponseReturnValue:
    (answer,) = summaries(db(), [service_of(user_id)])
    url = url_for("admin_users.show", user_id=user_id)
    message = _("%(username)s was created. Create its first token now.", username=answer.username)
    response = redirect_or_json(url, message, answer, status=201)
    response.headers["Location"] = url
    return response


def form_again(principal: Principal, form: NewServiceForm) -> ResponseReturnValue:
    return refuse_form(form, lambda: new_page(principal, form))


def new_page(principal: Principal, form: NewServiceForm) -> str:
    every = roles.lowest_first(db())
    grantable = [role for role in every if admin_actions.may_grant(principal.roles, role.closure)]
    return render_template("admin/service_account_new.html", form=form, roles=grantable, owner_roles=every)


@bp.get("/admin/users/<uuid:user_id>/tokens/new")
@admin_form()
@reads("from", "page", "preset", "expires_on", *SINGLE, lists=("scope", *SEVERAL))
def new_service_token(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    return new_form(pages_of(principal, user_id))


@bp.post("/admin/users/<uuid:user_id>/tokens/new")
@admin_grant()
@responds(NewToken, form=NewTokenForm, status=201, refuses=(403, 409, 422))
def create_service_token(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Create an API token of a service account, with at most its scopes. It is shown only in this response."""
    return create_token(principal, pages_of(principal, user_id))


def pages_of(principal: Principal, user_id: UUID) -> TokenPages:
    user = active(service_of(user_id)).user
    closure = roles.included_in(db(), user.role)
    if not admin_actions.may_act_on(principal.roles, closure):
        raise outranked(user.username)
    ids: dict[str, Any] = {"user_id": user.id}
    return TokenPages(
        user_id=user.id,
        roles=closure,
        service=user.username,
        nav_entry="admin",
        new_href=lambda **filled: url_for("admin_users.new_service_token", **ids, **filled),
        create_href=url_for("admin_users.create_service_token", **ids),
        index_href=url_for("admin_users.show", **ids),
        show_href=lambda _token_id: url_for("admin_users.show", **ids),
        revoke_href=lambda token_id: url_for(
            "admin_users.end_credential_form", **ids, kind="tokens", credential_id=token_id
        ),
    )
