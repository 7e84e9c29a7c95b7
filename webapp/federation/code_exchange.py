"""The token request (RFC 6749 §4.1.3): exchange a code for tokens at a provider."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from webapp.federation.checks import Check, LoginFailed
from webapp.federation.provider_http import UpstreamHttp, json_object
from webapp.federation.provider_metadata import quoted

LONGEST_TOKEN = 16 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True, slots=True, repr=False)
class ClientLogin:
    """How this site authenticates at the token endpoint."""

    client_id: str
    secret: str | None
    """None for a public client."""
    is_in_body: bool = False
    """Whether the secret goes into the body (``client_secret_post``) instead of the header."""


@dataclass(frozen=True, slots=True, repr=False)
class GivenTokens:
    access_token: str
    id_token: str | None


def redeem(
    http: UpstreamHttp, endpoint: str, client: ClientLogin, *, code: str, redirect_uri: str, code_verifier: str
) -> GivenTokens:
    """Exchange a code for tokens.

    Raises:
        LoginFailed: the provider refuses, or the response is no token response (RFC 6749 §5.1).
    """
    parameters = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
    }
    headers = dict(FORM)
    if client.secret is not None and not client.is_in_body:
        user_pass = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
        headers["Authorization"] = f"Basic {b64encode(user_pass.encode()).decode()}"
    else:
        parameters |= {"client_id": client.client_id}
        parameters |= {"client_secret": client.secret} if client.secret is not None else {}
    answer = http.send(Check.TOKEN_RESPONSE, "POST", endpoint, body=urlencode(parameters).encode(), headers=headers)
    return read(answer.status, answer.body)


def read(status: int, body: bytes) -> GivenTokens:
    if status in range(300, 400):
        raise LoginFailed(Check.TOKEN_RESPONSE, "the token endpoint redirects, which is not followed")
    response = json_object(Check.TOKEN_RESPONSE, body)
    # GitHub responds to errors with status 200.
    if status != 200 or "error" in response:
        raise LoginFailed(Check.TOKEN_RESPONSE, f"status {status}, {error_in(response)}")
    token, kind, id_token = (response.get(name) for name in ("access_token", "token_type", "id_token"))
    if not isinstance(token, str) or not (token.isascii() and token.isprintable() and 0 < len(token) <= LONGEST_TOKEN):
        raise LoginFailed(Check.TOKEN_RESPONSE, "there is no access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise LoginFailed(Check.TOKEN_RESPONSE, f"token_type is {quoted(kind)}, not Bearer")
    if id_token is not None and not isinstance(id_token, str):
        raise LoginFailed(Check.TOKEN_RESPONSE, "id_token is no text")
    return GivenTokens(token, id_token)


def error_in(response: dict[str, Any]) -> str:
    """The error of a response (RFC 6749 §5.2), shortened."""
    words = f"error {quoted(response.get('error'))}"
    return f"{words}: {quoted(response['error_description'])}" if "error_description" in response else words
