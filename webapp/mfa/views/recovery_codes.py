"""/account/security/recovery-codes: create recovery codes."""

import msgspec
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.audit.log import Event
from webapp.core.clock import now
from webapp.core.translation import _, _l
from webapp.guard import Principal
from webapp.mfa import factors, recovery_codes
from webapp.mfa.factor_list import RecoveryCodesLeft, left
from webapp.mfa.forms import OnwardForm
from webapp.mfa.views.blueprint import SECURITY, bp, change, note_factor_change
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.transaction import db


class NewRecoveryCodes(msgspec.Struct, frozen=True):
    """The only response that contains the codes."""

    codes: list[str]


@bp.get("/account/security/recovery-codes")
@change
@responds(RecoveryCodesLeft)
@reads("next")
def recovery_codes_form(principal: Principal) -> ResponseReturnValue:
    """How many unused recovery codes the caller has."""
    found = left(db(), principal.user_id)
    form = OnwardForm(formdata=None, data={"next": safe_path(request.args.get("next")) or ""})
    has_second = factors.of(db(), principal.user_id).has_second
    return show(found, "mfa/recovery_codes.html", sheet=found, form=form, has_second=has_second)


@bp.post("/account/security/recovery-codes")
@change
@responds(NewRecoveryCodes, form=OnwardForm, status=201, refuses=(409,))
def make_recovery_codes(principal: Principal) -> ResponseReturnValue:
    """Create ten recovery codes. Only this response contains them; earlier ones stop working."""
    form = OnwardForm()
    if not form.validate_on_submit():
        raise form.refused()
    if not factors.of(db(), principal.user_id).has_second:
        raise Problem(409, _("You have no second factor yet"), _("Set up an authenticator app or a passkey first."))
    codes = recovery_codes.create(db(), principal.user_id)
    note_factor_change(
        principal, Event.RECOVERY_CODES_MADE, _l("New recovery codes were created. The old ones no longer work.")
    )
    # No redirect, because the codes are shown only in this response.
    onward = safe_path(form.next.data)
    answer = show(
        NewRecoveryCodes(codes), "mfa/new_recovery_codes.html", status=201, codes=codes, made_at=now(), onward=onward
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Location"] = url_for("factors.recovery_codes_form")
    return answer


def url_after_enrolment(principal: Principal, target: str | None) -> str:
    """The URL to continue at after a second factor was added: the recovery codes, if the user has none yet."""
    if not recovery_codes.remaining(db(), principal.user_id).left:
        return url_for("factors.recovery_codes_form", next=target)
    return target or url_for(SECURITY)


@bp.get("/account/security/second-factor")
@change
@reads("next", "acr")
def needed(principal: Principal) -> ResponseReturnValue:
    """The page for users who must set up a second factor before they continue."""
    found = factors.of(db(), principal.user_id)
    target = safe_path(request.args.get("next"))
    return render_template("mfa/second_factor_required.html", factors=found, target=target, acr=request.args.get("acr"))
