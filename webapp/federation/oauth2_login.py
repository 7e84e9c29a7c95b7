"""OAuth2Login: a login with a provider of OAuth 2 without OpenID Connect, such as GitHub."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from webapp.core.pkce import challenge_of
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.claim_names import named_identity
from webapp.federation.code_exchange import ClientLogin, redeem
from webapp.federation.openid_login import (
    AuthorizationResponse,
    Provider,
    ProviderRequest,
    code_in,
    requires_response_issuer,
    with_query,
)
from webapp.federation.pending_requests import PendingRequest, RequestSecrets
from webapp.federation.provider_http import UpstreamHttp
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.provider_metadata import is_endpoint, quoted

BASIC = "client_secret_basic"
EMAIL = "email", "email_verified"


class OAuth2Login:
    """Login with a provider of OAuth 2 (RFC 6749) without ID tokens.

    Only the UserInfo endpoint identifies the user, by the access token that came directly from the provider.
    """

    def __init__(self, http: UpstreamHttp) -> None:
        self._http = http

    def begin(
        self, provider: Provider, pending: PendingRequest, secrets: RequestSecrets, *, login_hint: str = ""
    ) -> ProviderRequest:
        """The authorization request (RFC 6749 §4.1.1), with PKCE.

        Raises:
            LoginFailed
        """
        refuse_confirmation(pending)
        parameters = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": provider.redirect_uri,
            "state": pending.state,
            "code_challenge": challenge_of(secrets.code_verifier),
            "code_challenge_method": "S256",
        }
        parameters |= {"scope": " ".join(provider.scopes)} if provider.scopes else {}
        parameters |= {"login_hint": login_hint} if login_hint else {}
        return ProviderRequest(with_query(endpoint_of(provider, "authorization_endpoint"), parameters))

    def finish(
        self,
        provider: Provider,
        pending: PendingRequest,
        secrets: RequestSecrets,
        response: AuthorizationResponse,
        moment: datetime,  # noqa: ARG002 - nothing here has a time
    ) -> ProviderIdentity:
        """See ``LoginProtocol.finish``."""
        refuse_confirmation(pending)
        # Providers of this kind rarely send it; one that does must be right (RFC 9207 §2.4).
        if response.issuer is not None:
            requires_response_issuer(response, provider.issuer)
        tokens = redeem(
            self._http,
            endpoint_of(provider, "token_endpoint"),
            ClientLogin(provider.client_id, provider.client_secret, provider.client_auth_method != BASIC),
            code=code_in(response),
            redirect_uri=provider.redirect_uri,
            code_verifier=secrets.code_verifier,
        )
        bearer = {"Authorization": f"Bearer {tokens.access_token}"}
        found = self._http.json(Check.USERINFO, endpoint_of(provider, "userinfo_endpoint"), headers=bearer)
        return named_identity(provider.issuer, found, provider.claim_names, self.verified_email(provider, bearer))

    def verified_email(self, provider: Provider, bearer: Mapping[str, str]) -> dict[str, Any]:
        """The claims of the e-mail address, where the provider has a list of them; else none.

        Raises:
            LoginFailed
        """
        if "emails_endpoint" not in provider.endpoints:
            return {}
        emails = self._http.json_list(Check.USERINFO, endpoint_of(provider, "emails_endpoint"), headers=bearer)
        return dict(zip(EMAIL, primary_in(emails), strict=True))


def primary_in(emails: Sequence[Any]) -> tuple[str | None, bool]:
    """The primary e-mail address and whether it is verified; no e-mail address if none or several are."""
    found = [
        one["email"]
        for one in emails
        if isinstance(one, dict)
        and one.get("primary") is True
        and one.get("verified") is True
        and isinstance(one.get("email"), str)
    ]
    return (found[0], True) if len(found) == 1 else (None, False)


def refuse_confirmation(pending: PendingRequest) -> None:
    """Refuse a step-up with a provider that sends no ``auth_time``.

    Raises:
        LoginFailed: the login must confirm who the user is, but this kind of provider does not show when they
            authenticated.
    """
    if pending.purpose == "confirm":
        raise LoginFailed(Check.AUTHENTICATION_TIME, "this kind of provider does not show when the user authenticated")


def endpoint_of(provider: Provider, name: str) -> str:
    """The URL of a provider's endpoint, by its name in the settings.

    Raises:
        LoginFailed: it is not set, or not a URL.
    """
    url = provider.endpoints.get(name)
    if url is None or not is_endpoint(url, provider.issuer):
        raise LoginFailed(Check.METADATA, f"{name} of this provider is {quoted(url)}")
    return url
