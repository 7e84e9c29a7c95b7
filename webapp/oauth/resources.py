"""Resources: the services that the access tokens of an app are for (RFC 8707). Each token is for one."""

import re
from collections.abc import Iterable, Sequence

from webapp.core.translation import _
from webapp.oauth.models import OAuthClient

LONGEST, MAX_RESOURCES = 200, 20
# An absolute URI; "#" (a fragment) is left out.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[!\"$-~]+")


class InvalidResource(Exception):
    """The resource cannot be registered; the message says why, for the person who enters it."""


def checked(uris: Iterable[str]) -> list[str]:
    """Check the resource URIs of a client (RFC 8707). Returns each once.

    Raises:
        InvalidResource
    """
    found = list(dict.fromkeys(uris))
    if len(found) > MAX_RESOURCES:
        raise InvalidResource(_("An app has at most 20 services."))
    if invalid := next((uri for uri in found if len(uri) > LONGEST or not URI.fullmatch(uri)), None):
        raise InvalidResource(_("%(uri)s must be a complete URI without a fragment.", uri=invalid[:50]))
    return found


def distinct(resources: Iterable[str]) -> tuple[str, ...]:
    """The ``resource`` parameters of a request without duplicates; an empty one is none (RFC 6749 §3.1)."""
    return tuple(dict.fromkeys(filter(None, resources)))


def may_name(client: OAuthClient, uri: str, *, own: str) -> bool:
    """Whether a client may get tokens for a service.

    Args:
        own: URL of this site, which needs no permission.
    """
    return uri == own or uri in client.resources


def audience(
    granted: Sequence[str], requested: Sequence[str], client: OAuthClient, *, own: str
) -> tuple[str, ...] | None:
    """The audience of one access token (§2.2): empty for this site itself; None if there is none or more than one.

    Args:
        granted: what the user has allowed; empty for this site itself.
        requested: with the token request; it may be left out if only one was granted.
        own: URL of this site.
    """
    possible = granted or (own,)
    targets = requested or possible
    if len(targets) > 1 or targets[0] not in possible or not may_name(client, targets[0], own=own):
        return None
    return () if targets[0] == own else (targets[0],)
