"""PendingRequest: a login that was sent to a provider and has not come back, kept in the signed session cookie."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.core.digests import constant_time_equal, derive, keyed, new_secret

LIFETIME = timedelta(minutes=10)
MAX_PENDING = 4
LARGEST = 1500
"""Characters that all of them have in the cookie; older ones are dropped for newer ones."""
PURPOSES = ("login", "link", "confirm", "test")


@dataclass(frozen=True, slots=True)
class PendingRequest:
    state: str
    slug: str
    """Short name of the provider."""
    purpose: str
    """What the login is for, one of PURPOSES."""
    next: str
    """Path to go to afterwards; empty for the default."""
    begun_at: datetime
    """When it began, without fractions of a second."""
    protocol_state: str = ""
    """What the protocol needs at the end; see ``ProviderRequest.protocol_state``."""
    user: str = ""
    """ID of the user who began it while logged in, in hexadecimal; empty for a login."""
    mark: str = ""
    """Digest of the settings of the provider at that time; see ``subject_settings.login_mark``."""


@dataclass(frozen=True, slots=True, repr=False)
class RequestSecrets:
    nonce: str
    code_verifier: str
    """PKCE (RFC 7636)."""


class RequestKeys:
    """Derives nonce and code verifier from ``state`` with a key of this site, so that the cookie is small."""

    def __init__(self, secret_key: str) -> None:
        self._key = derive(secret_key, "login with a provider")

    def secrets_of(self, pending: PendingRequest) -> RequestSecrets:
        request_name = f"{pending.slug} {pending.state}"
        return RequestSecrets(keyed(self._key, f"nonce {request_name}"), keyed(self._key, f"verifier {request_name}"))


def begin(slug: str, purpose: str, target: str, moment: datetime, *, user: str = "", mark: str = "") -> PendingRequest:
    return PendingRequest(new_secret(), slug, purpose, target, moment.replace(microsecond=0), user=user, mark=mark)


def to_cookie(pending: Sequence[PendingRequest]) -> list[list[Any]]:
    """Serialize pending requests for the session cookie: the newest, as many as fit."""
    entries = [
        [
            one.state,
            one.slug,
            one.purpose,
            one.next,
            int(one.begun_at.timestamp()),
            one.protocol_state,
            one.user,
            one.mark,
        ]
        for one in pending[-MAX_PENDING:]
    ]
    while len(entries) > 1 and len(json.dumps(entries)) > LARGEST:
        entries.pop(0)
    return entries


def from_cookie(content: object, moment: datetime) -> list[PendingRequest]:
    """Parse the pending requests of the session cookie, without those that are too old or of an older version."""
    entries = content if isinstance(content, list) else []
    try:
        found = [
            PendingRequest(
                state, slug, purpose, target, datetime.fromtimestamp(seconds, UTC), protocol_state, user, mark
            )
            for state, slug, purpose, target, seconds, protocol_state, user, mark in entries
        ]
    except (TypeError, ValueError):
        return []
    return [one for one in found if timedelta() <= moment - one.begun_at + timedelta(seconds=1) <= LIFETIME]


def pop(pending: list[PendingRequest], state: str, slug: str) -> PendingRequest | None:
    """Remove the request with this state from the list; None if it is not there or went to another provider."""
    for one in pending:
        if constant_time_equal(one.state, state) and one.slug == slug:
            pending.remove(one)
            return one
    return None
