"""What second step and step-up share: verify the code or passkey of a form, and put errors on its field."""

import logging
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session
from wtforms import Field

from webapp.accounts import notices, user_queries
from webapp.accounts.models import User
from webapp.accounts.views.request_info import current_circumstances, mailer
from webapp.core.translation import _l
from webapp.login.client_familiarity import LoginClient
from webapp.login.flow import Throttled
from webapp.login.second_step import AppUnreadable, CounterBehind, Locked, OwnerMails, VerifiedFactor
from webapp.login.views.blueprint import login_client, second_step
from webapp.login.views.login_errors import APP_UNREADABLE, app_unreadable, codes_locked, throttled
from webapp.mfa import webauthn_ceremonies
from webapp.mfa.views import challenge_cookie
from webapp.web.negotiation import wants_page
from webapp.web.transaction import database

log = logging.getLogger(__name__)

WRONG_CODE = _l("Wrong code, or it was already used. Wait for the next one.")
WRONG_PASSKEY = _l("This passkey didn't work. Try again, or log in another way.")
BEHIND = _l("This passkey may have been copied, so it was refused. Remove it from your account.")


def by_code(field: Field, user: User, sender: LoginClient | None = None) -> VerifiedFactor | None:
    """Verify a code. If it is wrong, or cannot be checked, its field gets an error.

    Args:
        sender: the client, where no cookie may be read; default: this browser.

    Raises:
        Problem: 429; for scripts 503, if it cannot be checked.
    """
    outcome = second_step().code(user, field.data or "", sender or login_client(), owner_mails(user))
    if isinstance(outcome, Locked):
        raise codes_locked(outcome.retry_after)
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if isinstance(outcome, AppUnreadable) and not wants_page():
        raise app_unreadable()
    if not isinstance(outcome, VerifiedFactor):
        field.errors = [APP_UNREADABLE if isinstance(outcome, AppUnreadable) else WRONG_CODE]
        return None
    return outcome


def owner_mails(user: User) -> OwnerMails:
    """Mails to the user about recovery codes and wrong codes."""
    place = current_circumstances()

    def recovery_code_used(db: Session, left: int) -> None:
        notices.recovery_code_used(db, mailer(), user, place, left=left)

    def code_refused(db: Session, is_locked: bool) -> None:
        notices.code_refused(db, mailer(), user, place, is_locked=is_locked)

    return OwnerMails(recovery_code_used, code_refused)


def by_passkey(field: Field, purpose: str, *, owner: UUID | None = None) -> VerifiedFactor | None:
    """Verify an assertion. If it is refused, its field gets an error.

    Args:
        purpose: the one that its challenge was created for.
        owner: the user it must belong to.

    Raises:
        Problem: 429.
    """
    try:
        answer = webauthn_ceremonies.parse_assertion(field.data or "")
        outcome = second_step().passkey(
            challenge_cookie.spend(purpose, answer.challenge), answer, request.remote_addr, owner=owner
        )
    except webauthn_ceremonies.CeremonyRefused as error:
        log.info("passkey refused", extra={"fields": {"reason": str(error), "ip_address": request.remote_addr}})
        field.errors = [WRONG_PASSKEY]
        return None
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if isinstance(outcome, VerifiedFactor):
        return outcome
    field.errors = [BEHIND if isinstance(outcome, CounterBehind) else WRONG_PASSKEY]
    if isinstance(outcome, CounterBehind):
        warn(outcome)
    return None


def warn(outcome: CounterBehind) -> None:
    with database().write() as db:
        if (owner := user_queries.by_id(db, outcome.passkey.user_id)) is not None:
            notices.passkey_copied(db, mailer(), owner, current_circumstances(), name=outcome.passkey.name)
