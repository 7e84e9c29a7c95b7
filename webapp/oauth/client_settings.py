"""ClientSettings: what can be changed about a client; apply() checks it and stores it in the client's row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from webapp.core.outgoing_http import LONGEST_URL
from webapp.core.translation import _
from webapp.guard.assurance import BY_ACR
from webapp.oauth import client_keys, redirect_uris, resources
from webapp.oauth.models import OAuthClient

MOST_REDIRECT_URIS = 20
LONGEST_OPERATOR = 100
SHORTEST = timedelta(minutes=1)


class InvalidClientSettings(Exception):
    """The client cannot be registered like this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Every field is a column of the client, a field of the form and an option of the command, with the same name."""

    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    is_first_party: bool = False
    operator: str = ""
    scopes: Sequence[str] = ()
    resources: Sequence[str] = ()
    roles: Sequence[str] = ()
    people: Sequence[str] = ()
    demanded_level: str = ""
    access_lifetime: timedelta | None = None
    login_lifetime: timedelta | None = None
    hides_groups: bool = False
    group_roles: Sequence[str] = ()
    require_pushed_authorization_requests: bool = False
    is_for_devices: bool = False
    jwks: str = ""
    jwks_uri: str = ""
    backchannel_logout_uri: str = ""
    wants_rs256: bool = False
    signs_userinfo: bool = False
    has_pairwise_subjects: bool = False


NAMES = tuple(field.name for field in fields(ClientSettings))


def settings_of(client: OAuthClient) -> ClientSettings:
    return ClientSettings(**{name: getattr(client, name) for name in NAMES})


def apply(client: OAuthClient, desired: ClientSettings) -> None:
    """Set the columns of a client.

    Raises:
        InvalidClientSettings
    """
    for name in NAMES:
        setattr(client, name, CHECKS.get(name, unchanged)(getattr(desired, name)))
    if not (client.redirect_uris or client.service_account_id or client.is_for_devices):
        raise InvalidClientSettings(
            _(
                "Enter at least one redirect URI, unless the app has a service account or runs on devices without a "
                "browser."
            )
        )
    if client.is_public and client.has_keys:
        raise InvalidClientSettings(_("A public app cannot keep a private key, so it has no public keys either."))
    if client.jwks and client.jwks_uri:
        raise InvalidClientSettings(_("Enter public keys or their URL, not both."))


def unchanged(value: Any) -> Any:
    return value


def checked_operator(value: str | None) -> str:
    """Check the name of the operator of an app, which the consent page shows.

    Raises:
        InvalidClientSettings
    """
    operator = (value or "").strip()
    # Characters that are not printable include those that change the direction of the text beside them.
    if len(operator) > LONGEST_OPERATOR or not operator.isprintable():
        raise InvalidClientSettings(_("The operator of an app has at most 100 printable characters."))
    return operator


def checked_uris(uris: Sequence[str]) -> list[str]:
    """Check the redirect URIs of a client. Returns them without duplicates.

    Raises:
        InvalidClientSettings
    """
    if len(uris) > MOST_REDIRECT_URIS:
        raise InvalidClientSettings(_("An app has at most 20 redirect URIs."))
    try:
        return list(dict.fromkeys(redirect_uris.checked(uri) for uri in uris))
    except redirect_uris.InvalidRedirectUri as error:
        raise InvalidClientSettings(str(error)) from error


def checked_resources(uris: Sequence[str]) -> list[str]:
    """Check the resource URIs (RFC 8707) that a client may request tokens for.

    Raises:
        InvalidClientSettings
    """
    try:
        return resources.checked(uris)
    except resources.InvalidResource as error:
        raise InvalidClientSettings(str(error)) from error


def checked_keys(jwks: str | None) -> str:
    """Check the JWKS of a client that authenticates with ``private_key_jwt``.

    Raises:
        InvalidClientSettings
    """
    try:
        return client_keys.checked(jwks or "")
    except client_keys.InvalidClientKeys as error:
        raise InvalidClientSettings(str(error)) from error


def checked_url(value: str | None) -> str:
    """Check the URL to which logout tokens are sent (OpenID Connect Back-Channel Logout 1.0 §2.2).

    Raises:
        InvalidClientSettings
    """
    url = (value or "").strip()
    if not url:
        return ""
    parts = redirect_uris.split(url)
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname or len(url) > LONGEST_URL:
        raise InvalidClientSettings(
            _("Enter a complete back-channel logout URL, such as https://app.example.org/logout.")
        )
    if "#" in url or parts.username is not None:
        raise InvalidClientSettings(_("The back-channel logout URL has no fragment and no user name."))
    return url


def checked_level(acr: str | None) -> str:
    """Check the minimal authentication level (``acr``) of logins to an app.

    Raises:
        InvalidClientSettings
    """
    if acr and acr not in BY_ACR:
        raise InvalidClientSettings(_("The level of a login is aal1, aal2 or phr."))
    return acr or ""


def checked_lifetime(lifetime: timedelta | None) -> timedelta | None:
    """Check the lifetime of tokens or logins; None also for 0, by which a command removes it.

    Raises:
        InvalidClientSettings
    """
    if lifetime and lifetime < SHORTEST:
        raise InvalidClientSettings(_("A lifetime is at least 1 minute."))
    return lifetime or None


def checked_keys_url(value: str | None) -> str:
    """Check the ``jwks_uri`` of a client, from which its public keys are fetched.

    Raises:
        InvalidClientSettings
    """
    url = (value or "").strip()
    parts = redirect_uris.split(url)
    is_complete = parts is not None and parts.scheme == "https" and parts.hostname and parts.username is None
    if url and (not is_complete or "#" in url or len(url) > LONGEST_URL):
        raise InvalidClientSettings(_("Enter the URL of the public keys with https, without user name and fragment."))
    return url


def sorted_names(names: Sequence[str]) -> list[str]:
    return sorted(set(names))


CHECKS: dict[str, Callable[[Any], Any]] = {
    "operator": checked_operator,
    "redirect_uris": checked_uris,
    "post_logout_redirect_uris": checked_uris,
    "backchannel_logout_uri": checked_url,
    "scopes": sorted_names,
    "resources": checked_resources,
    "jwks": checked_keys,
    "jwks_uri": checked_keys_url,
    "roles": sorted_names,
    "people": sorted_names,
    "demanded_level": checked_level,
    "access_lifetime": checked_lifetime,
    "login_lifetime": checked_lifetime,
    "group_roles": sorted_names,
}
"""What a value must be; it returns the value to store or raises ``InvalidClientSettings``."""
