"""/admin/proxied-apps/ID/rules: add, change, move and remove the access rules of an app."""

from collections.abc import Callable
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.accounts import roles
from webapp.admin.views.permissions import admin_form, admin_grant
from webapp.admin.views.proxied_app_details import ChangedProxiedApp, rule_entry
from webapp.admin.views.proxied_app_forms import AccessRuleForm, filled_in_rule
from webapp.admin.views.proxied_apps.blueprint import app_of, app_to_change, bp, change_settings, rule_of
from webapp.admin.views.proxied_apps.changes import changed, saved, shown_effects
from webapp.core.translation import _
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import InvalidAppSettings, RuleSettings
from webapp.forward_auth.models import AccessRule, ProxiedApp
from webapp.forward_auth.replay import ChangeEffects
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import refuse_form
from webapp.web.transaction import db

RuleList = list[RuleSettings]


@bp.get("/admin/proxied-apps/<uuid:app_id>/rules")
@admin_form()
def new_rule(app_id: UUID) -> ResponseReturnValue:
    return rule_page(app_of(app_id), AccessRuleForm(formdata=None))


def rule_page(
    row: ProxiedApp, form: AccessRuleForm, rule: AccessRule | None = None, effects: ChangeEffects | None = None
) -> str:
    context = {"app": row, "form": form, "rule": rule, "roles": [role.name for role in roles.list_roles(db())]}
    return render_template("admin/proxied_apps/rule.html", **context, **shown_effects(effects))


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules")
@admin_grant()
@responds(ChangedProxiedApp, form=AccessRuleForm, refuses=(404, 409, 422))
def add_rule(principal: Principal, app_id: UUID) -> ResponseReturnValue:
    """Add a rule before all others, so that it applies where it matches. With `preview` nothing is saved."""
    row, form = app_to_change(app_id), AccessRuleForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: rule_page(row, form))
    return stored(row, principal, form, None, lambda rules: [form.settings(), *rules], _("The rule was added."))


@bp.get("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/edit")
@admin_form()
def edit_rule_form(app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    row = app_of(app_id)
    rule = rule_of(row, rule_id)
    return rule_page(row, filled_in_rule(lifecycle.rule_settings(rule)), rule)


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/edit")
@admin_grant()
@responds(ChangedProxiedApp, form=AccessRuleForm, refuses=(404, 409, 422))
def edit_rule(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Change a rule. It gets another `rule_id`. With `preview` nothing is saved."""
    row, form = app_to_change(app_id), AccessRuleForm()
    rule = rule_of(row, rule_id)
    if not form.validate_on_submit():
        return refuse_form(form, lambda: rule_page(row, form, rule))
    place = rule.position

    def edited(rules: RuleList) -> RuleList:
        return [*rules[:place], form.settings(), *rules[place + 1 :]]

    return stored(row, principal, form, rule, edited, _("The rule was changed."))


def stored(
    row: ProxiedApp,
    principal: Principal,
    form: AccessRuleForm,
    rule: AccessRule | None,
    change: Callable[[RuleList], RuleList],
    message: str,
) -> ResponseReturnValue:
    try:
        rules = change(list(lifecycle.settings_of(db(), row).rules))
        effects = change_settings(row, principal, is_preview=form.preview.data, rules=rules)
    except InvalidAppSettings as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: rule_page(row, form, rule))
    return changed(row, effects, form, message, lambda: rule_page(row, form, rule, effects))


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/up")
@admin_grant()
@responds(ChangedProxiedApp, refuses=(404, 409))
def move_rule_up(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Move a rule before the one above it. The first rule that matches applies."""
    return move(principal, app_id, rule_id, -1)


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/down")
@admin_grant()
@responds(ChangedProxiedApp, refuses=(404, 409))
def move_rule_down(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Move a rule behind the one below it."""
    return move(principal, app_id, rule_id, 1)


def move(principal: Principal, app_id: UUID, rule_id: UUID, by: int) -> ResponseReturnValue:
    row = app_to_change(app_id)
    place = rule_of(row, rule_id).position
    rules = list(lifecycle.settings_of(db(), row).rules)
    rules.insert(min(max(0, place + by), len(rules) - 1), rules.pop(place))
    return saved(row, change_settings(row, principal, rules=rules), _("The rule was moved."))


@bp.get("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/remove")
@admin_form()
def remove_rule_form(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    row = app_of(app_id)
    rule = rule_of(row, rule_id)
    found = rule_entry(row, rule, rule.position + 1)
    effects = without_rule(row, principal, rule, is_preview=True)
    return render_template("admin/proxied_apps/remove_rule.html", app=row, rule=found, **shown_effects(effects))


def without_rule(row: ProxiedApp, principal: Principal, rule: AccessRule, *, is_preview: bool) -> ChangeEffects:
    rules = list(lifecycle.settings_of(db(), row).rules)
    del rules[rule.position]
    try:
        return change_settings(row, principal, is_preview=is_preview, rules=rules)
    except InvalidAppSettings as error:
        raise Problem(409, _("The rule was not removed"), str(error)) from error


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/remove")
@admin_grant()
@responds(ChangedProxiedApp, refuses=(404, 409))
def remove_rule(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Remove a rule. Requests that it matched fall under the next one that matches, or are refused."""
    row = app_to_change(app_id)
    effects = without_rule(row, principal, rule_of(row, rule_id), is_preview=False)
    return saved(row, effects, _("The rule was removed."))
