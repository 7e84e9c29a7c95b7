"""The scopes of OpenID Connect, and which scopes an app gets of a user."""

from collections.abc import Iterable, Sequence

from webapp.core.translation import _l
from webapp.oauth.models import OAuthClient
from webapp.tokens.scopes import Catalogue

OPENID, OFFLINE, GROUPS = "openid", "offline_access", "groups"
CLAIM_SCOPES = {
    OPENID: _l("Identify you by the ID of your account."),
    "profile": _l("Read your user name, display name, language and time zone."),
    "email": _l("Read your e-mail address, and whether it is verified."),
    GROUPS: _l("Read your roles on this site."),
    OFFLINE: _l("Keep this access while you are not using the app, until you withdraw it."),
}
"""Scopes of OpenID Connect Core §5.4 and §11, and ``groups``: what an app learns of a user, in plain words."""


def grantable(names: Iterable[str], client: OAuthClient, catalogue: Catalogue, roles: Sequence[str]) -> list[str]:
    """The scopes that a client gets of those it requested; unknown ones are ignored (OpenID Connect Core §3.1.2.1).

    Args:
        names: requested.
        roles: of the user, who cannot give what they do not have.
    """
    of_api = set(client.scopes).intersection(catalogue.held_by(roles))
    requested = set(names)
    return [*(name for name in claim_scopes_of(client) if name in requested), *sorted(requested & of_api)]


def claim_scopes_of(client: OAuthClient) -> list[str]:
    """The scopes of OpenID Connect that a client may get."""
    return [name for name in CLAIM_SCOPES if not (name == GROUPS and client.hides_groups)]


def sentences(scopes: Iterable[str], catalogue: Catalogue) -> list[str]:
    """What an app with these scopes may know and do, in plain words; first what it learns of the user."""
    scope_names = set(scopes)
    claims = [str(words) for name, words in CLAIM_SCOPES.items() if name in scope_names]
    api_scopes = [
        catalogue.scopes[name] for name in sorted(scope_names - CLAIM_SCOPES.keys()) if name in catalogue.scopes
    ]
    return [*claims, *(scope.sentence or scope.name for scope in api_scopes)]
