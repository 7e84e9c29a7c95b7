"""TokenService: what all grants of the token endpoint need; OAuthTokens and GrantRefused, their results."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from webapp.accounts.models import User
from webapp.core.id_token_keys import IdTokenKeys
from webapp.oauth.models import OAuthClient
from webapp.tokens.issuing import IssuedToken, TokenIssuer
from webapp.tokens.refresh_families import RefreshLifetimes
from webapp.tokens.refresh_secret import RefreshSecrets
from webapp.tokens.scopes import Catalogue


class GrantRefused(Exception):
    """A token request is refused with one of the errors of RFC 6749 §5.2; the message is for the client's developer."""

    def __init__(self, error: str, description: str, *, is_guess: bool = True) -> None:
        """Keep an error of the token endpoint (RFC 6749 §5.2).

        Args:
            is_guess: whether it counts against the limit of refused requests of its network.
        """
        super().__init__(description)
        self.error, self.description, self.is_guess = error, description, is_guess


INVALID_TARGET = GrantRefused("invalid_target", "name one resource that was granted; each token is for one")
"""RFC 8707 §2."""


@dataclass(frozen=True, slots=True)
class TokenService:
    """Issuer, keys and lifetimes of the token endpoint."""

    issuer: TokenIssuer
    keys: IdTokenKeys
    find_catalogue: Callable[[], Catalogue]
    """Returns the current catalogue, which is rebuilt when a route is added."""
    secrets: RefreshSecrets
    access_lifetime: timedelta
    refresh: RefreshLifetimes
    overlap: timedelta
    """For how long after its use a refresh token gets the same successor again."""

    def limited_to(self, client: OAuthClient) -> "TokenService":
        """A copy of the service with the token lifetimes of a client, where these are shorter."""
        lifetimes, most = self.refresh, client.login_lifetime or timedelta.max
        return replace(
            self,
            access_lifetime=min(self.access_lifetime, client.access_lifetime or timedelta.max, most),
            refresh=RefreshLifetimes(
                min(lifetimes.idle, most) if lifetimes.idle else None, min(lifetimes.lifetime, most)
            ),
        )

    @property
    def catalogue(self) -> Catalogue:
        return self.find_catalogue()


@dataclass(frozen=True, slots=True, repr=False)
class OAuthTokens:
    """A token response (RFC 6749 §5.1)."""

    issued: IssuedToken
    refresh_token: str | None = None
    id_token: str | None = None


def required_roles(client: OAuthClient, user: User) -> frozenset[str]:
    """Roles of which a user must have one at each request with a token of an app; empty if they may use it anyway."""
    return frozenset() if str(user.id) in client.people else frozenset(client.roles)


def may_use(user: User | None, roles: Collection[str], client: OAuthClient) -> bool:
    """Whether a user may log in to an app now: the account is open, and the app is for everybody, a role or them."""
    if user is None or user.disabled_at is not None or user.closes_at is not None or user.is_unverified:
        return False
    if not (client.roles or client.people) or str(user.id) in client.people:
        return True
    return not set(client.roles).isdisjoint(roles)
