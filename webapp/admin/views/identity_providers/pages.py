"""The pages of identity providers: list, one provider, add, change."""

from urllib.parse import urlencode
from uuid import UUID

import msgspec
from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.admin.views.identity_providers.blueprint import (
    bp,
    change_settings,
    editor_of,
    provider_of,
    provider_to_change,
)
from webapp.admin.views.permissions import SUPER_ADMIN, admin_form, admin_grant, admin_read
from webapp.admin.views.provider_details import (
    IdentityProviderDetails,
    IdentityProviderEntry,
    IdentityProviderList,
    provider_details,
    provider_entries,
    provider_entry,
)
from webapp.admin.views.provider_forms import NewProviderForm, ProviderForm, filled_in
from webapp.core.outgoing_http import PrivateHosts
from webapp.core.translation import _
from webapp.federation import lifecycle, providers
from webapp.federation.lifecycle import SLUG
from webapp.federation.models import LoginProvider
from webapp.federation.new_provider import from_preset, refuse_before, short_host, usual_slug
from webapp.federation.presets import PRESETS
from webapp.federation.provider_settings import InvalidProvider
from webapp.federation.providers import ProviderEncryptor
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.negotiation import show, wants_page
from webapp.web.query_params import parse_query
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


class NewProviderQuery(msgspec.Struct, frozen=True):
    preset: str = ""
    """Key of a preset."""
    issuer: str | None = None
    """Its URL, where the preset needs one."""


@bp.get("/admin/identity-providers")
@admin_read()
@responds(IdentityProviderList)
def index() -> ResponseReturnValue:
    """List the identity providers that users can log in with, in the order of their buttons."""
    listing = IdentityProviderList(provider_entries(db()))
    return show(listing, "admin/identity_providers/list.html", providers=listing.providers)


@bp.get("/admin/identity-providers/new")
@admin_form(SUPER_ADMIN)
def new() -> ResponseReturnValue:
    """Choose a preset, enter the URL if it needs one, then its form."""
    query = parse_query(NewProviderQuery)
    if query.preset not in PRESETS:
        return render_template("admin/identity_providers/choose.html", presets=PRESETS)
    preset, entered = PRESETS[query.preset], (query.issuer or "").strip()
    form = NewProviderForm(formdata=None, data={"preset": preset.key, "issuer": entered})
    if not preset.needs_value:
        return begun_page(form, "" if preset.is_generic else preset.issuer_for(entered))
    if query.issuer is None:
        return render_template("admin/identity_providers/url.html", form=form, preset=preset)
    try:
        return begun_page(form, refuse_before(db(), service(PrivateHosts), preset, entered))
    except InvalidProvider as error:
        form.issuer.errors = [str(error)]
        return render_template("admin/identity_providers/url.html", form=form, preset=preset)


def begun_page(form: NewProviderForm, issuer: str) -> str:
    """The form, with what follows from preset and issuer."""
    preset = form.chosen_preset
    form.slug.data = usual_slug(db(), preset, issuer)
    # Without a preset, the admin who adds the provider names its button.
    form.name.data = short_host(issuer).capitalize() if preset.is_generic else preset.name
    return new_page(form)


@bp.post("/admin/identity-providers")
@admin_grant(SUPER_ADMIN)
@responds(IdentityProviderDetails, form=NewProviderForm, status=201, refuses=(422,))
def create(principal: Principal) -> ResponseReturnValue:
    """Add an identity provider. `redirect_uri` in the response is to be registered there."""
    form = NewProviderForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: new_page(form))
    from_form = {"issuer_or_tenant": form.issuer.data or "", "slug": form.slug.data or ""}
    try:
        desired = from_preset(db(), form.chosen_preset, **from_form, **form.chosen())
        encryptor, secret = service(ProviderEncryptor), form.client_secret.data or ""
        row = lifecycle.add(db(), encryptor, service(PrivateHosts), desired, secret, editor_of(principal))
    except InvalidProvider as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: new_page(form))
    url = url_for("admin_providers.show", provider_id=row.id)
    message = _("%(provider)s was added. Test the login now.", provider=row.name)
    response = redirect_or_json(url, message, provider_details(db(), row), status=201)
    if not wants_page():
        response.headers["Location"] = url
    return response


def new_page(form: NewProviderForm) -> str:
    base_url, slug = current_app.config["BASE_URL"], form.slug.data or ""
    return render_template(
        "admin/identity_providers/new.html",
        form=form,
        preset=form.chosen_preset,
        redirect_uri=providers.redirect_uri(base_url, slug) if SLUG.fullmatch(slug) else None,
        register_url=register_url(form),
        any_redirect_uri=providers.redirect_uri(base_url, "{}"),
    )


def register_url(form: NewProviderForm) -> str:
    """The page of another Latchkey site that registers this one; empty for other providers."""
    # Its recipe has this short name.
    if (form.preset.data, form.slug.data) != ("latchkey", "latchkey") or form.errors or not form.issuer.data:
        return ""
    config = current_app.config
    query = urlencode({"recipe": "latchkey", "app_url": config["BASE_URL"], "name": config["SITE_NAME"]})
    return f"{form.chosen_preset.issuer_for(form.issuer.data)}/admin/clients/new?{query}"


@bp.get("/admin/identity-providers/<uuid:provider_id>", endpoint="show")
@admin_read()
@responds(IdentityProviderDetails)
def details(provider_id: UUID) -> ResponseReturnValue:
    """Show an identity provider, what to register there, and its last errors."""
    row = provider_of(provider_id)
    found = provider_details(db(), row)
    page = "admin/identity_providers/provider.html"
    return show(found, page, provider=found, preset=PRESETS.get(row.preset))


@bp.get("/admin/identity-providers/<uuid:provider_id>/edit")
@admin_form(SUPER_ADMIN)
def edit_form(provider_id: UUID) -> ResponseReturnValue:
    row = provider_of(provider_id)
    return edit_page(filled_in(row), row)


@bp.post("/admin/identity-providers/<uuid:provider_id>/edit")
@admin_grant(SUPER_ADMIN)
@responds(IdentityProviderEntry, form=ProviderForm, refuses=(404, 409, 422))
def edit(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Change an identity provider; an empty client secret keeps the one that is stored."""
    row, form = provider_to_change(provider_id), ProviderForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: edit_page(form, row))
    try:
        change_settings(row, principal, form.client_secret.data or None, **form.chosen(row))
    except InvalidProvider as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: edit_page(form, row))
    message = _("%(provider)s was changed.", provider=row.name)
    url = url_for("admin_providers.show", provider_id=row.id)
    return redirect_or_json(url, message, provider_entry(db(), row))


def edit_page(form: ProviderForm, row: LoginProvider) -> str:
    return render_template("admin/identity_providers/edit.html", form=form, provider=row)
