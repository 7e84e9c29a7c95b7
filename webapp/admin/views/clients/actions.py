"""What is done with a registered app: a new secret, disable, enable, remove."""

from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.admin.views.client_details import AppWithSecret, RegisteredApp, app_details, registered_app
from webapp.admin.views.clients.blueprint import bp, client_of
from webapp.admin.views.clients.pages import with_secret
from webapp.admin.views.permissions import SUPER_ADMIN, admin_change, admin_form, admin_grant
from webapp.core.translation import _, _n
from webapp.guard import Principal
from webapp.oauth import client_secrets, clients
from webapp.oauth.client_settings import InvalidClientSettings
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


@bp.post("/admin/clients/<uuid:client_id>/secret")
@admin_grant(SUPER_ADMIN)
@responds(AppWithSecret, refuses=(404, 409))
def add_secret(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Make another secret. The one before works until there is a third."""
    client = client_of(client_id)
    try:
        secret = client_secrets.new_secret_of(db(), client, origin="page", actor_id=principal.user_id)
    except InvalidClientSettings as error:
        raise Problem(409, _("No secret was created"), str(error)) from error
    return with_secret(client, secret)


@bp.get("/admin/clients/<uuid:client_id>/disable")
@admin_form(SUPER_ADMIN)
def disable_form(client_id: UUID) -> ResponseReturnValue:
    return render_template("admin/clients/disable.html", client=app_details(db(), client_of(client_id)))


@bp.post("/admin/clients/<uuid:client_id>/disable")
@admin_change(SUPER_ADMIN)
@responds(RegisteredApp, refuses=(404,))
def disable(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Disable an app: nobody can log in to it, and every login to it ends."""
    client = client_of(client_id)
    ended = clients.disable(db(), client, origin="page", actor_id=principal.user_id)
    message = _n(
        "The app %(app)s was disabled. %(num)s login to it ended.",
        "The app %(app)s was disabled. %(num)s logins to it ended.",
        ended,
        app=client.name,
    )
    return redirect_or_json(page_of(client_id), message, registered_app(client))


@bp.post("/admin/clients/<uuid:client_id>/enable")
@admin_grant(SUPER_ADMIN)
@responds(RegisteredApp, refuses=(404,))
def enable(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Enable an app: users can log in to it again."""
    client = client_of(client_id)
    clients.enable(db(), client, origin="page", actor_id=principal.user_id)
    return redirect_or_json(
        page_of(client_id), _("The app %(app)s was enabled.", app=client.name), registered_app(client)
    )


@bp.get("/admin/clients/<uuid:client_id>/remove")
@admin_form(SUPER_ADMIN)
def remove_form(client_id: UUID) -> ResponseReturnValue:
    return render_template("admin/clients/remove.html", client=app_details(db(), client_of(client_id)))


@bp.post("/admin/clients/<uuid:client_id>/remove")
@admin_grant(SUPER_ADMIN)
@responds(None, status=204, refuses=(404,))
def remove(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Remove an app; every login to it ends."""
    client = client_of(client_id)
    name = client.name
    clients.remove(db(), client, origin="page", actor_id=principal.user_id)
    return redirect_or_json(url_for("admin_clients.index"), _("The app %(app)s was removed.", app=name))


def page_of(client_id: UUID) -> str:
    return url_for("admin_clients.show", client_id=client_id)
