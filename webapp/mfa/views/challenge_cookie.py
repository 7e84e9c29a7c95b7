"""Challenges of passkeys: kept in the signed cookie for five minutes, and spent by the first answer."""

import time
from base64 import urlsafe_b64decode
from datetime import timedelta

from flask import session

from webapp.core.digests import new_secret, same
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SPENT
from webapp.mfa.webauthn_ceremonies import CeremonyRefused
from webapp.web.registry import service

LIFETIME = timedelta(minutes=5)
ANSWERED = Limit(f"{SPENT}challenge", 1, LIFETIME)
KEPT = "challenges"
# Two tabs, and one that asks again, do not disturb each other.
MOST = 4


def give(purpose: str) -> bytes:
    """A new one: 256 random bits, for this browser and this purpose."""
    text = new_secret()
    kept = session.get(KEPT, [])
    session[KEPT] = [*kept, [text, purpose, int(time.time())]][-MOST:]
    return bytes_of(text)


def take(purpose: str, answered: bytes) -> bytes:
    """The challenge that was answered, if it was given for this and never answered before.

    Raises:
        Refused
    """
    given = {text: at for text, given_for, at in session.get(KEPT, []) if given_for == purpose}
    text = next((text for text in given if same(bytes_of(text), answered)), None)
    if text is None:
        raise CeremonyRefused("the challenge was not issued to this browser for this purpose")
    if time.time() - given[text] >= LIFETIME.total_seconds():
        raise CeremonyRefused("the challenge has expired")
    limiter = service(Limiter)
    if not limiter.take(ANSWERED, text).allowed:
        raise CeremonyRefused("the challenge was already used")
    return bytes_of(text)


def bytes_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
