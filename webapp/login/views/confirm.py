"""/confirm: re-authentication (step-up) before sensitive actions."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.core.translation import _
from webapp.guard import Principal, form_state, require
from webapp.guard.assurance import BY_ACR, Level, joined
from webapp.login.flow import AMR, PasswordAccepted, Throttled
from webapp.login.forms import ConfirmForm
from webapp.login.step_up_methods import StepUpMethods, offered, step_up_level
from webapp.login.views.blueprint import attempt, bp, flow, reauthenticate, unchanged
from webapp.login.views.hooks import ConfirmMethod, ConfirmWaysOf
from webapp.login.views.login_errors import throttled
from webapp.login.views.proof_forms import by_code, by_passkey
from webapp.mfa import factors, passkeys
from webapp.mfa.views.blueprint import mfa_hooks
from webapp.mfa.views.passkey_options import PasskeyOptions, RpIdQuery, request_options, rp_ids
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import wants_page
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.registry import service
from webapp.web.responses import refuse_form
from webapp.web.transaction import database

MINUTES = 10
DECLINED = "&declined=acr"
"""End of the URL of a page that only prefers a level, for users who go on without it."""
PURPOSE = "confirm"


@bp.get("/confirm")
@require(session=True, spares_level=True, spares_closed=True)
@reads("next", "acr", "anew", "optional")
def confirm_form(principal: Principal) -> ResponseReturnValue:
    required, target = required_level(), safe_path(request.args.get("next"))
    if not methods_of(principal, required).anything:
        return redirect(url_for("factors.needed", next=target, acr=required.acr), 303)
    return confirm_page(target, required=required, otherwise=without_level(target))


def required_level() -> Level:
    return BY_ACR.get(request.args.get("acr", ""), Level.ONE)


def without_level(target: str | None) -> str | None:
    """Path of a page for users who go on without the level; None where it is not only preferred."""
    return f"{target}{DECLINED}" if "optional" in request.args and target and "?" in target else None


@bp.get("/confirm/passkey")
@require(session=True, spares_level=True, spares_closed=True)
@responds(PasskeyOptions, query=RpIdQuery, refuses=(404,))
def confirm_options(principal: Principal) -> ResponseReturnValue:
    """WebAuthn options for the caller's passkeys."""
    with database().read() as db:
        return request_options(PURPOSE, passkeys.for_options(db, principal.user_id))


@bp.post("/confirm")
@require(session=True, spares_level=True, spares_closed=True)
@responds(None, form=ConfirmForm, status=204, refuses=(422, 429))
@reads("anew", "acr", "optional")
def confirm(principal: Principal) -> ResponseReturnValue:
    """Re-authenticate, for a page that requires a more recent or stronger authentication."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return form_again(form)
    user = of_id(principal.user_id)
    try:
        amr = proof(principal, form, user)
    except Problem as problem:
        return form_again(form, problem)
    if amr is None:
        return form_again(form)
    unchanged(user)
    reauthenticate(principal, amr)
    if not wants_page():
        return Response(status=204)
    return onward(safe_path(form.next.data), form_state.parse(form.form_state.data))


def proof(principal: Principal, form: ConfirmForm, user: User) -> str | None:
    """The methods (RFC 8176) that were just verified; None if the form has errors."""
    way = methods_of(principal)
    if form.response.data:
        proven = by_passkey(form.response, PURPOSE, owner=user.id)
        return proven.amr if proven else None
    if form.code.data and way.code:
        proven = by_code(form.code, user)
        return joined(principal.amr, proven.amr) if proven else None
    if not way.password:
        message = _("Your password is not enough here.") if form.password.data else _("Enter the code.")
        form.code.errors = [message if way.code else _("A passkey is required here.")]
        return None
    return AMR if is_password_right(form, user) else None


def is_password_right(form: ConfirmForm, user: User) -> bool:
    if not form.password.data:
        form.password.errors = [_("Enter your password.")]
        return False
    outcome = flow().begin(attempt(user.username, form.password.data))
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if not isinstance(outcome, PasswordAccepted):
        form.password.errors = [_("Wrong password. Try again.")]
        return False
    return True


def methods_of(principal: Principal, required: Level = Level.ONE) -> StepUpMethods:
    by_provider = bool(provider_ways(principal, required))
    with database().read() as db:
        has_password = mfa_hooks().has_password(db, principal.user_id)
        found = factors.of(db, principal.user_id)
    return offered(found, principal.amr, required, has_password=has_password, by_provider=by_provider)


def provider_ways(principal: Principal, required: Level = Level.ONE) -> Sequence[ConfirmMethod]:
    with database().read() as db:
        found = factors.of(db, principal.user_id)
    return service(ConfirmWaysOf)(principal.user_id, step_up_level(found, principal.amr, required))


def step_up_methods(required: Level = Level.ONE) -> StepUpMethods:
    """Methods for step-up; also for the page that the guard shows."""
    found: Principal = current_user
    return methods_of(found, required)


def providers_to_confirm(required: Level = Level.ONE) -> Sequence[ConfirmMethod]:
    """The identity providers among these methods, for the page."""
    found: Principal = current_user
    return provider_ways(found, required)


def confirm_methods(principal: Principal, level: Level) -> list[str]:
    """The ways to confirm, for scripts: names of ``guard.unauthenticated.METHODS``."""
    with database().read() as db:
        found = factors.of(db, principal.user_id)
    way = methods_of(principal, level)
    availability = {
        "passkey": way.passkey,
        "totp": way.code and found.has_totp,
        "recovery_code": way.code and found.codes > 0,
        "password": way.password,
        "provider": way.provider,
    }
    return [name for name, is_there in availability.items() if is_there]


def passkey_hosts() -> list[str]:
    """The RP IDs of the caller's passkeys, for the page."""
    found: Principal = current_user
    with database().read() as db:
        return rp_ids(passkeys.for_options(db, found.user_id))


def onward(target: str | None, fields: form_state.Fields | None) -> ResponseReturnValue:
    if target is None or fields is None:
        return redirect(target or url_for("dashboard.show"), 303)
    # The user sends the form again: a redirect that repeats the POST would repeat the password with it.
    return render_template("login/resume.html", target=target, fields=fields)


def form_again(form: ConfirmForm, problem: Problem | None = None) -> ResponseReturnValue:
    error_text = problem.detail if problem else " ".join(str(e) for errors in form.errors.values() for e in errors)
    target = safe_path(form.next.data)

    def page() -> str:
        # The saved form is kept even after a 429.
        return confirm_page(
            target, form.form_state.data, error_text, required=required_level(), otherwise=without_level(target)
        )

    response = refuse_form(form, page, problem=problem)
    if problem is not None:
        response.status_code = problem.status
        response.headers.update(problem.headers)
    return response


def confirm_page(
    target: str | None,
    form_data: str | None = None,
    error: str | None = None,
    *,
    required: Level = Level.ONE,
    otherwise: str | None = None,
) -> str:
    """Render the step-up page, with the form that is saved inside it.

    Args:
        otherwise: path of a page for users who go on without the required level, where it is only preferred.
    """
    facts = {"target": target, "form_state": form_data, "error": error, "minutes": MINUTES, "required": required}
    facts["otherwise"] = otherwise
    return render_template("login/confirm.html", **facts)


def of_id(user_id: UUID) -> User:
    """The user, read in a transaction of its own."""
    # Not in a write transaction, because a hash follows.
    with database().read() as db:
        user = user_queries.by_id(db, user_id)
    if user is None:
        raise Problem(404, _("Account not found"))
    return user
