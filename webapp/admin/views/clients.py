"""/admin/clients: apps that log users in with this site: register, change, give a new secret, remove."""

from uuid import UUID

from flask import Blueprint, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import roles
from webapp.admin.views.client_answers import (
    AppWithSecret,
    RegisteredApp,
    RegisteredApps,
    registered_app,
    with_secret_of,
)
from webapp.admin.views.client_forms import ClientForm, NewClientForm, filled_in
from webapp.admin.views.permissions import fill_in, grant, read
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.oauth import client_secrets, clients
from webapp.oauth.client_settings import ClientUnfit
from webapp.oauth.clients import NewClient
from webapp.oauth.models import OAuthClient
from webapp.tokens.scopes import Catalogue
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

bp = Blueprint("admin_clients", __name__)

# An app can act as its users, so apps are registered by those who may also make roles.
KEEPER = "super_admin"


@bp.get("/admin/clients")
@read()
@responds(RegisteredApps)
def index() -> ResponseReturnValue:
    """List the apps that log users in with this site."""
    found = [registered_app(client) for client in clients.every(db())]
    return show(RegisteredApps(found), "admin/clients.html", clients=found)


@bp.get("/admin/clients/new")
@fill_in(KEEPER)
def new() -> ResponseReturnValue:
    return form_page(NewClientForm(formdata=None), None)


@bp.post("/admin/clients")
@grant(KEEPER)
@responds(AppWithSecret, form=NewClientForm, status=201, refuses=(422,))
def create(principal: Principal) -> ResponseReturnValue:
    """Register an app. Its secret is only in this response."""
    form = NewClientForm()
    if not (form.validate_on_submit() and names_exist(form)):
        return form_again(form, None)
    wish = NewClient(name=form.name.data or "", is_public=form.is_public.data, **form.chosen())
    try:
        made = clients.register(db(), wish, origin="page", actor_id=principal.user_id)
    except ClientUnfit as error:
        form.form_errors.append(str(error))
        return form_again(form, None)
    return with_secret(made.client, made.secret, status=201)


@bp.get("/admin/clients/<uuid:client_id>", endpoint="show")
@read()
@responds(RegisteredApp)
def details(client_id: UUID) -> ResponseReturnValue:
    """Show an app, and what to enter in its settings."""
    found = registered_app(client_of(client_id))
    return show(found, "admin/client.html", client=found, issuer=current_app.config["BASE_URL"])


@bp.get("/admin/clients/<uuid:client_id>/edit")
@fill_in(KEEPER)
def edit_form(client_id: UUID) -> ResponseReturnValue:
    client = client_of(client_id)
    return form_page(filled_in(client), client)


@bp.post("/admin/clients/<uuid:client_id>/edit")
@grant(KEEPER)
@responds(RegisteredApp, form=ClientForm, refuses=(404, 422))
def edit(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Change an app; what it may request changes for its users' next login and refresh."""
    client, form = client_of(client_id), ClientForm()
    if not (form.validate_on_submit() and names_exist(form)):
        return form_again(form, client)
    try:
        clients.edit(db(), client, form.settings(), actor_id=principal.user_id)
    except ClientUnfit as error:
        form.form_errors.append(str(error))
        return form_again(form, client)
    message = _("The app %(app)s was changed.", app=client.name)
    return redirect_or_json(url_for("admin_clients.show", client_id=client.id), message, registered_app(client))


@bp.post("/admin/clients/<uuid:client_id>/secret")
@grant(KEEPER)
@responds(AppWithSecret, refuses=(404, 409))
def add_secret(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Make another secret. The one before works until there is a third."""
    client = client_of(client_id)
    try:
        secret = client_secrets.new_secret_of(db(), client, origin="page", actor_id=principal.user_id)
    except ClientUnfit as error:
        raise Problem(409, _("No secret was made"), str(error)) from error
    return with_secret(client, secret)


@bp.get("/admin/clients/<uuid:client_id>/remove")
@fill_in(KEEPER)
def remove_form(client_id: UUID) -> ResponseReturnValue:
    return render_template("admin/client_remove.html", client=registered_app(client_of(client_id)))


@bp.post("/admin/clients/<uuid:client_id>/remove")
@grant(KEEPER)
@responds(None, status=204, refuses=(404,))
def remove(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Remove an app; every login to it ends."""
    client = client_of(client_id)
    name = client.name
    clients.remove(db(), client, origin="page", actor_id=principal.user_id)
    return redirect_or_json(url_for("admin_clients.index"), _("The app %(app)s was removed.", app=name))


def client_of(client_id: UUID) -> OAuthClient:
    client = clients.by_id(db(), client_id)
    if client is None:
        raise Problem(404, _("App not found"), _("It does not exist or was removed."))
    return client


def names_exist(form: ClientForm) -> bool:
    """Whether roles and scopes of a form exist; otherwise their fields say which do not."""
    known = {"roles": {role.name for role in roles.every(db())}, "scopes": set(service(Catalogue).scopes)}
    for name, names in known.items():
        if unknown := sorted(set((form[name].data or "").split()) - names):
            form[name].errors = [_("Unknown: %(names)s.", names=", ".join(unknown))]
    return not form.errors


def with_secret(client: OAuthClient, secret: str | None, *, status: int = 200) -> ResponseReturnValue:
    answer = with_secret_of(client, secret)
    # No redirect, because the secret is shown only in this response.
    page = {"client": answer, "issuer": current_app.config["BASE_URL"]}
    response = show(answer, "admin/client_secret.html", status=status, **page)
    if status == 201:
        response.headers["Location"] = url_for("admin_clients.show", client_id=client.id)
    return response


def form_again(form: ClientForm, client: OAuthClient | None) -> ResponseReturnValue:
    return refuse_form(form, lambda: form_page(form, client))


def form_page(form: ClientForm, client: OAuthClient | None) -> str:
    return render_template("admin/client_form.html", form=form, client=client)
