"""/admin/proxied-apps/ID/rules: add, change, move and remove the access rules of an app."""

from collections.abc import Callable
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import roles
from webapp.admin.views.permissions import fill_in, grant
from webapp.admin.views.proxied_app_answers import ProxiedAppDetails, app_details, rule_entry
from webapp.admin.views.proxied_app_forms import AccessRuleForm, filled_in_rule
from webapp.admin.views.proxied_apps.blueprint import app_of, app_to_change, bp, change_settings, rule_of
from webapp.core.translation import _
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import AppUnfit, RuleSettings
from webapp.forward_auth.models import AccessRule, ProxiedApp
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

RuleList = list[RuleSettings]


@bp.get("/admin/proxied-apps/<uuid:app_id>/rules")
@fill_in()
def new_rule(app_id: UUID) -> ResponseReturnValue:
    return rule_page(app_of(app_id), AccessRuleForm(formdata=None))


def rule_page(row: ProxiedApp, form: AccessRuleForm, rule: AccessRule | None = None) -> str:
    names = [role.name for role in roles.every(db())]
    return render_template("admin/proxied_apps/rule.html", app=row, form=form, rule=rule, roles=names)


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules")
@grant()
@responds(ProxiedAppDetails, form=AccessRuleForm, refuses=(404, 409, 422))
def add_rule(principal: Principal, app_id: UUID) -> ResponseReturnValue:
    """Add a rule before all others, so that it applies where it matches."""
    row, form = app_to_change(app_id), AccessRuleForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: rule_page(row, form))
    return stored(row, principal, form, None, lambda rules: [form.settings(), *rules], _("The rule was added."))


@bp.get("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/edit")
@fill_in()
def edit_rule_form(app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    row = app_of(app_id)
    rule = rule_of(row, rule_id)
    return rule_page(row, filled_in_rule(lifecycle.rule_settings(rule)), rule)


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/edit")
@grant()
@responds(ProxiedAppDetails, form=AccessRuleForm, refuses=(404, 409, 422))
def edit_rule(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Change a rule. It gets another `rule_id`."""
    row, form = app_to_change(app_id), AccessRuleForm()
    rule = rule_of(row, rule_id)
    if not form.validate_on_submit():
        return refuse_form(form, lambda: rule_page(row, form, rule))
    place = rule.position

    def changed(rules: RuleList) -> RuleList:
        return [*rules[:place], form.settings(), *rules[place + 1 :]]

    return stored(row, principal, form, rule, changed, _("The rule was changed."))


def stored(
    row: ProxiedApp,
    principal: Principal,
    form: AccessRuleForm,
    rule: AccessRule | None,
    change: Callable[[RuleList], RuleList],
    message: str,
) -> ResponseReturnValue:
    try:
        change_settings(row, principal, rules=change(list(lifecycle.settings_of(db(), row).rules)))
    except AppUnfit as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: rule_page(row, form, rule))
    return done(row, message)


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/up")
@grant()
@responds(ProxiedAppDetails, refuses=(404, 409))
def move_rule_up(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Move a rule before the one above it. The first rule that matches applies."""
    return move(principal, app_id, rule_id, -1)


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/down")
@grant()
@responds(ProxiedAppDetails, refuses=(404, 409))
def move_rule_down(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Move a rule behind the one below it."""
    return move(principal, app_id, rule_id, 1)


def move(principal: Principal, app_id: UUID, rule_id: UUID, by: int) -> ResponseReturnValue:
    row = app_to_change(app_id)
    place = rule_of(row, rule_id).position
    rules = list(lifecycle.settings_of(db(), row).rules)
    rules.insert(min(max(0, place + by), len(rules) - 1), rules.pop(place))
    change_settings(row, principal, rules=rules)
    return done(row, _("The rule was moved."))


@bp.get("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/remove")
@fill_in()
def remove_rule_form(app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    row = app_of(app_id)
    rule = rule_of(row, rule_id)
    found = rule_entry(row, rule, rule.position + 1)
    return render_template("admin/proxied_apps/remove_rule.html", app=row, rule=found)


@bp.post("/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/remove")
@grant()
@responds(ProxiedAppDetails, refuses=(404, 409))
def remove_rule(principal: Principal, app_id: UUID, rule_id: UUID) -> ResponseReturnValue:
    """Remove a rule. Requests that it matched fall under the next one that matches, or are refused."""
    row = app_to_change(app_id)
    place = rule_of(row, rule_id).position
    rules = list(lifecycle.settings_of(db(), row).rules)
    try:
        change_settings(row, principal, rules=rules[:place] + rules[place + 1 :])
    except AppUnfit as error:
        raise Problem(409, _("The rule was not removed"), str(error)) from error
    return done(row, _("The rule was removed."))


def done(row: ProxiedApp, message: str) -> ResponseReturnValue:
    url = url_for("admin_proxied_apps.show", app_id=row.id)
    return redirect_or_json(url, message, app_details(db(), row))
