"""LogoutToken: what a provider sends when a session there ends (OpenID Connect Back-Channel Logout 1.0 §2.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.federation.checks import Check, LoginFailed
from webapp.federation.id_token_rules import (
    LONGEST_SUBJECT,
    ExpectedClaims,
    has_audience,
    has_issuer,
    has_times,
    signed_claims,
)
from webapp.federation.provider_metadata import quoted
from webapp.verify import PublishedKeys

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = "logout+jwt", "JWT", None
"""The specification only recommends ``logout+jwt``, and Keycloak sends ``JWT``. No other token has the event."""
OLDEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """Content of a provider's logout token; at least one of ``subject`` and ``sid`` is not empty."""

    jti: str
    subject: str
    """``sub`` of the user whose session has ended; without ``sid`` all sessions of the user."""
    sid: str
    """ID of the session at the provider."""


def checked(token: str, keys: PublishedKeys, *, issuer: str, client_id: str, moment: datetime) -> LogoutToken:
    """A logout token whose signature and claims are valid. Whether it came before is for the caller to check.

    Raises:
        LoginFailed
    """
    _key, claims = signed_claims(token, keys, TYPES)
    expected = ExpectedClaims(issuer, client_id, "", "", moment - OLDEST, moment)
    for rule in (has_issuer, has_audience, has_times):
        rule(claims, expected)
    has_event(claims)
    if "nonce" in claims:
        raise LoginFailed(Check.NONCE, "there is a nonce, so it is an ID token")
    found = LogoutToken(*(name_in(claims, name) for name in ("jti", "sub", "sid")))
    if not found.jti:
        raise LoginFailed(Check.ID_TOKEN, "there is no jti")
    if not (found.subject or found.sid):
        raise LoginFailed(Check.SUBJECT, "there is neither sub nor sid")
    return found


def has_event(claims: dict[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LoginFailed(Check.ID_TOKEN, f"events is {quoted(events)}, without the event of a logout")


def name_in(claims: dict[str, Any], name: str) -> str:
    """The text of a claim that identifies a user or session; empty if it is missing."""
    found = claims.get(name, "")
    if not isinstance(found, str) or len(found) > LONGEST_SUBJECT or not found.isprintable():
        raise LoginFailed(Check.SUBJECT, f"{name} is {quoted(found)}")
    if name in claims and not found.strip():
        raise LoginFailed(Check.SUBJECT, f"{name} is empty")
    return found
