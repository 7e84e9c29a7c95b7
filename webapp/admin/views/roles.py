"""/admin/roles: roles, which others they include, and what they give access to."""

from typing import Any

import msgspec
from flask import Blueprint, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import roles
from webapp.accounts.models import Role
from webapp.accounts.role_closures import RoleCycle
from webapp.accounts.roles import FIRST, InvalidRole, RoleInUse, RoleTaken
from webapp.admin.forms import NewRoleForm, RoleForm
from webapp.admin.views.error_responses import refusals
from webapp.admin.views.permissions import SUPER_ADMIN, admin_form, admin_grant, admin_read
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.guard.access_report import ReachableRoute, accessible_routes
from webapp.guard.routes import guarded
from webapp.tokens.scopes import Catalogue
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

bp = Blueprint("admin_roles", __name__)

# Changing roles can lock administrators out, or make users administrators.


class RoleEntry(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    includes: list[str]
    closure: list[str]
    """All roles that it includes directly or indirectly, itself last."""
    is_first: bool
    """Whether it is built-in and cannot be removed."""
    scopes: list[str]
    """Scopes that its users can grant to a token."""


class RoleList(msgspec.Struct, frozen=True):
    roles: list[RoleEntry]


class RoleDetails(RoleEntry, frozen=True, kw_only=True):
    reach: list[ReachableRoute]


@bp.get("/admin/roles")
@admin_read()
@responds(RoleList)
def index() -> ResponseReturnValue:
    """List roles and the scopes that each gives access to."""
    answer = RoleList([RoleEntry(**role_context(role)) for role in roles.lowest_first(db())])
    return show(answer, "admin/roles.html", roles=answer.roles)


def role_context(role: Role) -> dict[str, Any]:
    catalogue = service(Catalogue).for_user(db())
    return {
        "name": role.name,
        "description": role.shown_description,
        "includes": list(role.includes),
        "closure": list(role.closure),
        "is_first": role.name in FIRST,
        "scopes": catalogue.held_by(role.closure),
    }


@bp.get("/admin/roles/new")
@admin_form(SUPER_ADMIN)
def new() -> ResponseReturnValue:
    return form_page(NewRoleForm(formdata=None), None)


@bp.post("/admin/roles")
@admin_grant(SUPER_ADMIN)
@responds(RoleDetails, form=NewRoleForm, status=201, refuses=(409, 422))
def create(principal: Principal) -> ResponseReturnValue:
    """Create a role."""
    form = NewRoleForm()
    if not form.validate_on_submit():
        return form_again(form, None)
    name, description = form.name.data or "", form.description.data or ""
    try:
        role = roles.add(db(), name, description, form.includes.data or (), actor_id=principal.user_id)
    except InvalidRole as error:
        (form.includes if roles.NAME.fullmatch(name) else form.name).errors = [str(error)]
        return form_again(form, None)
    except RoleTaken:
        form.name.errors = [_("A role with this name already exists.")]
        return form_again(form, None)
    except RoleCycle as error:
        form.includes.errors = [_("A role cannot include itself: %(path)s.", path=error)]
        return form_again(form, None)
    url = url_for("admin_roles.show", name=role.name)
    response = redirect_or_json(url, _("The role %(role)s was created.", role=role.name), in_full(role), status=201)
    response.headers["Location"] = url
    return response


@bp.get("/admin/roles/<name>", endpoint="show")
@admin_read()
@responds(RoleDetails)
def details(name: str) -> ResponseReturnValue:
    """Show a role: all protected endpoints, whether it gives access, and why."""
    found = in_full(role_of(name))
    return show(found, "admin/role.html", role=found)


def in_full(role: Role) -> RoleDetails:
    reached = accessible_routes(guarded(current_app), role.name, role.closure, at=now())
    return RoleDetails(**role_context(role), reach=reached)


@bp.get("/admin/roles/<name>/edit")
@admin_form(SUPER_ADMIN)
def edit_form(name: str) -> ResponseReturnValue:
    role = role_of(name)
    form = RoleForm(formdata=None, data={"description": role.description, "includes": list(role.includes)})
    return form_page(form, role)


@bp.post("/admin/roles/<name>/edit")
@admin_grant(SUPER_ADMIN)
@responds(RoleDetails, form=RoleForm, refuses=(409, 422))
def edit(principal: Principal, name: str) -> ResponseReturnValue:
    """Change a role. Effective with the next request of everybody who has it."""
    role, form = role_of(name), RoleForm()
    if not form.validate_on_submit():
        return form_again(form, role)
    try:
        with refusals():
            roles.edit(db(), role, form.description.data or "", form.includes.data or (), actor_id=principal.user_id)
    except InvalidRole as error:
        form.includes.errors = [str(error)]
        return form_again(form, role)
    except RoleCycle as error:
        form.includes.errors = [_("A role cannot include itself: %(path)s.", path=error)]
        return form_again(form, role)
    return redirect_or_json(
        url_for("admin_roles.show", name=role.name), _("The role %(role)s was changed.", role=role.name), in_full(role)
    )


@bp.get("/admin/roles/<name>/remove")
@admin_form(SUPER_ADMIN)
def remove_form(name: str) -> ResponseReturnValue:
    role = role_of(name)
    return render_template("admin/role_remove.html", role=role, why_it_stays=roles.why_not_removable(db(), role))


@bp.post("/admin/roles/<name>/remove")
@admin_grant(SUPER_ADMIN)
@responds(None, status=204, refuses=(409,))
def remove(principal: Principal, name: str) -> ResponseReturnValue:
    """Remove a role that is not assigned or included in another role."""
    role = role_of(name)
    try:
        with refusals():
            roles.remove(db(), role, actor_id=principal.user_id)
    except RoleInUse as error:
        title = _("The role %(role)s is in use", role=name)
        detail = " ".join((str(error), _("Nothing was changed.")))
        raise Problem(409, title, detail) from error
    return redirect_or_json(url_for("admin_roles.index"), _("The role %(role)s was removed.", role=name))


def form_again(form: Form, role: Role | None) -> ResponseReturnValue:
    return refuse_form(form, lambda: form_page(form, role))


def form_page(form: Form, role: Role | None) -> str:
    others = [other for other in roles.list_roles(db()) if role is None or other.name != role.name]
    always_included = FIRST.get(role.name, ()) if role else ()
    return render_template("admin/role_form.html", form=form, role=role, others=others, always_included=always_included)


def role_of(name: str) -> Role:
    found = roles.find(db(), name)
    if found is None:
        raise Problem(404, _("Role not found"))
    return found
