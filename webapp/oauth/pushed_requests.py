"""Pushed authorization requests: push() stores one, find() reads it, use_up() lets it work once (RFC 9126)."""

import re
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.digests import digest, new_secret
from webapp.core.ratelimit import Limit
from webapp.oauth.models import OAuthClient, PushedRequest
from webapp.oauth.prompts import LONGEST as LONGEST_LOGIN

PREFIX = "urn:ietf:params:oauth:request_uri:"
SHAPE = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{43}")
LIFETIME = timedelta(seconds=90)
"""Until the browser has to come with it; then it lasts as long as a login may take."""
MOST_WAITING = 1000
"""Requests of one client that are stored at a time."""
OF_STRANGERS = Limit("request-pushed", 300, timedelta(minutes=10))
"""By public clients, from each network: anybody can send their ``client_id``."""


class TooManyPushed(Exception):
    """The client has pushed too many requests that no browser has used yet."""


def push(db: Session, client: OAuthClient, query: str) -> str:
    """Store a request that was checked, and return its ``request_uri``.

    Args:
        query: its parameters as a query string, without the credentials of the client.

    Raises:
        TooManyPushed
    """
    moment, is_of_client = now(), PushedRequest.client_id == client.id
    db.execute(delete(PushedRequest).where(is_of_client, PushedRequest.expires_at <= moment))
    if db.scalars(select(func.count()).where(is_of_client)).one() >= MOST_WAITING:
        raise TooManyPushed
    uri = PREFIX + new_secret()
    db.add(PushedRequest(digest=digest(uri), client_id=client.id, query=query, expires_at=moment + LIFETIME))
    return uri


def find(db: Session, client_id: str | None, uri: str) -> PushedRequest | None:
    """The request that a client has pushed; None if it is of another one, expired or was used."""
    found = db.get(PushedRequest, digest(uri)) if SHAPE.fullmatch(uri) else None
    is_live = found is not None and str(found.client_id) == client_id and found.expires_at > now()
    return found if is_live else None


def keep_for_login(db: Session, pushed: PushedRequest) -> None:
    """Keep a request that a browser has come with until its user has logged in and decided; once."""
    moment = now()
    unopened = PushedRequest.digest == pushed.digest, PushedRequest.opened_at.is_(None)
    db.execute(update(PushedRequest).where(*unopened).values(opened_at=moment, expires_at=moment + LONGEST_LOGIN))


def use_up(db: Session, key: bytes) -> bool:
    """Let a request lead to no further response; False if another request was faster.

    Args:
        key: digest of its ``request_uri``.
    """
    deletion = delete(PushedRequest).where(PushedRequest.digest == key).returning(PushedRequest.digest)
    return db.execute(deletion).first() is not None


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete expired requests. Returns how many; 0 when none are left."""
    old = select(PushedRequest.digest).where(PushedRequest.expires_at < now()).limit(limit)
    deletion = delete(PushedRequest).where(PushedRequest.digest.in_(old)).returning(PushedRequest.digest)
    return len(db.scalars(deletion).all())
