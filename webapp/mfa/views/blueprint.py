"""The blueprint of the second factors, and what its views share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.encryption import Encryptor
from webapp.credentials import logins
from webapp.guard import Principal, require, unauthenticated
from webapp.guard.assurance import Demands, Level, level_of
from webapp.guard.policy import Decision, Requirement
from webapp.mfa import factors
from webapp.mfa.factors import LoginMethods
from webapp.mfa.totp import TotpEncryptor
from webapp.web.registry import service
from webapp.web.transaction import database, db

bp = Blueprint("factors", __name__)

FRESH = timedelta(minutes=10)
# An endpoint of a higher layer.
SECURITY = "account.security"

View = Callable[..., Any]
AS_WELL_AS_ONE_CAN = Requirement(session=True, fresh_within=FRESH, spares_level=True, level=Level.TWO)


@dataclass(frozen=True, slots=True)
class MfaHooks:
    """What this package needs from packages above; provided by the application."""

    reauthenticate: Callable[[Principal, str], UUID]
    """Re-authenticate the session with these methods (``amr``); returns its new id."""
    has_password: Callable[[Session, UUID], bool]
    """Whether the user has a password that they can log in with."""
    identities: Callable[[Session, UUID], int]
    """Number of accounts at identity providers with which a user can log in."""
    lock: Callable[[Session, UUID], object]
    """Lock the ways to log in of a user, so that two of them cannot be removed at the same moment."""
    mail_user: Callable[[Session, UUID, str], None]
    """Mail a sentence to the user, with a "This wasn't me" link. The sentence is from ``_l``, for the language of the
    mail."""


def change(view: View) -> View:
    """Decorator of views that change second factors: requires recent authentication, with two factors if the user has
    them.

    It also admits users who must set up a second factor first.
    """

    @wraps(view)
    def guarded(*args: Any, principal: Principal, **kwargs: Any) -> Any:
        # In a transaction of its own: a challenge is used up before the transaction of the request opens.
        with database().read() as reading:
            has_second = factors.of(reading, principal.user_id).has_second
        if has_second and level_of(principal.amr) < Level.TWO:
            return unauthenticated.denied(principal, AS_WELL_AS_ONE_CAN, Decision.RAISE)
        return view(*args, principal=principal, **kwargs)

    return require(session=True, fresh_within=FRESH, spares_level=True)(guarded)


def note_factor_change(
    principal: Principal, event: Event, sentence: str, *, keep: UUID | None = None, **details: object
) -> None:
    """Record a change, mail it to the user, and end all other sessions and script logins.

    Args:
        sentence: for the mail; from ``_l``, because the mail has a language of its own.
        keep: the current session.
    """
    logins.end_logins(db(), principal.user_id, keep=keep or principal.credential_id)
    record(db(), event, user_id=principal.user_id, **details)  # type: ignore[arg-type]  # ids have names of their own
    mfa_hooks().mail_user(db(), principal.user_id, sentence)


def login_methods(principal: Principal) -> LoginMethods:
    demands = service(Demands)
    return LoginMethods(
        factors.of(db(), principal.user_id),
        mfa_hooks().has_password(db(), principal.user_id),
        demands.of_roles(principal.roles),
        mfa_hooks().identities(db(), principal.user_id),
    )


def mfa_hooks() -> MfaHooks:
    return service(MfaHooks)


def encryptor() -> Encryptor:
    return service(TotpEncryptor)
