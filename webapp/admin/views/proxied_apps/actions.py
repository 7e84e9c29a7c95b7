"""What is done with a proxied app: disable, enable, remove."""

from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.admin.views.permissions import admin_change, admin_form, admin_grant
from webapp.admin.views.proxied_app_details import ProxiedAppDetails, app_details
from webapp.admin.views.proxied_apps.blueprint import app_of, app_to_change, bp, editor_of, refuse_declared
from webapp.core.translation import _
from webapp.forward_auth import app_queries, lifecycle
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


@bp.get("/admin/proxied-apps/<uuid:app_id>/disable")
@admin_form()
def disable_form(app_id: UUID) -> ResponseReturnValue:
    return confirmation("disable", app_id)


def confirmation(act: str, app_id: UUID) -> str:
    row = app_of(app_id)
    logins = app_queries.logins_of(db(), row.id)
    return render_template(f"admin/proxied_apps/{act}.html", app=row, logins=logins)


@bp.post("/admin/proxied-apps/<uuid:app_id>/disable")
@admin_change()
@responds(ProxiedAppDetails, refuses=(404, 409))
def disable(principal: Principal, app_id: UUID) -> ResponseReturnValue:
    """Disable an app: its proxy is answered 403 from the next request on. Settings and rules are kept."""
    row = app_to_change(app_id)
    with refuse_declared():
        lifecycle.disable(db(), row, editor_of(principal))
    return redirect_or_json(page_of(app_id), _("%(app)s was disabled.", app=row.name), app_details(db(), row))


@bp.post("/admin/proxied-apps/<uuid:app_id>/enable")
@admin_grant()
@responds(ProxiedAppDetails, refuses=(404, 409))
def enable(principal: Principal, app_id: UUID) -> ResponseReturnValue:
    """Enable an app: its rules apply again."""
    row = app_to_change(app_id)
    with refuse_declared():
        lifecycle.enable(db(), row, editor_of(principal))
    return redirect_or_json(page_of(app_id), _("%(app)s was enabled.", app=row.name), app_details(db(), row))


@bp.get("/admin/proxied-apps/<uuid:app_id>/remove")
@admin_form()
def remove_form(app_id: UUID) -> ResponseReturnValue:
    return confirmation("remove", app_id)


@bp.post("/admin/proxied-apps/<uuid:app_id>/remove")
@admin_grant()
@responds(None, status=204, refuses=(404, 409))
def remove(principal: Principal, app_id: UUID) -> ResponseReturnValue:
    """Remove an app with its rules, logins and grants. Its proxy is answered 403 from then on."""
    row = app_to_change(app_id)
    name = row.name
    with refuse_declared():
        lifecycle.remove(db(), row, editor_of(principal))
    return redirect_or_json(url_for("admin_proxied_apps.index"), _("%(app)s was removed.", app=name))


def page_of(app_id: UUID) -> str:
    return url_for("admin_proxied_apps.show", app_id=app_id)
