"""/account/identities, /login/with/<provider>/link: link identities to the account of the caller, and unlink them."""

from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.accounts import notices
from webapp.accounts.linked_logins import LinkedLogin
from webapp.accounts.models import User
from webapp.accounts.views.blueprint import me
from webapp.accounts.views.request_info import current_circumstances, mailer
from webapp.accounts.views.security import linked_logins
from webapp.core.translation import _
from webapp.credentials import logins
from webapp.federation import linking
from webapp.federation.forms import LinkIdentityForm
from webapp.federation.linked_logins import to_restore
from webapp.federation.linking import LinkedElsewhere, TooManyIdentities
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.pending_requests import PendingRequest
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.views.blueprint import bp, provider_named
from webapp.federation.views.new_session import refuse_unfit
from webapp.federation.views.start import leave_for
from webapp.federation.views.waiting import spend_waiting, wait_for_decision, waiting, without_cookie
from webapp.guard import Principal
from webapp.mfa.views.blueprint import change, mfa_hooks
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.problems import Action, Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import database, db


@bp.get("/account/identities/link/<slug>")
@change
def begin_link(slug: str, principal: Principal) -> ResponseReturnValue:
    """Log in with a provider to link the identity to this account: redirects there."""
    return leave_for(provider_named(slug), "link", "", user=principal.user_id.hex)


def ask_for_link(
    row: LoginProvider, identity: ProviderIdentity, pending_request: PendingRequest
) -> ResponseReturnValue:
    """The page that asks whether to link an identity, after the login with the provider; nothing is linked before.

    Raises:
        Problem: 403 if it was begun by another user or before a logout, 409 if it is linked to another account.
    """
    principal: Principal = current_user
    if (
        not principal.is_authenticated
        or principal.credential != "session"
        or principal.user_id.hex != pending_request.user
    ):
        raise begun_by_another()
    with database().write() as writing:
        provider = writing.get_one(LoginProvider, row.id)
        found = linking.find(writing, provider, identity)
        if found is None:
            return wait_for_decision(
                writing,
                provider,
                identity,
                pending_request.next,
                page="federation.link_form",
                user=pending_request.user,
            )
        if found.user_id != principal.user_id:
            raise linked_elsewhere(row)
    message = _("This login with %(provider)s is already linked to your account.", provider=row.name)
    return redirect_or_json(url_for("account.security"), message)


@bp.get("/login/with/<slug>/link")
@change
def link_form(slug: str, principal: Principal) -> ResponseReturnValue:
    """Ask whether an identity should be linked to the account that is logged in."""
    with database().read() as reading:
        found = waiting(reading, slug, user=principal.user_id.hex)
    return render_template(
        "federation/link.html", form=LinkIdentityForm(formdata=None), user=me(principal), **found._asdict()
    )


@bp.post("/login/with/<slug>/link")
@change
@responds(None, form=LinkIdentityForm, status=204, refuses=(404, 409))
@reads(form=LinkIdentityForm)
def link(slug: str, principal: Principal) -> ResponseReturnValue:
    """Link the identity to the account. All other sessions and script logins end."""
    found = waiting(db(), slug, user=principal.user_id.hex)
    provider, user = spend_waiting(db(), found), me(principal)
    refuse_unfit(user)
    try:
        linked_identity = linking.create(db(), provider, found.identity, user, way="account")
    except LinkedElsewhere as error:
        raise linked_elsewhere(provider) from error
    except TooManyIdentities as error:
        raise too_many() from error
    linking.note_login(linked_identity, found.identity)
    logins.end_logins(db(), user.id, keep=principal.credential_id)
    tell_linked(db(), user, provider, linked_identity)
    message = _("You can log in with %(provider)s now.", provider=provider.name)
    return without_cookie(redirect_or_json(found.row.next or url_for("account.security"), message))


@bp.post("/login/with/<slug>/link/discard")
@change
@responds(None, status=204, refuses=(404,))
def discard(slug: str, principal: Principal) -> ResponseReturnValue:
    """Forget an identity that is somebody else's, who used this browser before."""
    spend_waiting(db(), waiting(db(), slug, user=principal.user_id.hex))
    return without_cookie(redirect_or_json(url_for("account.security"), _("Nothing was linked to your account.")))


def tell_linked(db: Session, user: User, provider: LoginProvider, link: LinkedIdentity) -> None:
    circumstances = current_circumstances()
    notices.identity_linked(db, mailer(), user, circumstances, provider=provider.name, shown_as=link.shown_as)


@bp.get("/account/identities/<uuid:identity_id>/unlink")
@change
def unlink_form(identity_id: UUID, principal: Principal) -> ResponseReturnValue:
    return render_template("federation/unlink.html", identity=own_identity(principal, identity_id))


@bp.post("/account/identities/<uuid:identity_id>/unlink")
@change
@responds(None, status=204, refuses=(404, 409))
def unlink(identity_id: UUID, principal: Principal) -> ResponseReturnValue:
    """Remove a linked identity, unless it is the last way to log in. All other sessions and script logins end."""
    mfa_hooks().lock(db(), principal.user_id)
    identity = own_identity(principal, identity_id)
    if identity.keep:
        raise Problem(409, _("This can't be removed"), identity.keep)
    found = db().get_one(LinkedIdentity, identity_id)
    linking.remove(db(), found, db().get_one(LoginProvider, found.provider_id))
    logins.end_logins(db(), principal.user_id, keep=principal.credential_id)
    circumstances, provider_names = (
        current_circumstances(),
        {"provider": identity.provider, "shown_as": identity.shown_as},
    )
    notices.identity_unlinked(
        db(), mailer(), me(principal), circumstances, **provider_names, restores=to_restore(found)
    )
    message = _("You can no longer log in with %(provider)s.", provider=identity.provider)
    return redirect_or_json(url_for("account.security"), message)


def own_identity(principal: Principal, identity_id: UUID) -> LinkedLogin:
    """Look up a linked identity of the caller.

    Raises:
        Problem: 404 if the caller has no such identity.
    """
    for identity in linked_logins(principal):
        if identity.id == identity_id:
            return identity
    raise Problem(404, _("Login not found"), _("It was removed or is not yours."))


def begun_by_another() -> Problem:
    return Problem(
        403,
        _("This login can't be linked"),
        _("You were logged in with another account when you began, or you have logged out since. Nothing was changed."),
        actions=(Action(_("Back to security"), url_for("account.security")),),
    )


def linked_elsewhere(provider: LoginProvider) -> Problem:
    return Problem(
        409,
        _("It is linked already"),
        _("This login with %(provider)s belongs to an account here. Nothing was changed.", provider=provider.name),
        actions=(Action(_("Back to security"), url_for("account.security")),),
    )


def too_many() -> Problem:
    return Problem(
        409,
        _("You have linked too many logins"),
        _("Remove one that you no longer use first. Nothing was changed."),
        actions=(Action(_("Back to security"), url_for("account.security")),),
    )
