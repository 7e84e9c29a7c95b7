"""guest_verdict(): whether the cookie of a guest link allows a request. Guests read one part of one app, as nobody."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from webapp.core.clock import now
from webapp.forward_auth.checks import ForwardAuth, Verdict
from webapp.forward_auth.credential_query import FoundLink
from webapp.forward_auth.original_request import OriginalRequest
from webapp.forward_auth.path_patterns import canonical_path
from webapp.forward_auth.rules import OVERRIDES
from webapp.guard.audience import Audience
from webapp.guard.policy import Decision, decide
from webapp.guard.principal import Principal

METHODS = "GET", "HEAD"
WRITING = (*OVERRIDES, "HTTP_UPGRADE", "HTTP_SEC_WEBSOCKET_KEY")
"""Headers with which a GET may do more than read."""


def guest_verdict(
    forward_auth: ForwardAuth, original: OriginalRequest, environ: Mapping[str, Any], verdict: Verdict, key: str
) -> Verdict | None:
    """The verdict for a guest; None if the link does not allow the request.

    Args:
        verdict: on the same request without the link, with the rule that it falls under.
        key: ``GuestLink.key``.
    """
    app, rule, path = verdict.app, verdict.rule, canonical_path(original.raw_path)
    if app is None or rule is None or path is None or not is_reading(original, environ):
        return None
    link, moment = forward_auth.query.guest_link(key, app.id), now()
    if link is None or link.expires_at <= moment or not is_below(path, link.prefix):
        return None
    guest, audience = guest_of(link), Audience(frozenset(), frozenset([link.id]))
    # The audience of the link replaces that of the app; role, level and what the settings demand stay.
    requirement = forward_auth.decisions.raised(replace(rule.requirement, audience=audience), guest)
    if decide(guest, requirement, moment) is not Decision.ALLOW:
        return None
    return Verdict(Decision.ALLOW, app, rule, requirement=requirement)


def guest_of(link: FoundLink) -> Principal:
    """The principal of a guest link: no user, with no role and no factor."""
    return Principal(
        user_id=link.id,
        username="",
        roles=(),
        credential="session",
        credential_id=link.id,
        expires_at=link.expires_at,
        auth_time=link.created_at,
        amr="",
    )


def is_reading(original: OriginalRequest, environ: Mapping[str, Any]) -> bool:
    return original.method in METHODS and not any(name in environ for name in WRITING)


def is_below(path: str, prefix: str) -> bool:
    """Whether a path is the prefix of a guest link or below it, segment by segment.

    Args:
        path: decoded.
    """
    base = prefix.rstrip("/")
    return path == base or path.startswith(base + "/")
