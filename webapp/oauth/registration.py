"""register(): an app registers itself (RFC 7591, OpenID Connect Dynamic Client Registration 1.0)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.oauth import client_keys, clients, redirect_uris, registration_tokens
from webapp.oauth.client_settings import InvalidClientSettings
from webapp.oauth.clients import NewClient, RegisteredClient
from webapp.oauth.grants import device_code
from webapp.oauth.metadata import AUTHENTICATED, KEY_METHOD, SUBJECT_TYPES
from webapp.oauth.models import OAuthClient
from webapp.verify import Invalid, load

CODE, REFRESH = "authorization_code", "refresh_token"
GRANT_TYPES = {CODE, REFRESH, device_code.GRANT_TYPE}
"""Without client credentials: a service account is given by an admin."""
METHODS = {*AUTHENTICATED, "none"}
RS256 = "RS256"
MAX_APPS = 1000
"""Clients that have registered themselves."""
MOST_NAMES = 50
REFUSED = (
    *("id_token_encrypted_response_alg", "userinfo_encrypted_response_alg", "sector_identifier_uri"),
    *("request_object_signing_alg", "request_object_encryption_alg", "jwks_uri", "software_statement"),
)
"""Metadata that would change how requests and responses look, and is not supported; other unknown ones are ignored."""


class RegistrationRefused(Exception):
    """An error of RFC 7591 §3.2.2; the description is English, for the developer of the client."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


class InitialTokenInvalid(Exception):
    """The initial access token is unknown, used up or expired."""


class ClientMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Client metadata of a registration request (RFC 7591 §2); what is not supported is ignored."""

    redirect_uris: list[str] = []
    client_name: str = ""
    token_endpoint_auth_method: str = "client_secret_basic"
    grant_types: list[str] = msgspec.field(default_factory=lambda: [CODE])
    response_types: list[str] = msgspec.field(default_factory=lambda: ["code"])
    jwks: dict[str, Any] | None = None
    post_logout_redirect_uris: list[str] = []
    backchannel_logout_uri: str = ""
    subject_type: str = "public"
    id_token_signed_response_alg: str = ""
    userinfo_signed_response_alg: str = ""
    require_pushed_authorization_requests: bool = False


def read(body: bytes) -> ClientMetadata:
    """Parse the client metadata of a registration request (RFC 7591 §2).

    Raises:
        RegistrationRefused
    """
    try:
        document = load(body)
        metadata = msgspec.convert(document, ClientMetadata)
    except (Invalid, msgspec.ValidationError) as error:
        raise RegistrationRefused("invalid_client_metadata", ascii_only(str(error))) from error
    if unsupported := [name for name in REFUSED if document.get(name) is not None]:
        raise RegistrationRefused("invalid_client_metadata", f"{unsupported[0]} is not supported")
    return metadata


def ascii_only(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:200]


def has_known_values(metadata: ClientMetadata) -> None:
    if metadata.response_types != ["code"]:
        raise RegistrationRefused("invalid_client_metadata", "response_types must be code")
    if not metadata.grant_types or not GRANT_TYPES.issuperset(metadata.grant_types):
        raise RegistrationRefused("invalid_client_metadata", f"grant_types may be {', '.join(sorted(GRANT_TYPES))}")
    if metadata.token_endpoint_auth_method not in METHODS:
        raise RegistrationRefused("invalid_client_metadata", "token_endpoint_auth_method is not supported")
    if (metadata.token_endpoint_auth_method == KEY_METHOD) is not (metadata.jwks is not None):
        raise RegistrationRefused("invalid_client_metadata", "private_key_jwt needs jwks, and other methods have none")
    if metadata.subject_type not in SUBJECT_TYPES:
        raise RegistrationRefused("invalid_client_metadata", "subject_type must be public or pairwise")


def has_redirect_uris(metadata: ClientMetadata) -> None:
    """Check the redirect URIs by the same rules as in the form of an admin."""
    if not metadata.redirect_uris and CODE in metadata.grant_types:
        raise RegistrationRefused("invalid_redirect_uri", "redirect_uris is missing")
    try:
        for uri in (*metadata.redirect_uris, *metadata.post_logout_redirect_uris):
            redirect_uris.checked(uri)
    except redirect_uris.InvalidRedirectUri as error:
        # The message of the error is translated, and RFC 7591 §3.2.2 allows ASCII only.
        why = "redirect URIs must be https, http on loopback, or of a private-use scheme, without fragment"
        raise RegistrationRefused("invalid_redirect_uri", why) from error


def has_known_keys(metadata: ClientMetadata) -> None:
    try:
        client_keys.checked(json.dumps(metadata.jwks) if metadata.jwks is not None else "")
    except client_keys.InvalidClientKeys as error:
        raise RegistrationRefused("invalid_client_metadata", "jwks has no usable public keys") from error


RULES: tuple[Callable[[ClientMetadata], None], ...] = (has_known_values, has_redirect_uris, has_known_keys)


@dataclass(frozen=True, slots=True)
class SelfRegistered:
    registered: RegisteredClient
    metadata: Mapping[str, Any]
    """What was registered (RFC 7591 §3.2.1)."""


def register(db: Session, token: str, metadata: ClientMetadata, *, algorithms: tuple[str, ...]) -> SelfRegistered:
    """Register an app and use its initial access token; both are undone by a refusal.

    Args:
        algorithms: of ID tokens that an app can choose, the one of the site first.

    Raises:
        InitialTokenInvalid, RegistrationRefused
    """
    allowed = registration_tokens.use(db, token)
    if allowed is None:
        raise InitialTokenInvalid
    for rule in RULES:
        rule(metadata)
    if (db.scalar(select(func.count()).where(OAuthClient.is_self_registered)) or 0) >= MAX_APPS:
        raise RegistrationRefused("invalid_client_metadata", f"{MAX_APPS} apps have registered already")
    algorithm = signature_of(metadata, algorithms)
    new = NewClient(
        name=free_name(db, metadata),
        is_public=metadata.token_endpoint_auth_method == "none",
        is_self_registered=True,
        redirect_uris=metadata.redirect_uris,
        post_logout_redirect_uris=metadata.post_logout_redirect_uris,
        jwks=json.dumps(metadata.jwks) if metadata.jwks is not None else "",
        is_for_devices=device_code.GRANT_TYPE in metadata.grant_types,
        backchannel_logout_uri=metadata.backchannel_logout_uri if allowed.allows_logout_uri else "",
        wants_rs256=algorithm == RS256,
        has_pairwise_subjects=metadata.subject_type == "pairwise",
        signs_userinfo=bool(metadata.userinfo_signed_response_alg),
        require_pushed_authorization_requests=metadata.require_pushed_authorization_requests,
    )
    try:
        registered = clients.register(db, new, origin="registration")
    except InvalidClientSettings as error:
        raise RegistrationRefused("invalid_client_metadata", "client_name, URIs or keys are not accepted") from error
    return SelfRegistered(registered, stated(registered.client, metadata, algorithm))


def signature_of(metadata: ClientMetadata, algorithms: tuple[str, ...]) -> str:
    """The algorithm of ID tokens; RS256 by default, if there is a choice (OpenID Connect Registration §2)."""
    algorithm = metadata.id_token_signed_response_alg or (RS256 if RS256 in algorithms else algorithms[0])
    if algorithm not in algorithms or metadata.userinfo_signed_response_alg not in ("", algorithm):
        choices = " or ".join(algorithms)
        raise RegistrationRefused(
            "invalid_client_metadata", f"ID tokens and userinfo are signed with one of: {choices}"
        )
    return algorithm


def free_name(db: Session, metadata: ClientMetadata) -> str:
    """The name of the app, with a number if another has it: names are how users tell apps apart."""
    parts = redirect_uris.split(metadata.redirect_uris[0]) if metadata.redirect_uris else None
    name = (metadata.client_name or (parts.hostname if parts else None) or "App").strip()
    for number in range(1, MOST_NAMES):
        found = name if number == 1 else f"{name[: clients.LONGEST_NAME - 3]} {number}"
        if clients.by_name_or_id(db, found) is None:
            return found
    raise RegistrationRefused("invalid_client_metadata", "client_name is taken")


def stated(client: OAuthClient, metadata: ClientMetadata, algorithm: str) -> dict[str, Any]:
    members = {
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "token_endpoint_auth_method": metadata.token_endpoint_auth_method,
        "grant_types": metadata.grant_types,
        "response_types": metadata.response_types,
        "subject_type": metadata.subject_type,
        "id_token_signed_response_alg": algorithm,
        "require_pushed_authorization_requests": client.require_pushed_authorization_requests,
    }
    if client.backchannel_logout_uri:
        members |= {
            "backchannel_logout_uri": client.backchannel_logout_uri,
            "backchannel_logout_session_required": True,
        }
    if client.signs_userinfo:
        members["userinfo_signed_response_alg"] = algorithm
    return members | ({"jwks": json.loads(client.jwks)} if client.has_keys else {})
