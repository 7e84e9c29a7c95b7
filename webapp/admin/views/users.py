"""/admin/users: who is here, and what can be done for them."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import browsing, care, roles
from webapp.accounts.browsing import Wanted
from webapp.accounts.care import Actor, Care
from webapp.accounts.models import User
from webapp.admin.forms import ChangeRoleForm, DeleteUserForm, DisableUsersForm, ReasonForm
from webapp.admin.people import People, Person, PersonDetails, details, people
from webapp.admin.views.doors import change, read
from webapp.admin.views.refusals import above, nobody, refusals
from webapp.guard import Principal
from webapp.guard.reach import reach
from webapp.guard.routes import guarded
from webapp.kernel.clock import now
from webapp.web.contract import answers
from webapp.web.form import Form
from webapp.web.negotiation import as_json, show, wants_page
from webapp.web.problems import Problem
from webapp.web.query import asked
from webapp.web.transaction import db

bp = Blueprint("admin_users", __name__)

MOST_AT_ONCE = 100
ACTS = ("disable", "enable", "end-sessions", "role", "delete")


class UserQuery(msgspec.Struct, frozen=True):
    q: Annotated[
        str,
        msgspec.Meta(max_length=320, pattern=r"^[^\x00]*$", description="What the name or e-mail address begins with."),
    ] = ""
    role: Annotated[str, msgspec.Meta(max_length=20, pattern="^[a-z0-9_]*$", description="Only who has this one.")] = ""
    view: Annotated[
        Literal["", "never", "dormant", "disabled", "tokens"],
        msgspec.Meta(description="Who never logged in, not for 90 days, is disabled, or has live tokens."),
    ] = ""
    sort: Annotated[
        Literal["name", "created", "seen"], msgspec.Meta(description="By name, or the latest to come or to log in.")
    ] = "name"
    after: Annotated[UUID | msgspec.UnsetType, msgspec.Meta(description="The last of the page before, as it said.")] = (
        msgspec.UNSET
    )


class Disabled(msgspec.Struct, frozen=True):
    people: int
    sessions: int
    tokens: int


@bp.get("/admin/users")
@read()
@answers(People, query=UserQuery)
def index() -> ResponseReturnValue:
    """Everybody with an account, by pages."""
    wanted = asked(UserQuery)
    found = browsing.page(
        db(),
        Wanted(begins=wanted.q, role=wanted.role, view=wanted.view, sort=wanted.sort, after=wanted.after or None),
    )
    answer = People(people(db(), found.users), found.users[-1].id if found.has_more else None)
    if not wants_page():
        return as_json(answer)
    return Response(
        render_template(
            "admin/users.html",
            people=answer.people,
            wanted=wanted,
            counts=browsing.counts(db()),
            roles=[role.name for role in roles.every(db())],
            next_href=url_for("admin_users.index", **(query_of(wanted) | {"after": answer.after}))
            if answer.after
            else None,
            first_href=url_for("admin_users.index", **query_of(wanted)) if wanted.after else None,
        )
    )


def query_of(wanted: UserQuery) -> dict[str, Any]:
    """What the address says, but for the page."""
    sort = wanted.sort if wanted.sort != "name" else None
    return {"q": wanted.q or None, "role": wanted.role or None, "view": wanted.view or None, "sort": sort}


@bp.get("/admin/users/<uuid:user_id>", endpoint="show")
@read()
@answers(PersonDetails)
def person(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """One user: what they can reach and why, where they are logged in, their tokens, what happened."""
    found = described(principal, user_of(user_id))
    return show(found, "admin/user.html", person=found)


def described(principal: Principal, user: User) -> PersonDetails:
    closure = roles.included_in(db(), user.role)
    reached = reach(guarded(current_app), user.role, closure, at=now())
    return details(db(), user, principal.roles, reached)


@bp.get("/admin/users/<uuid:user_id>/<act>")
@change(scope="admin:read")
def act_form(principal: Principal, user_id: UUID, act: str) -> ResponseReturnValue:
    if act not in ACTS:
        abort(404)
    forms = {"role": ChangeRoleForm, "delete": DeleteUserForm}
    form = forms.get(act, ReasonForm)(formdata=None, data={"reason": request.args.get("reason", "")})
    return act_page(principal, user_of(user_id), act, form)


def act_page(principal: Principal, user: User, act: str, form: Form, *, status: int = 200) -> Response:
    if not care.may_act_on(principal.roles, roles.included_in(db(), user.role)):
        raise above(user.username)
    page = render_template(
        "admin/act.html",
        user=user,
        act=act,
        form=form,
        ends=care.live_of(db(), user.id),
        roles=[role for role in roles.every(db()) if care.may_grant(principal.roles, role.closure)],
    )
    return Response(page, status)


@bp.post("/admin/users/<uuid:user_id>/disable")
@change()
@answers(Person, form=ReasonForm, refuses=(409, 422))
def disable(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """End all sessions and tokens of a user at once, and let them begin no new ones."""
    return done(principal, user_id, "disable", ReasonForm())


@bp.post("/admin/users/<uuid:user_id>/enable")
@change()
@answers(Person, form=ReasonForm, refuses=(409, 422))
def enable(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Let a disabled user log in again; what was ended stays ended."""
    return done(principal, user_id, "enable", ReasonForm())


