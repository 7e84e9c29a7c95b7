"""/account/security/passkeys: add, rename and remove passkeys."""

import logging
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.audit.log import Event, record
from webapp.core.translation import _, _l
from webapp.guard import Principal
from webapp.guard.assurance import joined
from webapp.guard.require import public_to_scripts
from webapp.mfa import factors, passkeys, webauthn_ceremonies
from webapp.mfa.factor_list import PasskeyEntry, passkey_entry
from webapp.mfa.forms import NewPasskeyForm, PasskeyNameForm
from webapp.mfa.models import Passkey
from webapp.mfa.passkeys import AlreadyKnown
from webapp.mfa.relying_party import RelyingParty
from webapp.mfa.views import challenge_cookie
from webapp.mfa.views.blueprint import SECURITY, bp, change, login_methods, mfa_hooks, note_factor_change
from webapp.mfa.views.passkey_options import PasskeyOptions, RelatedOrigins, party
from webapp.mfa.views.recovery_codes import url_after_enrolment
from webapp.mfa.webauthn_ceremonies import CeremonyRefused, VerifiedAssertion
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

log = logging.getLogger(__name__)

PURPOSE = "register"
ORIGINS_KEPT = 300
"""Seconds for which others may keep the related origins."""
NOT_MADE = _l("The passkey could not be added. Try again and confirm with fingerprint, face or PIN.")


@bp.get("/.well-known/webauthn")
@public_to_scripts
@responds(RelatedOrigins, refuses=(404,))
def related_origins() -> ResponseReturnValue:
    """The origin whose pages may use the passkeys of this host name.

    Browsers fetch it from the former host name of a site that has moved.
    """
    response = as_json(RelatedOrigins([party().origin]))
    response.headers["Cache-Control"] = f"public, max-age={ORIGINS_KEPT}"
    return response


@bp.get("/account/security/passkeys/new")
@change
@reads("next")
def new_passkey(principal: Principal) -> ResponseReturnValue:  # noqa: ARG001 - judged before
    form = NewPasskeyForm(formdata=None, data={"next": safe_path(request.args.get("next")) or ""})
    return new_passkey_page(form)


@bp.get("/account/security/passkeys/options")
@change
@responds(PasskeyOptions, refuses=(404,))
def new_passkey_options(principal: Principal) -> ResponseReturnValue:
    """WebAuthn options for a new passkey. The answer is posted to `/account/security/passkeys/new`."""
    options = webauthn_ceremonies.creation_options(
        party(),
        challenge_cookie.create(PURPOSE),
        user_id=principal.user_id,
        username=principal.username,
        known_passkeys=passkeys.for_options(db(), principal.user_id),
    )
    return as_json(PasskeyOptions(options))


@bp.post("/account/security/passkeys/new")
@change
@responds(PasskeyEntry, form=NewPasskeyForm, status=201, refuses=(404, 409, 422))
def add_passkey(principal: Principal) -> ResponseReturnValue:
    """Add a passkey that the browser has created. All other sessions and script logins end."""
    form = NewPasskeyForm()
    if not form.validate_on_submit():
        return form_again(form)
    try:
        answer = form.response.data or ""
        registered = webauthn_ceremonies.registered(
            party(), challenge_cookie.spend(PURPOSE, webauthn_ceremonies.challenge_of(answer)), answer
        )
        passkey = passkeys.add(db(), principal.user_id, registered)
    except CeremonyRefused as error:
        log.info("passkey refused", extra={"fields": {"reason": str(error)}})
        form.response.errors = [NOT_MADE]
        return form_again(form)
    except AlreadyKnown as error:
        raise Problem(409, _("This passkey is already registered"), _("Nothing was changed.")) from error
    kept_session_id = mfa_hooks().reauthenticate(
        principal, joined(principal.amr, VerifiedAssertion(0, is_synced=registered.is_synced).amr)
    )
    sentence = _l("A passkey was added: %(name)s.", name=passkey.name)
    note_factor_change(principal, Event.FACTOR_ADDED, sentence, keep=kept_session_id, kind="passkey", name=passkey.name)
    location = url_for("factors.rename_passkey_form", passkey_id=passkey.id)
    # Then the name page, because right now the user knows which device it is.
    target = url_after_enrolment(principal, safe_path(form.next.data) or location)
    message = _("%(name)s was added. You can log in with it now.", name=passkey.name)
    response = redirect_or_json(target, message, passkey_entry(passkey), status=201)
    response.headers.setdefault("Location", location)
    return response


