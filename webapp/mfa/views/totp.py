"""/account/security/totp: set up and remove an authenticator app."""

from typing import Any

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.audit.log import Event
from webapp.core.clock import now
from webapp.core.former_names import FormerNames, renamed
from webapp.core.translation import _, _l
from webapp.guard import Principal
from webapp.guard.assurance import Level, joined, level_of
from webapp.mfa import enrolment, factors, totp
from webapp.mfa.enrolment import EnrolmentOver
from webapp.mfa.forms import TotpForm
from webapp.mfa.totp import AlreadyEnrolled, WrongCode
from webapp.mfa.views.blueprint import SECURITY, bp, change, encryptor, login_methods, mfa_hooks, note_factor_change
from webapp.mfa.views.recovery_codes import url_after_enrolment
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show, wants_page
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


@renamed(begun="encrypted_seed")
class TotpOffer(FormerNames, frozen=True):
    """The secret for an authenticator app. It is stored only after its first code."""

    secret: str
    uri: str
    encrypted_seed: str
    """To be sent back with the code."""
    begun: str = ""
    """Former name of `encrypted_seed`."""


@bp.get("/account/security/totp")
@change
@responds(TotpOffer, refuses=(409,))
@reads("next")
def totp_form(principal: Principal) -> ResponseReturnValue:
    """A new secret for an authenticator app. Confirm it with its first code."""
    if totp.find(db(), principal.user_id) is not None:
        raise enrolled()
    form = TotpForm(formdata=None, data={"next": safe_path(request.args.get("next")) or ""})
    return totp_page(principal, form, totp.new_seed())


@bp.post("/account/security/totp")
@change
@responds(None, form=TotpForm, status=204, refuses=(409, 422, 429))
def enrol_totp(principal: Principal) -> ResponseReturnValue:
    """Confirm the authenticator app with a code. All other sessions and script logins end."""
    form = TotpForm()
    if not form.validate_on_submit():
        return form_again(principal, form)
    try:
        seed = enrolment.seed_of(encryptor(), principal.user_id, form.encrypted_seed.data or "", now())
        totp.enrol(db(), encryptor(), principal.user_id, seed, form.code.data or "")
    except EnrolmentOver:
        form.code.errors = [_("That took more than 15 minutes. Add the new secret to your app and try again.")]
        return form_again(principal, form)
    except WrongCode:
        form.code.errors = [_("This code is not correct. Check the clock of your phone and enter the next code.")]
        return form_again(principal, form, seed)
    except AlreadyEnrolled as error:
        raise enrolled() from error
    # A code adds nothing to a session that has two factors already, and must not replace a passkey that it has proven.
    is_better = level_of(principal.amr) is Level.ONE
    kept_session_id = (
        mfa_hooks().reauthenticate(principal, joined(principal.amr, "otp")) if is_better else principal.credential_id
    )
    note_factor_change(
        principal, Event.FACTOR_ADDED, _l("An authenticator app was added."), keep=kept_session_id, kind="totp"
    )
    message = _("Your authenticator app is set up. You need its code at each login.")
    return redirect_or_json(url_after_enrolment(principal, safe_path(form.next.data)), message)


@bp.get("/account/security/totp/remove")
@change
def remove_totp_form(principal: Principal) -> ResponseReturnValue:
    if totp.find(db(), principal.user_id) is None:
        raise none_there()
    return render_template("mfa/remove_totp.html", why=login_methods(principal).why_keep_totp())


@bp.post("/account/security/totp/remove")
@change
@responds(None, status=204, refuses=(404, 409))
def remove_totp(principal: Principal) -> ResponseReturnValue:
    """Remove the authenticator app. All other sessions and script logins end."""
    # Locked, so that the app and the last passkey cannot be removed at the same moment.
    mfa_hooks().lock(db(), principal.user_id)
    if why := login_methods(principal).why_keep_totp():
        raise Problem(409, _("This can't be removed"), why)
    if not totp.remove(db(), principal.user_id):
        raise none_there()
    factors.remove_stranded_codes(db(), principal.user_id)
    note_factor_change(principal, Event.FACTOR_REMOVED, _l("Your authenticator app was removed."), kind="totp")
    return redirect_or_json(url_for(SECURITY), _("Your authenticator app was removed. Its codes no longer work."))


def form_again(principal: Principal, form: TotpForm, seed: str | None = None) -> ResponseReturnValue:
    return refuse_form(form, lambda: totp_page(principal, form, seed or totp.new_seed()))


def totp_page(principal: Principal, form: TotpForm, seed: str) -> Response:
    uri = totp.uri(seed, username=principal.username, site_name=current_app.config["SITE_NAME"])
    sealed_seed = enrolment.begin(encryptor(), principal.user_id, seed, now())
    form.encrypted_seed.data = sealed_seed
    side, path = enrolment.qr_code(uri) if wants_page() else (0, "")
    facts: dict[str, Any] = {"form": form, "secret": totp.in_groups(seed), "uri": uri, "side": side, "path": path}
    answer = show(TotpOffer(seed, uri, sealed_seed), "mfa/totp.html", **facts)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def enrolled() -> Problem:
    return Problem(409, _("You already have an authenticator app"), _("Remove it before you set up another one."))


def none_there() -> Problem:
    return Problem(404, _("You have no authenticator app"), _("It was already removed or never set up."))
