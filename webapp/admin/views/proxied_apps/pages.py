"""The pages of proxied apps: list, one app, add, change."""

from uuid import UUID

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts.user_ids import UnknownPeople, ids_of, shown_names
from webapp.admin.views.permissions import admin_form, admin_grant, admin_read
from webapp.admin.views.proxied_app_details import (
    ChangedProxiedApp,
    ProxiedAppDetails,
    ProxiedAppList,
    app_details,
    app_entries,
)
from webapp.admin.views.proxied_app_forms import NewProxiedAppForm, ProxiedAppForm, filled_in
from webapp.admin.views.proxied_apps.blueprint import app_of, app_to_change, bp, change_settings, editor_of, own_host
from webapp.admin.views.proxied_apps.changes import changed, shown_effects
from webapp.core.translation import _
from webapp.forward_auth import app_file, app_queries, lifecycle
from webapp.forward_auth.app_settings import AppSettings, InvalidAppSettings
from webapp.forward_auth.check_counter import CheckCounter
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.replay import ChangeEffects
from webapp.forward_auth.rule_presets import RULE_PRESETS
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.negotiation import show, wants_page
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

TOML = "application/toml"


@bp.get("/admin/proxied-apps")
@admin_read()
@responds(ProxiedAppList)
def index() -> ResponseReturnValue:
    """List the apps behind a reverse proxy that asks this site about each request."""
    listing = ProxiedAppList(app_entries(db()))
    return show(listing, "admin/proxied_apps/list.html", apps=listing.apps)


@bp.get("/admin/proxied-apps.toml")
@admin_read()
@responds(str, kind=TOML)
def export() -> ResponseReturnValue:
    """Download all apps with their rules as a file `apps.toml`, which declares the same."""
    response = Response(app_file.written(db(), lifecycle.list_apps(db())), content_type=f"{TOML}; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=app_file.FILE)
    return response


@bp.get("/admin/proxied-apps/new")
@admin_form()
def new() -> ResponseReturnValue:
    return new_page(NewProxiedAppForm(formdata=None))


def new_page(form: NewProxiedAppForm) -> str:
    return render_template("admin/proxied_apps/new.html", form=form, presets=RULE_PRESETS)


@bp.post("/admin/proxied-apps")
@admin_grant()
@responds(ProxiedAppDetails, form=NewProxiedAppForm, status=201, refuses=(422,))
def create(principal: Principal) -> ResponseReturnValue:
    """Put an app behind the login. Its proxy may ask about its host from the next request on."""
    form = NewProxiedAppForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: new_page(form))
    try:
        audience = form.audience()
        desired = AppSettings(
            name=form.name.data or "",
            hosts=[form.host.data or ""],
            roles=audience["roles"],
            people=ids_of(db(), audience["people"]),
            rules=RULE_PRESETS[form.preset.data].rules,
        )
        slug = form.slug.data or app_queries.free_slug(db(), desired.name)
        with db().begin_nested():
            row = lifecycle.add(db(), slug, desired, editor_of(principal), own_host=own_host())
    except (InvalidAppSettings, UnknownPeople) as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: new_page(form))
    url = url_for("admin_proxied_apps.show", app_id=row.id)
    message = _("%(app)s was added. Set up its proxy next.", app=row.name)
    response = redirect_or_json(url, message, app_details(db(), row), status=201)
    if not wants_page():
        response.headers["Location"] = url
    return response


@bp.get("/admin/proxied-apps/<uuid:app_id>", endpoint="show")
@admin_read()
@responds(ProxiedAppDetails)
def details(app_id: UUID) -> ResponseReturnValue:
    """Show an app, its rules in order, and who opened it."""
    # What this process has counted since its last write. Others write theirs within a minute of their next check.
    service(CheckCounter).flush()
    found = app_details(db(), app_of(app_id))
    return show(found, "admin/proxied_apps/app.html", app=found)


@bp.get("/admin/proxied-apps/<uuid:app_id>/edit")
@admin_form()
def edit_form(app_id: UUID) -> ResponseReturnValue:
    row = app_of(app_id)
    current = lifecycle.settings_of(db(), row)
    owner = shown_names(db(), [str(current.owner_id)] if current.owner_id else [])
    return edit_page(filled_in(current, shown_names(db(), current.people), "".join(owner)), row)


@bp.post("/admin/proxied-apps/<uuid:app_id>/edit")
@admin_grant()
@responds(ChangedProxiedApp, form=ProxiedAppForm, refuses=(404, 409, 422))
def edit(principal: Principal, app_id: UUID) -> ResponseReturnValue:
    """Change name, hosts and users of an app. Effective with the next request. With `preview` nothing is saved."""
    row, form = app_to_change(app_id), ProxiedAppForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: edit_page(form, row))
    try:
        chosen = form.chosen() | {"people": ids_of(db(), form.audience()["people"])}
        owners = ids_of(db(), [form.owner.data] if form.owner.data else [])
        chosen["owner_id"] = UUID(owners[0]) if owners else None
        effects = change_settings(row, principal, is_preview=form.preview.data, **chosen)
    except (InvalidAppSettings, UnknownPeople) as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: edit_page(form, row))
    return changed(row, effects, form, _("%(app)s was changed.", app=row.name), lambda: edit_page(form, row, effects))


def edit_page(form: ProxiedAppForm, row: ProxiedApp, effects: ChangeEffects | None = None) -> str:
    return render_template("admin/proxied_apps/edit.html", form=form, app=row, **shown_effects(effects))
