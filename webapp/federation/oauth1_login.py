"""OAuth1Login: a login with a provider of OAuth 1.0a (RFC 5849); oauthlib signs the requests."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl

from jwt import InvalidKeyError
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_RSA_SHA1, Client

from webapp.core.digests import constant_time_equal
from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.claim_names import named_identity
from webapp.federation.oauth2_login import endpoint_of, refuse_confirmation
from webapp.federation.openid_login import AuthorizationResponse, Provider, ProviderRequest, code_in, with_query
from webapp.federation.pending_requests import PendingRequest, RequestSecrets
from webapp.federation.provider_http import UpstreamHttp, json_object
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.provider_metadata import quoted

LONGEST = 255
"""Characters of a token or its secret; they wait in the session cookie."""
MOST_FIELDS = 20


@dataclass(frozen=True, slots=True, repr=False)
class TokenPair:
    """A token and the secret that belongs to it (RFC 5849 §1.1)."""

    token: str
    secret: str


class OAuth1Login:
    """Login with a provider of OAuth 1.0a (RFC 5849): request token, authorization, access token, user data.

    Args:
        encryptor: for the secret of the request token, which waits in the session cookie.
    """

    def __init__(self, http: UpstreamHttp, encryptor: Encryptor) -> None:
        self._http, self._encryptor = http, encryptor

    def begin(
        self,
        provider: Provider,
        pending: PendingRequest,
        secrets: RequestSecrets,  # noqa: ARG002 - there is no PKCE
        *,
        login_hint: str = "",  # noqa: ARG002 - nor a hint
    ) -> ProviderRequest:
        """Get a request token (RFC 5849 §2.1), with which the browser is sent to the provider (§2.2).

        The protocol has no ``state``; the callback has it in its query, which the provider keeps.

        Raises:
            LoginFailed
        """
        refuse_confirmation(pending)
        page = endpoint_of(provider, "authorization_endpoint")
        callback = with_query(provider.redirect_uri, {"state": pending.state})
        client = client_of(provider, callback_uri=callback)
        response_parameters = self.requested(Check.REQUEST_TOKEN, provider, "request_token_endpoint", client)
        # Without it the provider has version 1.0, where others can finish a login that they began (session fixation).
        if response_parameters.get("oauth_callback_confirmed") != "true":
            raise LoginFailed(
                Check.REQUEST_TOKEN,
                f"oauth_callback_confirmed is {quoted(response_parameters.get('oauth_callback_confirmed'))}",
            )
        pair = pair_in(Check.REQUEST_TOKEN, response_parameters)
        sealed = self._encryptor.seal(json.dumps([pair.token, pair.secret]).encode(), belongs_to=owner(pending))
        return ProviderRequest(with_query(page, {"oauth_token": pair.token}), urlsafe_b64encode(sealed).decode())

    def finish(
        self,
        provider: Provider,
        pending: PendingRequest,
        secrets: RequestSecrets,  # noqa: ARG002
        response: AuthorizationResponse,
        moment: datetime,  # noqa: ARG002 - nothing here has a time
    ) -> ProviderIdentity:
        """See ``LoginProtocol.finish``."""
        refuse_confirmation(pending)
        request_token, verifier = self.request_token_of(pending), verifier_in(response)
        if not constant_time_equal(response.token, request_token.token):
            raise LoginFailed(Check.STATE, "oauth_token belongs to another login")
        exchanging = client_of(provider, request_token, verifier=verifier)
        response_parameters = self.requested(Check.TOKEN_RESPONSE, provider, "token_endpoint", exchanging)
        client = client_of(provider, pair_in(Check.TOKEN_RESPONSE, response_parameters))
        url = endpoint_of(provider, "userinfo_endpoint")
        found = self._http.body(Check.USERINFO, url, headers=signed(Check.USERINFO, client, "GET", url))
        return named_identity(provider.issuer, json_object(Check.USERINFO, found), provider.claim_names)

    def request_token_of(self, pending: PendingRequest) -> TokenPair:
        """The request token of a login."""
        try:
            opened = self._encryptor.open(urlsafe_b64decode(pending.protocol_state), belongs_to=owner(pending))
        except (DecryptionFailed, ValueError) as error:
            raise LoginFailed(Check.STATE, "the request token of this login cannot be decrypted") from error
        return TokenPair(*json.loads(opened))

    def requested(self, check: Check, provider: Provider, endpoint: str, client: Client) -> dict[str, str]:
        """The parameters of a token response (RFC 5849 §2.1, §2.3).

        Raises:
            LoginFailed
        """
        url = endpoint_of(provider, endpoint)
        answer = self._http.send(check, "POST", url, body=b"", headers=signed(check, client, "POST", url))
        if answer.status != 200:
            raise LoginFailed(check, f"{endpoint} responds with status {answer.status}: {quoted(answer.body[:100])}")
        return form_in(check, answer.body)


def owner(pending: PendingRequest) -> str:
    return f"{pending.slug} {pending.state}"


def client_of(
    provider: Provider, pair: TokenPair | None = None, *, callback_uri: str = "", verifier: str = ""
) -> Client:
    """The oauthlib client that signs requests to a provider (RFC 5849 §3.4).

    Raises:
        LoginFailed: the signature method is not supported.
    """
    method, secret = provider.client_auth_method or SIGNATURE_HMAC_SHA1, provider.client_secret or ""
    if method not in (SIGNATURE_HMAC_SHA1, SIGNATURE_RSA_SHA1):
        raise LoginFailed(Check.METADATA, f"the signature method {quoted(method)} is not supported")
    is_rsa = method == SIGNATURE_RSA_SHA1
    return Client(
        provider.client_id,
        client_secret="" if is_rsa else secret,
        rsa_key=secret if is_rsa else None,
        resource_owner_key=pair.token if pair else None,
        resource_owner_secret=pair.secret if pair else None,
        callback_uri=callback_uri or None,
        verifier=verifier or None,
        signature_method=method,
    )


def signed(check: Check, client: Client, method: str, url: str) -> dict[str, str]:
    """The ``Authorization`` header of a signed request (RFC 5849 §3.5.1).

    Raises:
        LoginFailed: the private key or the URL cannot be read.
    """
    try:
        _, headers, _ = client.sign(url, method)
    except (ValueError, TypeError, InvalidKeyError) as error:
        # Not the message, which may repeat the key.
        raise LoginFailed(check, "the request cannot be signed: the private key is not one of RSA in PEM") from error
    return dict(headers)


def form_in(check: Check, body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii").strip(), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise LoginFailed(check, "the response is not form-encoded") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise LoginFailed(check, "a parameter comes twice")
    return found


def pair_in(check: Check, response_parameters: dict[str, str]) -> TokenPair:
    token, secret = response_parameters.get("oauth_token", ""), response_parameters.get("oauth_token_secret")
    if not token or secret is None:
        raise LoginFailed(check, "oauth_token or oauth_token_secret is missing")
    if not all(one.isascii() and one.isprintable() and len(one) <= LONGEST for one in (token, secret)):
        raise LoginFailed(check, f"oauth_token or its secret is longer than {LONGEST} characters or not ASCII")
    return TokenPair(token, secret)


def verifier_in(response: AuthorizationResponse) -> str:
    """The ``oauth_verifier`` of an authorization response (RFC 5849 §2.2).

    Raises:
        LoginFailed: the provider responds with an error, or without a verifier, as after *Cancel*.
    """
    return code_in(replace(response, code=response.verifier))
