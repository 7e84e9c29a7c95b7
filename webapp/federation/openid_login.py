"""OpenIdLogin: a login with a provider of OpenID Connect (Core §3.1), from the request to the verified identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from webapp.core.digests import constant_time_equal
from webapp.core.pkce import challenge_of
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.code_exchange import ClientLogin, redeem
from webapp.federation.id_token_rules import ExpectedClaims, verified_claims
from webapp.federation.pending_requests import PendingRequest, RequestSecrets
from webapp.federation.provider_http import UpstreamHttp
from webapp.federation.provider_identity import ProviderIdentity, identity_of
from webapp.federation.provider_metadata import MetadataCache, ProviderMetadata, quoted

LONGEST_CODE = 2048
OF_ID_TOKEN = frozenset(
    {
        "iss",
        "sub",
        "aud",
        "azp",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "at_hash",
        "c_hash",
        "acr",
        "amr",
        "auth_time",
        "sid",
        "events",
    }
)
"""Claims that count only in an ID token: about itself, and about the authentication and the session there."""


@dataclass(frozen=True, slots=True, repr=False)
class Provider:
    """What the protocol needs to know of a provider; see ``models.LoginProvider``."""

    slug: str
    kind: str
    issuer: str
    client_id: str
    client_secret: str | None
    scopes: Sequence[str]
    endpoints: Mapping[str, str]
    redirect_uri: str
    claim_names: Mapping[str, str] = field(default_factory=dict)
    client_auth_method: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class ProviderRequest:
    """Where the browser is sent, and what is needed when it comes back."""

    url: str
    protocol_state: str = ""
    """For ``PendingRequest.protocol_state``; encrypted if it is secret."""


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """The parameters with which a browser comes back (RFC 6749 §4.1.2, RFC 5849 §2.2)."""

    state: str
    code: str = ""
    issuer: str | None = None
    error: str = ""
    error_description: str = ""
    token: str = ""
    """``oauth_token`` of OAuth 1."""
    verifier: str = ""
    """``oauth_verifier`` of OAuth 1."""


class OpenIdLogin:
    def __init__(self, http: UpstreamHttp) -> None:
        self._http, self.metadata = http, MetadataCache(http)

    def begin(
        self, provider: Provider, pending: PendingRequest, secrets: RequestSecrets, *, login_hint: str = ""
    ) -> ProviderRequest:
        """The authorization request, with which the browser is redirected.

        Raises:
            LoginFailed
        """
        endpoint = self.metadata.find(provider.issuer).endpoints["authorization_endpoint"]
        parameters = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": provider.redirect_uri,
            "scope": " ".join(provider.scopes),
            "state": pending.state,
            "nonce": secrets.nonce,
            "code_challenge": challenge_of(secrets.code_verifier),
            "code_challenge_method": "S256",
        }
        parameters |= {"login_hint": login_hint} if login_hint else {}
        parameters |= {"prompt": "login", "max_age": "0"} if pending.purpose == "confirm" else {}
        return ProviderRequest(with_query(endpoint, parameters))

    def finish(
        self,
        provider: Provider,
        pending: PendingRequest,
        secrets: RequestSecrets,
        response: AuthorizationResponse,
        moment: datetime,
    ) -> ProviderIdentity:
        """Exchange the code, verify the ID token and read userinfo: the identity of the user who comes back.

        Args:
            response: whose ``state`` is that of ``pending``.

        Raises:
            LoginFailed
        """
        found = self.metadata.find(provider.issuer)
        has_response_issuer(response, found)
        code = code_in(response)
        client = ClientLogin(provider.client_id, provider.client_secret, found.sends_secret_in_body)
        tokens = redeem(
            self._http,
            found.endpoints["token_endpoint"],
            client,
            code=code,
            redirect_uri=provider.redirect_uri,
            code_verifier=secrets.code_verifier,
        )
        expected = ExpectedClaims(
            provider.issuer,
            provider.client_id,
            secrets.nonce,
            tokens.access_token,
            pending.begun_at,
            moment,
            pending.begun_at if pending.purpose == "confirm" else None,
        )
        claims = verified_claims(tokens.id_token, found.keys, expected)
        userinfo = self.userinfo(found, tokens.access_token, claims)
        return identity_of(provider.issuer, joined_claims(claims, userinfo), id_token=tokens.id_token or "")

    def userinfo(self, found: ProviderMetadata, access_token: str, claims: Mapping[str, Any]) -> dict[str, Any]:
        """The claims from the UserInfo endpoint (OpenID Connect Core §5.3); empty without one.

        Raises:
            LoginFailed: it does not respond, or responds about another user.
        """
        endpoint = found.endpoints.get("userinfo_endpoint")
        if endpoint is None:
            return {}
        userinfo = self._http.json(Check.USERINFO, endpoint, headers={"Authorization": f"Bearer {access_token}"})
        subject = userinfo.get("sub")
        if not isinstance(subject, str) or not constant_time_equal(subject, claims["sub"]):
            raise LoginFailed(Check.USERINFO, f"sub is {quoted(subject)}, not that of the ID token")
        return userinfo


def joined_claims(claims: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of an ID token, and those that only userinfo has.

    An e-mail address and whether it is verified come from the same source.
    """
    has_email, is_same = "email" in claims, userinfo.get("email") == claims.get("email")
    excluded = {"email_verified"} if has_email and not is_same else set()
    other = {name: value for name, value in userinfo.items() if name not in OF_ID_TOKEN | excluded}
    own = dict(claims)
    if not has_email and "email" in userinfo:
        own.pop("email_verified", None)
    return other | own


def with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def has_response_issuer(response: AuthorizationResponse, found: ProviderMetadata) -> None:
    """``iss`` names the provider (RFC 9207), which prevents mix-up attacks."""
    if response.issuer is None and not found.sends_response_issuer:
        return
    requires_response_issuer(response, found.issuer)


def requires_response_issuer(response: AuthorizationResponse, issuer: str) -> None:
    if response.issuer != issuer:
        raise LoginFailed(Check.RESPONSE_ISSUER, f"iss is {quoted(response.issuer)}, not {issuer}")


def code_in(response: AuthorizationResponse) -> str:
    """The authorization code of a response (RFC 6749 §4.1.2).

    Raises:
        LoginFailed: the provider responds with an error, or without a code.
    """
    if response.error:
        description = f": {quoted(response.error_description)}" if response.error_description else ""
        raise LoginFailed(Check.RESPONSE, f"the provider responds with {quoted(response.error)}{description}")
    if not (response.code and len(response.code) <= LONGEST_CODE and response.code.isascii()):
        raise LoginFailed(Check.RESPONSE, "there is no code")
    return response.code
