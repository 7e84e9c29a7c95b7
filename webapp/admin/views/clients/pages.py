"""The pages of apps: list, one app, register, change."""

from functools import partial
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import roles, user_queries
from webapp.accounts.user_ids import shown_names
from webapp.admin.views.client_details import (
    AppDetails,
    AppWithSecret,
    RegisteredApp,
    RegisteredApps,
    app_details,
    registered_app,
    with_secret_of,
)
from webapp.admin.views.client_forms import ClientForm, NewClientForm, filled_in, suggested
from webapp.admin.views.clients.blueprint import bp, client_of
from webapp.admin.views.permissions import SUPER_ADMIN, admin_form, admin_grant, admin_read
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.oauth import allowed_users, clients
from webapp.oauth.claim_descriptions import words_of
from webapp.oauth.claims import claims_of
from webapp.oauth.client_settings import ClientSettings, InvalidClientSettings
from webapp.oauth.models import OAuthClient
from webapp.oauth.policies import groups_of
from webapp.oauth.recipes import APPS, GENERIC
from webapp.oauth.scopes import CLAIM_SCOPES
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.scopes import Catalogue
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.query_params import parse_query
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

PAGE = 50
S = TypeVar("S", bound=ClientSettings)


class NewAppQuery(msgspec.Struct, frozen=True):
    recipe: str = ""
    """Key of a recipe, or any other word for an app without one."""
    app_url: str = ""
    """URL of the app, if a link of another site leads here."""
    name: str = ""
    """Name of the app, from the same link."""


class AppsQuery(msgspec.Struct, frozen=True):
    q: Annotated[str, msgspec.Meta(max_length=50, pattern=r"^[^\x00]*$", description="Part of the name.")] = ""
    after: Annotated[UUID | msgspec.UnsetType, msgspec.Meta(description="ID of the last app on the previous page.")] = (
        msgspec.UNSET
    )


@bp.get("/admin/clients")
@admin_read()
@responds(RegisteredApps, query=AppsQuery)
def index() -> ResponseReturnValue:
    """List the apps that log users in with this site."""
    query = parse_query(AppsQuery)
    after = query.after or None
    found = clients.page_of_clients(db(), part=query.q, after=after, size=PAGE + 1)
    last = found[PAGE - 1].id if len(found) > PAGE else None
    listing = RegisteredApps([registered_app(client) for client in found[:PAGE]], last)
    page_url = partial(url_for, "admin_clients.index", q=query.q or None)
    return show(
        listing,
        "admin/clients/list.html",
        clients=listing.clients,
        query=query,
        is_filtered=bool(query.q or after),
        first_href=page_url() if after else None,
        next_href=page_url(after=last) if last else None,
    )


@bp.get("/admin/clients/new")
@admin_form(SUPER_ADMIN)
def new() -> ResponseReturnValue:
    """Choose a kind of app, then its form."""
    query = parse_query(NewAppQuery)
    if not query.recipe:
        return render_template("admin/clients/choose.html", generic=GENERIC, apps=APPS)
    return form_page(suggested(query.recipe, query.app_url, query.name), None)


@bp.post("/admin/clients")
@admin_grant(SUPER_ADMIN)
@responds(AppWithSecret, form=NewClientForm, status=201, refuses=(422,))
def create(principal: Principal) -> ResponseReturnValue:
    """Register an app. Its secret is only in this response."""
    form = NewClientForm()
    if not (form.validate_on_submit() and names_exist(form)):
        return form_again(form, None)
    try:
        new = prepared(form.new_client())
        registered = clients.register(
            db(), allowed_users.with_ids(db(), new), origin="page", actor_id=principal.user_id
        )
    except InvalidClientSettings as error:
        form.form_errors.append(str(error))
        return form_again(form, None)
    return with_secret(registered.client, registered.secret, status=201)


@bp.get("/admin/clients/<uuid:client_id>", endpoint="show")
@admin_read()
@responds(AppDetails)
def details(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Show an app, and what to enter in its settings."""
    client = client_of(client_id)
    found = app_details(db(), client)
    return show(found, "admin/clients/client.html", client=found, own_claims=own_claims(principal, client))


def own_claims(principal: Principal, client: OAuthClient) -> dict[str, str]:
    """The claims of the caller with every scope, as the app would read them."""
    user = user_queries.by_id(db(), principal.user_id)
    if user is None:
        return {}
    claims = claims_of(user, groups_of(client, principal.roles), CLAIM_SCOPES, client, service(TokenIssuer).hooks)
    return {name: words_of(name, value) for name, value in claims.items()}


@bp.get("/admin/clients/<uuid:client_id>/edit")
@admin_form(SUPER_ADMIN)
def edit_form(client_id: UUID) -> ResponseReturnValue:
    client = client_of(client_id)
    return form_page(filled_in(client, shown_names(db(), client.people)), client)


@bp.post("/admin/clients/<uuid:client_id>/edit")
@admin_grant(SUPER_ADMIN)
@responds(RegisteredApp, form=ClientForm, refuses=(404, 422))
def edit(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Change an app; what it may request changes for its users' next login and refresh."""
    client, form = client_of(client_id), ClientForm()
    if not (form.validate_on_submit() and names_exist(form)):
        return form_again(form, client)
    try:
        desired = prepared(form.settings())
        clients.edit(db(), client, allowed_users.with_ids(db(), desired), actor_id=principal.user_id)
    except InvalidClientSettings as error:
        form.form_errors.append(str(error))
        return form_again(form, client)
    message = _("The app %(app)s was changed.", app=client.name)
    return redirect_or_json(url_for("admin_clients.show", client_id=client.id), message, registered_app(client))


def prepared(desired: S) -> S:
    """Create the RSA key if the app is the first that needs one, so that its first user does not wait for it."""
    service(IdTokenKeys).signing_key(db(), is_rs256=desired.wants_rs256)
    return desired


def names_exist(form: ClientForm) -> bool:
    """Whether roles and scopes of a form exist; otherwise their fields say which do not."""
    every_role = {role.name for role in roles.list_roles(db())}
    existing_names = {
        "roles": every_role,
        "group_roles": every_role,
        "scopes": set(service(Catalogue).for_user(db()).scopes),
    }
    for name, names in existing_names.items():
        if unknown := sorted(set((form[name].data or "").split()) - names):
            form[name].errors = [_("Unknown: %(names)s.", names=", ".join(unknown))]
    return not form.errors


def with_secret(client: OAuthClient, secret: str | None, *, status: int = 200) -> ResponseReturnValue:
    answer = with_secret_of(db(), client, secret)
    # No redirect, because the secret is shown only in this response.
    response = show(answer, "admin/clients/secret.html", status=status, client=answer)
    if status == 201:
        response.headers["Location"] = url_for("admin_clients.show", client_id=client.id)
    return response


def form_again(form: ClientForm, client: OAuthClient | None) -> ResponseReturnValue:
    return refuse_form(form, lambda: form_page(form, client))


def form_page(form: ClientForm, client: OAuthClient | None) -> str:
    return render_template("admin/clients/form.html", form=form, client=client)
