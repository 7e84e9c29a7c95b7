"""/admin/identity-providers/ID/rules: roles by claims, and a test of them with pasted claims."""

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.admin.views.identity_providers.blueprint import (
    bp,
    change_settings,
    provider_of,
    provider_to_change,
)
from webapp.admin.views.permissions import SUPER_ADMIN, admin_form, admin_grant
from webapp.admin.views.provider_details import (
    ClaimsOutcome,
    IdentityProviderEntry,
    claims_outcome,
    provider_entry,
)
from webapp.admin.views.provider_rule_forms import ClaimsForm, RoleRuleForm
from webapp.core.translation import _
from webapp.federation.login_outcome import InvalidPastedClaims, outcome_of, pasted_identity
from webapp.federation.models import LoginProvider
from webapp.federation.provider_settings import InvalidProvider
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


@bp.get("/admin/identity-providers/<uuid:provider_id>/rules")
@admin_form(SUPER_ADMIN)
def rules(provider_id: UUID) -> ResponseReturnValue:
    return rules_page(provider_of(provider_id))


def rules_page(row: LoginProvider, **context: Any) -> str:
    forms = {"form": RoleRuleForm(formdata=None), "claims_form": ClaimsForm(formdata=None)}
    return render_template("admin/identity_providers/rules.html", provider=row, **forms | context)


@bp.post("/admin/identity-providers/<uuid:provider_id>/rules")
@admin_grant(SUPER_ADMIN)
@responds(IdentityProviderEntry, form=RoleRuleForm, refuses=(404, 409, 422))
def add_rule(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Add a rule that gives a role by a claim, after all others."""
    row, form = provider_to_change(provider_id), RoleRuleForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: rules_page(row, form=form))
    try:
        change_settings(row, principal, role_rules=[*row.role_rules, form.rule()])
    except InvalidProvider as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: rules_page(row, form=form))
    return stored(row, _("The rule was added."))


@bp.post("/admin/identity-providers/<uuid:provider_id>/rules/remove")
@admin_grant(SUPER_ADMIN)
@responds(IdentityProviderEntry, form=RoleRuleForm, refuses=(404, 409, 422))
def remove_rule(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Remove a rule. Users lose the role that it gave at their next login."""
    row = provider_to_change(provider_id)
    rule = existing_rule(row)
    change_settings(row, principal, role_rules=[existing for existing in row.role_rules if existing != rule])
    return stored(row, _("The rule was removed. Users lose its role at their next login with this provider."))


@bp.post("/admin/identity-providers/<uuid:provider_id>/rules/up")
@admin_grant(SUPER_ADMIN)
@responds(IdentityProviderEntry, form=RoleRuleForm, refuses=(404, 409, 422))
def move_rule_up(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Move a rule before the one above it. The first rule that applies counts."""
    row = provider_to_change(provider_id)
    rule = existing_rule(row)
    others = [existing for existing in row.role_rules if existing != rule]
    place = max(0, row.role_rules.index(rule) - 1)
    change_settings(row, principal, role_rules=[*others[:place], rule, *others[place:]])
    return stored(row, _("The rule was moved up."))


def existing_rule(row: LoginProvider) -> dict[str, str]:
    """The rule that a form names by its content, as its place may have changed meanwhile.

    Raises:
        Problem: 404, or 422 for a form with errors
    """
    form = RoleRuleForm()
    if not form.validate_on_submit():
        raise form.refused()
    rule = dict(form.rule())
    if rule not in row.role_rules:
        raise Problem(
            404,
            _("There is no such rule"),
            _(
                "Someone else has changed this rule in the meantime, so your change was not saved. Open the "
                "rules again and retry."
            ),
        )
    return rule


def stored(row: LoginProvider, message: str) -> ResponseReturnValue:
    url = url_for("admin_providers.rules", provider_id=row.id)
    return redirect_or_json(url, message, provider_entry(db(), row))


@bp.post("/admin/identity-providers/<uuid:provider_id>/rules/test")
@admin_grant(SUPER_ADMIN)
@responds(ClaimsOutcome, form=ClaimsForm, refuses=(404, 422))
def test_claims(provider_id: UUID) -> ResponseReturnValue:
    """Which account and role a login with these claims would lead to. Nothing is stored."""
    row, form = provider_of(provider_id), ClaimsForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: rules_page(row, claims_form=form))
    try:
        found = claims_outcome(outcome_of(db(), row, pasted_identity(row, form.claims.data or "")), row)
    except InvalidPastedClaims as error:
        form.claims.errors = [str(error)]
        return refuse_form(form, lambda: rules_page(row, claims_form=form))
    page = "admin/identity_providers/rules.html"
    return show(found, page, provider=row, form=RoleRuleForm(formdata=None), claims_form=form, outcome=found)
