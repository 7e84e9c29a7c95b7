"""/admin/users/disable: disable several users at once."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import msgspec
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import admin_actions, roles, service_queries
from webapp.admin.forms import DisableUsersForm
from webapp.admin.user_details import summaries
from webapp.admin.views.error_responses import no_such_user, refusals
from webapp.admin.views.permissions import admin_change, admin_form
from webapp.admin.views.users.blueprint import admin_action, all_of, bp, locked_users
from webapp.admin.views.users.service_account_handover import hand_over_services, new_owner, refuse_unless_may_hand_over
from webapp.core.translation import _, _n
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

MAX_AT_ONCE = 100


class BulkDisableResult(msgspec.Struct, frozen=True):
    people: int
    sessions: int
    script_logins: int
    tokens: int


@bp.get("/admin/users/disable")
@admin_form()
@reads(lists=("ids",))
def disable_many_form(principal: Principal) -> ResponseReturnValue:
    chosen = [entry for entry in request.args.getlist("ids") if entry]
    form = DisableUsersForm(formdata=None, data={"ids": chosen})
    return many_page(principal, form) if chosen else redirect(url_for("admin_users.index"), 303)


@bp.post("/admin/users/disable")
@admin_change()
@responds(BulkDisableResult, form=DisableUsersForm, refuses=(403, 404, 409, 422))
def disable_many(principal: Principal) -> ResponseReturnValue:
    """Disable several users: all of them, or none.

    Their service accounts stop too, or are handed over to `services_to` or `services_to_role`, by a session only.
    """
    form = DisableUsersForm()
    if (refusal := refuse_unless_may_hand_over(principal, form)) is not None:
        return refusal
    if not form.validate_on_submit():
        return refuse_form(form, lambda: many_page(principal, form))
    action, found = admin_action(principal, form), locked_users(ids_of(form.ids.data or ()))
    owner = new_owner(form, found)
    if form.errors:
        return refuse_form(form, lambda: many_page(principal, form))
    with refusals():
        for user in found:
            hand_over_services(action, user, owner)
        ended = [action.disable(user) for user in found]
    totals = Counter[str]()
    for counts in ended:
        totals.update(counts.facts)
    answer = BulkDisableResult(people=len(found), **totals)
    return redirect_or_json(
        url_for("admin_users.index"),
        _n("%(num)s user is disabled.", "%(num)s users are disabled.", answer.people),
        answer,
    )


def many_page(principal: Principal, form: DisableUsersForm) -> str:
    found = all_of(ids_of(form.ids.data or ()))
    closures = {role.name: role.closure for role in roles.list_roles(db())}
    above_you = [user.username for user in found if not admin_actions.may_act_on(principal.roles, closures[user.role])]
    chosen = summaries(db(), found)
    return render_template(
        "admin/disable.html",
        people=chosen,
        services=service_queries.of_owners(db(), [user.id for user in found]),
        form=form,
        above=above_you,
        every_role=roles.lowest_first(db()),
    )


def ids_of(texts: Iterable[str]) -> list[UUID]:
    """Parse ids, each once, sorted."""
    try:
        user_ids = sorted({UUID(entry) for entry in texts})
    except ValueError as error:
        raise no_such_user() from error
    if len(user_ids) > MAX_AT_ONCE:
        detail = _("You can disable at most %(most)s at a time. Nothing was changed.", most=MAX_AT_ONCE)
        raise Problem(422, _("Too many users at once"), detail)
    return user_ids