@bp.post("/admin/users/<uuid:user_id>/end-sessions")
@change()
@answers(Person, form=ReasonForm, refuses=(409, 422))
def end_sessions(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Log a user out everywhere; their tokens stay."""
    return done(principal, user_id, "end-sessions", ReasonForm())


@bp.post("/admin/users/<uuid:user_id>/role")
@change()
@answers(Person, form=ChangeRoleForm, refuses=(409, 422))
def change_role(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Give a user another role; it counts from their next request on."""
    return done(principal, user_id, "role", ChangeRoleForm())


@bp.post("/admin/users/<uuid:user_id>/delete")
@change()
@answers(None, form=DeleteUserForm, status=204, refuses=(409, 422))
def delete(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Delete a user and all that is theirs, for good; `username` repeats their name."""
    return done(principal, user_id, "delete", DeleteUserForm())


def done(principal: Principal, user_id: UUID, act: str, form: Form) -> ResponseReturnValue:
    user = user_of(user_id, for_update=True)
    if not form.validate_on_submit() or not fits(form, user):
        return refused(principal, user, act, form)
    words = {
        "disable": f"{user.username} is disabled. Their next request is refused.",
        "enable": f"{user.username} may log in again.",
        "end-sessions": f"{user.username} is logged out everywhere.",
        "role": f"{user.username} has another role, from their next request on.",
        "delete": f"{user.username} is deleted.",
    }
    with refusals():
        perform(caring(principal, form), user, act, form)
    if act == "delete":
        if not wants_page():
            return Response(status=204)
        flash(words[act], "ok")
        return redirect(url_for("admin_users.index"), 303)
    if not wants_page():
        return as_json(people(db(), [user])[0])
    flash(words[act], "ok")
    # Whoever disabled themselves has nothing to come back to: the guard sends them to the login.
    return redirect(url_for("admin_users.show", user_id=user.id), 303)


def perform(carer: Care, user: User, act: str, form: Form) -> None:
    match act:
        case "disable":
            carer.disable(user)
        case "enable":
            carer.enable(user)
        case "end-sessions":
            carer.end_sessions(user)
        case "role":
            carer.change_role(user, form["role"].data or "")
        case "delete":
            carer.delete(user)


def fits(form: Form, user: User) -> bool:
    if isinstance(form, DeleteUserForm) and form.username.data != user.username:
        form.username.errors = ["That is not their name, letter for letter."]
    if isinstance(form, ChangeRoleForm) and roles.find(db(), form.role.data or "") is None:
        form.role.errors = ["There is no such role."]
    return not form.errors


def refused(principal: Principal, user: User, act: str, form: Form) -> ResponseReturnValue:
    if not wants_page():
        raise form.refused()
    return act_page(principal, user, act, form, status=422)


@bp.get("/admin/users/disable")
@change(scope="admin:read")
def disable_many_form(principal: Principal) -> ResponseReturnValue:
    chosen = [entry for entry in request.args.getlist("ids") if entry]
    form = DisableUsersForm(formdata=None, data={"ids": chosen})
    return many_page(principal, form) if chosen else redirect(url_for("admin_users.index"), 303)


@bp.post("/admin/users/disable")
@change()
@answers(Disabled, form=DisableUsersForm, refuses=(404, 409, 422))
def disable_many(principal: Principal) -> ResponseReturnValue:
    """Disable several users at once: all of them, or none."""
    form = DisableUsersForm()
    if not form.validate_on_submit():
        if not wants_page():
            raise form.refused()
        return many_page(principal, form, status=422)
    carer, found = caring(principal, form), users_of(form.ids.data or (), for_update=True)
    with refusals():
        ended = [carer.disable(user) for user in found]
    answer = Disabled(len(found), sum(e.sessions for e in ended), sum(e.tokens for e in ended))
    if not wants_page():
        return as_json(answer)
    flash(f"{answer.people} people are disabled." if answer.people != 1 else "One person is disabled.", "ok")
    return redirect(url_for("admin_users.index"), 303)


def many_page(principal: Principal, form: DisableUsersForm, *, status: int = 200) -> Response:
    found = users_of(form.ids.data or ())
    above_you = [u.username for u in found if not care.may_act_on(principal.roles, roles.included_in(db(), u.role))]
    chosen = people(db(), found)
    return Response(render_template("admin/disable.html", people=chosen, form=form, above=above_you), status)


def users_of(ids: Any, *, for_update: bool = False) -> list[User]:
    """In one order for everybody, so that two who disable the same people do not wait for each other."""
    try:
        wanted = sorted({UUID(entry) for entry in ids})
    except ValueError as error:
        raise nobody() from error
    if len(wanted) > MOST_AT_ONCE:
        raise Problem(422, "Too many at once", f"At most {MOST_AT_ONCE}. Nothing was changed.")
    return [user_of(user_id, for_update=for_update) for user_id in wanted]


def user_of(user_id: UUID, *, for_update: bool = False) -> User:
    found = browsing.by_id(db(), user_id, for_update=for_update)
    if found is None:
        raise nobody()
    return found


def caring(principal: Principal, form: Form) -> Care:
    actor = Actor(principal.user_id, principal.username, principal.roles)
    return Care(db(), current_app.extensions["post"], actor, (form["reason"].data or "").strip())
