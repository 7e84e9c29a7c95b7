"""WebAuthn challenges, kept in the session cookie for five minutes; each can be answered once."""

import time
from base64 import urlsafe_b64decode
from datetime import timedelta

from flask import session

from webapp.core.digests import constant_time_equal, new_secret
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SPENT
from webapp.mfa.webauthn_ceremonies import CeremonyRefused
from webapp.web.registry import service

LIFETIME = timedelta(minutes=5)
ANSWERED = Limit(f"{SPENT}challenge", 1, LIFETIME)
SESSION_KEY = "challenges"
# Several, so that two tabs, or a repeated request for options, do not disturb each other.
MAX_CHALLENGES = 4


def create(purpose: str) -> bytes:
    """Create a challenge of 256 random bits for this browser.

    Args:
        purpose: of the ceremony; an answer for another purpose is refused.
    """
    text = new_secret()
    challenges = session.get(SESSION_KEY, [])
    session[SESSION_KEY] = [*challenges, [text, purpose, int(time.time())]][-MAX_CHALLENGES:]
    return bytes_of(text)


def spend(purpose: str, answered_challenge: bytes) -> bytes:
    """Use up the challenge of an answer.

    Args:
        purpose: the one it was created for.
        answered_challenge: the challenge in the answer.

    Raises:
        CeremonyRefused: it was not created for this browser and purpose, has expired, or was answered before.
    """
    issued_at = {
        text: at for text, challenge_purpose, at in session.get(SESSION_KEY, []) if challenge_purpose == purpose
    }
    text = next((text for text in issued_at if constant_time_equal(bytes_of(text), answered_challenge)), None)
    if text is None:
        raise CeremonyRefused("the challenge was not issued to this browser for this purpose")
    if time.time() - issued_at[text] >= LIFETIME.total_seconds():
        raise CeremonyRefused("the challenge has expired")
    limiter = service(Limiter)
    if not limiter.take(ANSWERED, text).allowed:
        raise CeremonyRefused("the challenge was already used")
    return bytes_of(text)


def bytes_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
