"""Errors of clients, in words for the administrator who sets up the app: one row per client and kind of error.

Anybody can cause them, so their number, size and rate of writes are bounded, and nothing that could be a secret or
code is kept.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.translation import _l
from webapp.oauth.fetched_keys import NO_KEYS
from webapp.oauth.models import ClientError
from webapp.oauth.redirect_uris import split

EVERY = timedelta(seconds=10)
"""Each process writes one kind of error of one client once in this time, and counts the others."""
RETENTION = timedelta(days=30)
LONGEST_DETAIL = 200

SENTENCES = {
    "redirect_uri": _l("The redirect URI is not registered. The app sent %(detail)s"),
    "logout_uri": _l("The redirect URI after logout is not registered. The app sent %(detail)s"),
    "pkce": _l("The request had no code_challenge with S256. Switch PKCE on in the app."),
    "not_pushed": _l("The app did not push its request (RFC 9126), which is required."),
    "scope": _l("The app requested no scope that it may have. Most apps need openid."),
    "response": _l("The app did not request an authorization code. Set it to the authorization code flow."),
    "not_allowed": _l("A user who may not use the app tried to log in."),
    "secret": _l("The client secret was missing or wrong."),
    "public_secret": _l("The app sent a client secret, but it is registered as an app without one."),
    "keys": _l(
        "The public keys of the app could not be fetched from their URL, or none can be used. A private host has to be "
        "in WEBAPP_PRIVATE_HOSTS."
    ),
    "code": _l("A code was unknown, expired or used, or the redirect URI or code_verifier did not match."),
    "refresh": _l("A refresh token was unknown, used or ended."),
    "other": _l("A request was refused: %(detail)s"),
}
"""What went wrong, and where there is one thing to do, what; by kind."""
BY_DESCRIPTION = {"code_challenge": "pkce", "this client must push": "not_pushed"}
BY_ERROR = {"invalid_scope": "scope", "unsupported_response_type": "response"}
BY_GRANT = {"authorization_code": "code", "refresh_token": "refresh"}
BY_REASON = {
    "the client secret is missing or wrong": "secret",
    "a public client has no secret": "public_secret",
    NO_KEYS: "keys",
}
EXPECTED = {
    *("login_required", "consent_required", "interaction_required", "account_selection_required"),
    *("access_denied", "authorization_pending", "slow_down", "expired_token"),
}
"""Errors (RFC 6749, RFC 8628, OpenID Connect Core §3.1.2.6) that belong to a login without a fault of the app."""


def kind_of(error: str, description: str, grant_type: str = "") -> str | None:
    """The kind of an OAuth error; None for one that is no fault."""
    if error in EXPECTED:
        return None
    if error == "invalid_grant":
        return BY_GRANT.get(grant_type, "other")
    found = (kind for start, kind in BY_DESCRIPTION.items() if description.startswith(start))
    return next(found, BY_ERROR.get(error, "other"))


def without_values(uri: str) -> str:
    """A redirect URI as it may be kept and shown: without query, fragment and user name."""
    parts = split(uri)
    if parts is None or not parts.scheme:
        return "…"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    return f"{bare[:LONGEST_DETAIL]}{'?…' if parts.query else ''}"


class ClientErrorLog:
    """Counts the errors of clients; thread-safe, one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written: dict[tuple[UUID, str], datetime] = {}
        self._waiting: dict[tuple[UUID, str], int] = {}
        self._lock = threading.Lock()

    def is_due(self, client_id: UUID, kind: str) -> bool:
        """Count one error. Whether it should be written now, which the caller does with ``write``.

        Only clients that exist are counted, so there are at most as many entries as clients and kinds.
        """
        key, moment = (client_id, kind), now()
        with self._lock:
            self._waiting[key] = self._waiting.get(key, 0) + 1
            if (last := self._written.get(key)) is not None and timedelta() <= moment - last < EVERY:
                return False
            self._written[key] = moment
            return True

    def write(self, client_id: UUID, kind: str, detail: str) -> None:
        """Write the errors that were counted since the last time, with the detail of the last one."""
        with self._lock:
            times = self._waiting.pop((client_id, kind), 0)
        with self._database.write() as db:
            add(db, client_id, kind, detail[: LONGEST_DETAIL + 10], times)


def add(db: Session, client_id: UUID, kind: str, detail: str, times: int) -> None:
    key, moment = (ClientError.client_id == client_id, ClientError.kind == kind), now()
    values = {"detail": detail, "last_at": moment, "times": ClientError.times + times}
    again = update(ClientError).where(*key).values(values).returning(ClientError.kind)
    if db.execute(again).first():
        return
    try:
        with db.begin_nested():
            db.add(ClientError(client_id=client_id, kind=kind, detail=detail, last_at=moment, times=times))
    except IntegrityError:
        # Another process was faster, or the client was removed; then there is no row.
        db.execute(again)


def of_client(db: Session, client_id: UUID) -> Sequence[ClientError]:
    """The errors of a client, the latest first."""
    found = select(ClientError).where(ClientError.client_id == client_id)
    return db.scalars(found.order_by(ClientError.last_at.desc())).all()


def in_words(error: ClientError) -> str:
    return str(SENTENCES[error.kind]) % {"detail": error.detail}


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete errors that did not happen again for a month. Returns how many; 0 when none are left."""
    old = select(ClientError.client_id, ClientError.kind).where(ClientError.last_at < now() - RETENTION).limit(limit)
    found = db.execute(old).all()
    for client_id, kind in found:
        db.execute(delete(ClientError).where(ClientError.client_id == client_id, ClientError.kind == kind))
    return len(found)
