"""Errors of logins with providers, in words for the administrator: one row per provider and kind of error.

Anybody can cause them, so their number, size and rate of writes are bounded, and nothing that could be a secret or
code is kept.
"""

import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.translation import _l
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.models import ProviderError

EVERY = timedelta(seconds=10)
"""Each process writes one kind of error of one provider once in this time, and counts the others."""
RETENTION = timedelta(days=30)
LONGEST_DETAIL = 250
RESPONDED = re.compile(r"the provider responds with '([a-z_]{1,50})'")

SENTENCES: Mapping[str, str] = {
    Check.METADATA: _l("The configuration of the provider could not be read. Check the issuer and the network."),
    Check.STATE: _l("A browser came back with a login that it did not start here, or that had expired."),
    Check.REQUEST_TOKEN: _l(
        "The provider issued no request token. Check the client ID, the client secret and the redirect URI."
    ),
    Check.RESPONSE_ISSUER: _l("The response did not name this provider as its sender."),
    Check.RESPONSE: _l("The provider did not log somebody in."),
    Check.TOKEN_RESPONSE: _l("The provider issued no tokens. Check the client secret and the redirect URI."),
    Check.ID_TOKEN: _l("The provider sent no usable ID token."),
    Check.SIGNATURE: _l("The signature of the ID token could not be verified."),
    Check.ISSUER: _l("The ID token names another issuer. Check the issuer."),
    Check.AUDIENCE: _l("The ID token is for another client. Check the client ID."),
    Check.TIME: _l("The times in the ID token do not fit. Check the clocks here and there."),
    Check.NONCE: _l("The ID token belonged to another login."),
    Check.ACCESS_TOKEN_HASH: _l("The ID token belonged to another access token."),
    Check.SUBJECT: _l("The provider did not say who logs in."),
    Check.AUTHENTICATION_TIME: _l("The provider did not let the user prove who they are again."),
    Check.USERINFO: _l("The details of the user could not be fetched."),
    "secret": _l("The provider refused the client secret. It may be wrong, or it has expired. Enter a new one."),
    "client": _l("The provider does not know this client. Check the client ID."),
    "redirect_uri": _l("The redirect URI registered at the provider is different. Enter there the one shown here."),
    "unreachable": _l("The provider was not reached in time."),
    "unreadable": _l("The client secret cannot be read since the secret key of this site was changed. Enter it again."),
    "busy": _l("Too many logins were waiting for responses of providers."),
}
"""What went wrong, and where there is one thing to do, what; by kind."""
BY_DETAIL = (
    (Check.TOKEN_RESPONSE, "invalid_client", "secret"),
    (Check.TOKEN_RESPONSE, "with another secret key", "unreadable"),
    (Check.TOKEN_RESPONSE, "incorrect_client_credentials", "secret"),
    (Check.TOKEN_RESPONSE, "redirect_uri", "redirect_uri"),
    (Check.RESPONSE, "redirect_uri", "redirect_uri"),
    (Check.RESPONSE, "unauthorized_client", "client"),
    (None, "too many requests", "busy"),
    (None, "no valid response within", "unreachable"),
)
EXPECTED = {
    "access_denied",
    "login_required",
    "interaction_required",
    "temporarily_unavailable",
    "user_cancelled_login",
}
"""Errors that belong to a login without a fault of the provider or of its settings."""


def kind_of(error: LoginFailed) -> str | None:
    """The kind of an error; None for one that is no fault, such as a user who cancels."""
    if error.check is Check.STATE or is_expected(error):
        return None
    found = (kind for check, part, kind in BY_DETAIL if check in (None, error.check) and part in error.detail.lower())
    return next(found, error.check.value)


def is_expected(error: LoginFailed) -> bool:
    responded = RESPONDED.search(error.detail) if error.check is Check.RESPONSE else None
    return responded is not None and responded[1] in EXPECTED


def kept_detail(error: LoginFailed) -> str:
    """What is kept of an error; of a response only its code, as anybody can open the callback URL and write one."""
    if error.check is not Check.RESPONSE:
        return error.detail[:LONGEST_DETAIL]
    responded = RESPONDED.search(error.detail)
    return responded[1] if responded else ""


class ProviderErrorLog:
    """Counts the errors of providers; thread-safe, one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written: dict[tuple[UUID, str], datetime] = {}
        self._waiting: dict[tuple[UUID, str], int] = {}
        self._lock = threading.Lock()

    def is_due(self, provider_id: UUID, kind: str) -> bool:
        """Count one error. Whether it should be written now, which the caller does with ``write``."""
        key, moment = (provider_id, kind), now()
        with self._lock:
            self._waiting[key] = self._waiting.get(key, 0) + 1
            if (last := self._written.get(key)) is not None and timedelta() <= moment - last < EVERY:
                return False
            self._written[key] = moment
            return True

    def write(self, provider_id: UUID, kind: str, detail: str) -> None:
        """Write the errors that were counted since the last time, with the detail of the last one."""
        with self._lock:
            times = self._waiting.pop((provider_id, kind), 0)
        with self._database.write() as db:
            add(db, provider_id, kind, detail, times)


def add(db: Session, provider_id: UUID, kind: str, detail: str, times: int) -> None:
    key, moment = (ProviderError.provider_id == provider_id, ProviderError.kind == kind), now()
    values = {"detail": detail, "last_at": moment, "times": ProviderError.times + times}
    again = update(ProviderError).where(*key).values(values).returning(ProviderError.kind)
    if db.execute(again).first():
        return
    try:
        with db.begin_nested():
            db.add(ProviderError(provider_id=provider_id, kind=kind, detail=detail, last_at=moment, times=times))
    except IntegrityError:
        # Another process was faster, or the provider was removed; then there is no row.
        db.execute(again)


def of_provider(db: Session, provider_id: UUID) -> Sequence[ProviderError]:
    """The errors of a provider, the latest first."""
    found = select(ProviderError).where(ProviderError.provider_id == provider_id)
    return db.scalars(found.order_by(ProviderError.last_at.desc())).all()


def by_provider(db: Session) -> dict[UUID, list[ProviderError]]:
    found = dict[UUID, list[ProviderError]]()
    for error in db.scalars(select(ProviderError)):
        found.setdefault(error.provider_id, []).append(error)
    return found


def in_words(error: ProviderError) -> str:
    return str(SENTENCES.get(error.kind, SENTENCES[Check.RESPONSE]))


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete errors that did not happen again for a month. Returns how many; 0 when none are left."""
    old = (
        select(ProviderError.provider_id, ProviderError.kind)
        .where(ProviderError.last_at < now() - RETENTION)
        .limit(limit)
    )
    found = db.execute(old).all()
    for provider_id, kind in found:
        db.execute(delete(ProviderError).where(ProviderError.provider_id == provider_id, ProviderError.kind == kind))
    return len(found)
