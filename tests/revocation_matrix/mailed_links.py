"""The links of the matrix, most of them mailed."""

from datetime import timedelta
from typing import Any

from tests.revocation_matrix.sites import Owner, Works, browser
from webapp.accounts import email_change, invitations, one_time_links, recovery, registration, self_registration
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.one_time_links import NOT_ME, UNDO
from webapp.accounts.roles import included_in
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.testing import HTML, as_nobody

HOUR = timedelta(hours=1)


def opened(owner: Owner, path: str) -> Works:
    """The page of a mailed link, opened with a browser that has never been here."""

    def works() -> bool:
        caller = browser(as_nobody(owner.app))
        caller.sends = HTML
        return caller.get(path).status_code in (200, 303)

    return works


def mailed(owner: Owner, purpose: str, path: str, **facts: Any) -> Works:
    said = {"email": owner.user.email} | facts
    secret = owner.write(lambda db, user: one_time_links.create(db, purpose, HOUR, user_id=user.id, **said))
    return opened(owner, f"{path}/{secret}")


def reset_link(owner: Owner) -> Works:
    return opened(owner, owner.write(recovery.link_for))


def verification_link(owner: Owner) -> Works:
    def forget(_db: Any, user: Any) -> None:
        user.verification_required_at = now()

    owner.write(forget)
    owner.write(lambda db, user: credentials.end_all(db, user.id))
    return mailed(owner, self_registration.SIGN_UP, "/verify")


def change_link(owner: Owner) -> Works:
    email = f"{owner.user.username}-next@example.org"
    return mailed(owner, email_change.CONFIRM, "/account/email/confirm", email=email)


def undo_link(owner: Owner) -> Works:
    facts = {"was_verified": True, "since": now().isoformat()}
    return mailed(owner, UNDO, "/account/email/undo", facts=facts, replaces=False)


def not_me_link(owner: Owner) -> Works:
    facts = {"what": "new_login", "since": now().isoformat()}
    return mailed(owner, NOT_ME, "/not-me", facts=facts, replaces=False)


def setup_link(owner: Owner) -> Works:
    secret = owner.write(lambda db, _: one_time_links.create(db, registration.SETUP, HOUR))
    return opened(owner, f"/setup/{secret}")


def invitation(owner: Owner) -> Works:
    made = owner.write(
        lambda db, user: invitations.create(db, InvitationRequest(), by=user.id, roles=included_in(db, user.role))
    )
    return opened(owner, made.path)
