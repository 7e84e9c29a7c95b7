"""What is done with an identity provider: disable, enable, remove."""

from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.admin.views.identity_providers.blueprint import bp, editor_of, provider_of, refuse_declared
from webapp.admin.views.permissions import SUPER_ADMIN, admin_change, admin_form, admin_grant
from webapp.admin.views.provider_details import IdentityProviderEntry, provider_details, provider_entry
from webapp.core.translation import _
from webapp.federation import button_order, lifecycle
from webapp.federation.provider_settings import InvalidProvider
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


@bp.get("/admin/identity-providers/<uuid:provider_id>/disable")
@admin_form(SUPER_ADMIN)
def disable_form(provider_id: UUID) -> ResponseReturnValue:
    found = provider_details(db(), provider_of(provider_id))
    return render_template("admin/identity_providers/disable.html", provider=found)


@bp.post("/admin/identity-providers/<uuid:provider_id>/disable")
@admin_change(SUPER_ADMIN)
@responds(IdentityProviderEntry, refuses=(404, 409))
def disable(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Disable an identity provider: nobody can log in with it. Its settings and links are kept."""
    row = provider_of(provider_id)
    with refuse_declared():
        lifecycle.disable(db(), row, editor_of(principal))
    message = _("%(provider)s was disabled.", provider=row.name)
    return redirect_or_json(page_of(provider_id), message, provider_entry(db(), row))


@bp.post("/admin/identity-providers/<uuid:provider_id>/enable")
@admin_grant(SUPER_ADMIN)
@responds(IdentityProviderEntry, refuses=(404, 409))
def enable(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Enable an identity provider: users can log in with it again."""
    row = provider_of(provider_id)
    try:
        with refuse_declared():
            lifecycle.enable(db(), row, editor_of(principal))
    except InvalidProvider as error:
        raise Problem(409, _("%(provider)s was not enabled", provider=row.name), str(error)) from error
    message = _("%(provider)s was enabled.", provider=row.name)
    return redirect_or_json(page_of(provider_id), message, provider_entry(db(), row))


@bp.post("/admin/identity-providers/<uuid:provider_id>/up")
@admin_grant(SUPER_ADMIN)
@responds(IdentityProviderEntry, refuses=(404, 409))
def move_up(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Move the button of an identity provider on the login page before the one above it."""
    row = provider_of(provider_id)
    with refuse_declared():
        button_order.move_up(db(), row, editor_of(principal))
    message = _("%(provider)s was moved up.", provider=row.name)
    return redirect_or_json(url_for("admin_providers.index"), message, provider_entry(db(), row))


@bp.get("/admin/identity-providers/<uuid:provider_id>/remove")
@admin_form(SUPER_ADMIN)
def remove_form(provider_id: UUID) -> ResponseReturnValue:
    found = provider_details(db(), provider_of(provider_id))
    return render_template("admin/identity_providers/remove.html", provider=found)


@bp.post("/admin/identity-providers/<uuid:provider_id>/remove")
@admin_grant(SUPER_ADMIN)
@responds(None, status=204, refuses=(404, 409))
def remove(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Remove an identity provider and the links of its users; their accounts stay."""
    row = provider_of(provider_id)
    name = row.name
    with refuse_declared():
        lifecycle.remove(db(), row, editor_of(principal))
    return redirect_or_json(url_for("admin_providers.index"), _("%(provider)s was removed.", provider=name))


def page_of(provider_id: UUID) -> str:
    return url_for("admin_providers.show", provider_id=provider_id)
