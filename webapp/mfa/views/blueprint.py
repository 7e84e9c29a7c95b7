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
from webapp.mfa.factors import Ways
from webapp.mfa.totp import TotpEncryptor
from webapp.web.registry import service
from webapp.web.transaction import database, db

bp = Blueprint("factors", __name__)

FRESH = timedelta(minutes=10)
# Endpoint of a package above.
SECURITY = "account.security"

View = Callable[..., Any]
AS_WELL_AS_ONE_CAN = Requirement(session=True, fresh_within=FRESH, spares_level=True, level=Level.TWO)


@dataclass(frozen=True, slots=True)
class MfaHooks:
    """What this package needs from packages above; provided by the application."""

    reprove: Callable[[Principal, str], UUID]
    """The session, proven anew in these ways; its new id."""
    has_password: Callable[[Session, UUID], bool]
    tell: Callable[[Session, UUID, str], None]
    """Mails a sentence to the owner, with what to do if it was not they; from ``_l``, for the mail's own language."""


def change(view: View) -> View:
    """For whoever changes how they log in: proven lately, and as well as they can. Not shut to those who have to."""

    @wraps(view)
    def judged(*args: Any, principal: Principal, **kwargs: Any) -> Any:
        # Read on its own: a challenge is spent before the request's transaction is open.
        with database().read() as reading:
            has_second = factors.of(reading, principal.user_id).has_second
        if has_second and level_of(principal.amr) < Level.TWO:
            return unauthenticated.denied(principal, AS_WELL_AS_ONE_CAN, Decision.RAISE)
        return view(*args, principal=principal, **kwargs)

    return require(session=True, fresh_within=FRESH, spares_level=True)(judged)


def note_factor_change(
    principal: Principal, event: Event, sentence: str, *, keep: UUID | None = None, **details: object
) -> None:
    """Record the change, mail it to the owner, and end every other login, by browsers and by scripts.

    Args:
        sentence: for the mail; from ``_l``, because the mail has a language of its own.
    """
    logins.end_logins(db(), principal.user_id, keep=keep or principal.credential_id)
    record(db(), event, user_id=principal.user_id, **details)  # type: ignore[arg-type]  # ids have names of their own
    above().tell(db(), principal.user_id, sentence)


def ways(principal: Principal) -> Ways:
    demands = service(Demands)
    has_password = above().has_password(db(), principal.user_id)
    return Ways(factors.of(db(), principal.user_id), has_password, demands.of_roles(principal.roles))


def above() -> MfaHooks:
    return service(MfaHooks)


def sealer() -> Encryptor:
    return service(TotpEncryptor)