@bp.get("/account/security/passkeys/<uuid:passkey_id>")
@change
def rename_passkey_form(principal: Principal, passkey_id: UUID) -> ResponseReturnValue:
    passkey = own_passkey(principal, passkey_id)
    return name_page(passkey, PasskeyNameForm(formdata=None, data={"name": passkey.name}))


@bp.post("/account/security/passkeys/<uuid:passkey_id>")
@change
@responds(PasskeyEntry, form=PasskeyNameForm, refuses=(404, 422))
def rename_passkey(principal: Principal, passkey_id: UUID) -> ResponseReturnValue:
    """Rename a passkey."""
    passkey, form = own_passkey(principal, passkey_id), PasskeyNameForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: name_page(passkey, form))
    former, passkey.name = passkey.name, passkeys.checked_name(form.name.data or "")
    if former != passkey.name:
        record(db(), Event.FACTOR_RENAMED, user_id=principal.user_id, former=former, name=passkey.name)
    return redirect_or_json(
        url_for(SECURITY), _("The passkey is now called %(name)s.", name=passkey.name), passkey_entry(passkey)
    )


@bp.get("/account/security/passkeys/<uuid:passkey_id>/remove")
@change
def remove_passkey_form(principal: Principal, passkey_id: UUID) -> ResponseReturnValue:
    passkey = own_passkey(principal, passkey_id)
    return render_template(
        "mfa/remove_passkey.html", passkey=passkey_entry(passkey), why=login_methods(principal).why_keep_passkey()
    )


@bp.post("/account/security/passkeys/<uuid:passkey_id>/remove")
@change
@responds(None, status=204, refuses=(404, 409))
def remove_passkey(principal: Principal, passkey_id: UUID) -> ResponseReturnValue:
    """Remove a passkey, unless it is the last login method. All other sessions and script logins end."""
    # Locked, so that the last two cannot be removed at the same moment.
    mfa_hooks().lock(db(), principal.user_id)
    passkey = own_passkey(principal, passkey_id)
    if why := login_methods(principal).why_keep_passkey():
        raise Problem(409, _("This can't be removed"), why)
    passkeys.remove(db(), passkey)
    factors.remove_stranded_codes(db(), principal.user_id)
    sentence = _l("A passkey was removed: %(name)s.", name=passkey.name)
    note_factor_change(principal, Event.FACTOR_REMOVED, sentence, kind="passkey", name=passkey.name)
    message = _("%(name)s was removed. Your device may still list it, but it no longer works here.", name=passkey.name)
    return redirect_or_json(url_for(SECURITY), message)


def own_passkey(principal: Principal, passkey_id: UUID) -> Passkey:
    found = passkeys.find(db(), principal.user_id, passkey_id)
    if found is None:
        raise Problem(404, _("Passkey not found"), _("It was removed or is not yours."))
    return found


def form_again(form: Form) -> ResponseReturnValue:
    return refuse_form(form, lambda: new_passkey_page(form))


def new_passkey_page(form: Form) -> str:
    has_passkeys = service(RelyingParty | None) is not None
    return render_template("mfa/new_passkey.html", form=form, has_passkeys=has_passkeys)


def name_page(passkey: Passkey, form: Form) -> str:
    return render_template("mfa/passkey.html", passkey=passkey_entry(passkey), form=form)
