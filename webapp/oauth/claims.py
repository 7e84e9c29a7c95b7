"""claims_of(): what an app learns of a user, by scope (OpenID Connect Core §5.1, §5.4)."""

from collections.abc import Collection, Sequence
from typing import Any

from webapp.accounts.models import User
from webapp.oauth.models import OAuthClient
from webapp.oauth.subjects import subject_of
from webapp.tokens.claims import ClaimsHook, gathered

CLAIMS_BY_SCOPE = {
    "openid": ("sub", "auth_time", "acr", "amr", "sid"),
    "profile": ("name", "preferred_username", "zoneinfo", "locale"),
    "email": ("email", "email_verified"),
    "groups": ("groups",),
    "offline_access": (),
}


def claims_of(
    user: User,
    roles: Sequence[str],
    scopes: Collection[str],
    client: OAuthClient | None,
    hooks: Sequence[ClaimsHook],
) -> dict[str, Any]:
    """The claims that ``scopes`` allow, in the form of userinfo; empty values are left out.

    Args:
        client: the app that reads them; None for a script.
        hooks: that add claims of plug-ins, as to access tokens; they cannot replace those of this site.

    Raises:
        InvalidClaims
    """
    found = dict(gathered(hooks, user.id, sorted(scopes))) | {"sub": subject_of(client, user.id)}
    if "profile" in scopes:
        found |= {
            "name": user.display_name or user.username,
            "preferred_username": user.username,
            "zoneinfo": user.time_zone,
            "locale": user.language if user.language != "auto" else None,
        }
    if "email" in scopes and user.email:
        found |= {"email": user.email, "email_verified": user.email_verified_at is not None}
    if "groups" in scopes:
        found["groups"] = list(roles)
    return {name: value for name, value in found.items() if value is not None}
