"""ProviderIdentity: who somebody is at a provider, as a login there has shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.verify import END_OF_TIME

LONGEST_TEXT = 320
MOST_VALUES = 500


@dataclass(frozen=True, slots=True, repr=False)
class ProviderIdentity:
    issuer: str
    subject: str
    username: str = ""
    email: str = ""
    email_verified: bool = False
    name: str = ""
    acr: str = ""
    amr: tuple[str, ...] = ()
    auth_time: float | None = None
    """When the user authenticated at the provider, in seconds since 1970."""
    sid: str = ""
    """ID of the session at the provider."""
    id_token: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """All claims, for the rules that give roles."""

    @property
    def shown_as(self) -> str:
        """E-mail address or name by which the user recognises the identity."""
        return self.email or self.username or self.name or self.subject


def identity_of(
    issuer: str, claims: Mapping[str, Any], *, id_token: str = "", of_provider: Mapping[str, Any] | None = None
) -> ProviderIdentity:
    """The identity that claims describe (OpenID Connect Core §5.1); members of a wrong type count as missing.

    Args:
        claims: with a checked ``sub``.
        of_provider: the claims for the rules that give roles; default: the same.
    """
    amr, auth_time = claims.get("amr"), claims.get("auth_time", -1)
    return ProviderIdentity(
        issuer,
        claims["sub"],
        username=text(claims, "preferred_username") or text(claims, "nickname"),
        email=text(claims, "email"),
        # Only the boolean: some providers send "false", which Python would take for true.
        email_verified=claims.get("email_verified") is True,
        name=text(claims, "name"),
        acr=text(claims, "acr"),
        amr=tuple(one for one in amr if isinstance(one, str) and len(one) <= LONGEST_TEXT)[:20]
        if isinstance(amr, list)
        else (),
        auth_time=auth_time if type(auth_time) in (int, float) and 0 <= auth_time <= END_OF_TIME else None,
        sid=text(claims, "sid"),
        id_token=id_token,
        claims=dict(claims if of_provider is None else of_provider),
    )


def text(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    return found.strip() if isinstance(found, str) and len(found) <= LONGEST_TEXT and found.isprintable() else ""


def values_of(claims: Mapping[str, Any], path: str) -> list[str]:
    """The texts of a claim."""
    found = value_at(claims, path)
    values = found if isinstance(found, list) else [found]
    return [one for one in values[:MOST_VALUES] if isinstance(one, str)]


def value_at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim, whose name may have dots for nested objects, such as ``realm_access.roles``; None if it is missing."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    return found
