"""/login/with/<provider>/confirm: confirm an identity by logging in with a provider again (step-up)."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.core.translation import _
from webapp.credentials import sids
from webapp.federation import linking, provider_sessions
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.forms import ConfirmWithProviderForm
from webapp.federation.models import LoginProvider
from webapp.federation.pending_requests import PendingRequest
from webapp.federation.provider_assurance import amr_of
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.providers import ProviderEncryptor
from webapp.federation.views.blueprint import bp, provider_named
from webapp.federation.views.failures import record_failure
from webapp.federation.views.identities import begun_by_another
from webapp.federation.views.start import leave_for
from webapp.guard import Principal, form_state, require, saved_form
from webapp.guard.assurance import level_of
from webapp.login.step_up_methods import step_up_level
from webapp.login.views.blueprint import reauthenticate
from webapp.mfa import factors
from webapp.web.known_fields import reads
from webapp.web.problems import Action, Problem
from webapp.web.redirects import safe_path
from webapp.web.registry import service
from webapp.web.transaction import database, db, writable


@bp.get("/login/with/<slug>/confirm")
@require(session=True, spares_level=True, spares_closed=True)
@reads("next")
def confirm(slug: str, principal: Principal) -> ResponseReturnValue:
    """Log in with a linked provider again: redirects there."""
    row, target = provider_named(slug), safe_path(request.args.get("next")) or ""
    return leave_for(linked(row, principal), "confirm", target, user=principal.user_id.hex)


@bp.post("/login/with/<slug>/confirm")
@require(session=True, spares_level=True, spares_closed=True)
@reads(form=ConfirmWithProviderForm)
def keep_and_confirm(slug: str, principal: Principal) -> ResponseReturnValue:
    """Keep a form that waits for the confirmation, and lead on: the form action may not redirect to other sites."""
    form = ConfirmWithProviderForm()
    form.refuse_wrong_types()
    row, target = linked(provider_named(slug), principal), safe_path(form.next.data)
    form_data = form.form_state.data or ""
    if target and form_state.parse(form_data):
        saved_form.store(principal.user_id, target, form_data)
        target = url_for("login.resume")
    url = url_for("federation.confirm", slug=row.slug, next=target)
    return render_template("login/external_redirect.html", site=row.name, url=url)


def linked(row: LoginProvider, principal: Principal) -> LoginProvider:
    """Check that the user can confirm who they are with a provider; returns its row.

    Raises:
        Problem: 404 if the user has no identity of the provider, or its protocol cannot confirm.
    """
    with database().read() as reading:
        is_linked = row.id in {link.provider_id for link in linking.of_user(reading, principal.user_id)}
    if not is_linked or row.kind != "oidc":
        raise Problem(404, _("You cannot confirm with %(provider)s", provider=row.name), actions=(retry_action(""),))
    return row


def confirmed(row: LoginProvider, identity: ProviderIdentity, pending_request: PendingRequest) -> ResponseReturnValue:
    """The user comes back, and has logged in there again: the session here gets a new proof.

    Raises:
        Problem: 403 if it is another user or another account, or not enough for this user.
    """
    principal: Principal = current_user
    if (
        not principal.is_authenticated
        or principal.credential != "session"
        or principal.user_id.hex != pending_request.user
    ):
        raise begun_by_another()
    with database().read() as reading:
        link, found = linking.find(reading, row, identity), factors.of(reading, principal.user_id)
    if link is None or link.user_id != principal.user_id:
        raise another_account(row, pending_request.next)
    amr = amr_of(row, identity)
    if level_of(amr) < step_up_level(found, principal.amr):
        raise not_enough(row, pending_request.next)
    writable()
    renew_provider_session(db(), row, principal, identity)
    reauthenticate(principal, amr)
    return redirect(pending_request.next or url_for("dashboard.show"), 303)


def renew_provider_session(
    db: Session, provider: LoginProvider, principal: Principal, identity: ProviderIdentity
) -> None:
    """The session here came from the provider, which may have begun another one now."""
    sid = sids.sid_of(db, principal.credential_id)
    row = provider_sessions.of_session(db, sid) if sid is not None else None
    if row is not None and (row.issuer, row.subject) == (identity.issuer, identity.subject):
        provider_sessions.update_tokens(row, provider, identity, service(ProviderEncryptor))


def not_confirmed(row: LoginProvider, error: LoginFailed, target: str) -> Problem:
    """The problem for a confirmation that failed."""
    problem = record_failure(row, error, target)
    if error.check is not Check.AUTHENTICATION_TIME:
        return problem
    return Problem(
        403,
        _("%(provider)s did not ask you to log in again", provider=row.name),
        _("So it does not count as a confirmation. Log out here and log in again, or confirm in another way."),
        actions=(retry_action(target), Action(_("Log out"), url_for("login.leave"))),
    )


def another_account(row: LoginProvider, target: str) -> Problem:
    return Problem(
        403,
        _("That is another account"),
        _("You logged in with an account of %(provider)s that is not linked to yours here.", provider=row.name),
        actions=(retry_action(target),),
    )


def not_enough(row: LoginProvider, target: str) -> Problem:
    return Problem(
        403,
        _("%(provider)s did not ask for a second factor", provider=row.name),
        _("Log in there with a second factor, or confirm in another way."),
        actions=(retry_action(target),),
    )


def retry_action(target: str) -> Action:
    return Action(_("Confirm it's you"), url_for("login.confirm_form", next=target or None))
