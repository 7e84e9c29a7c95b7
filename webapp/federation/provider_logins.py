"""ProviderLogins: logins with providers, by protocol, from the request to the verified identity."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from webapp.core.encryption import Encryptor
from webapp.core.outgoing_http import OutgoingHttp
from webapp.federation import logout_tokens
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.logout_tokens import LogoutToken
from webapp.federation.oauth1_login import OAuth1Login
from webapp.federation.oauth2_login import OAuth2Login
from webapp.federation.openid_login import AuthorizationResponse, OpenIdLogin, Provider, ProviderRequest, with_query
from webapp.federation.pending_requests import PendingRequest, RequestKeys, RequestSecrets
from webapp.federation.provider_http import UpstreamHttp
from webapp.federation.provider_identity import ProviderIdentity


class LoginProtocol(Protocol):
    """A protocol by which users log in with a provider."""

    def begin(
        self, provider: Provider, pending: PendingRequest, secrets: RequestSecrets, *, login_hint: str = ""
    ) -> ProviderRequest:
        """The request with which the browser is redirected.

        Raises:
            LoginFailed
        """

    def finish(
        self,
        provider: Provider,
        pending: PendingRequest,
        secrets: RequestSecrets,
        response: AuthorizationResponse,
        moment: datetime,
    ) -> ProviderIdentity:
        """The identity of the user who comes back.

        Raises:
            LoginFailed
        """


class ProviderLogins:
    """Begins and finishes logins with identity providers of every protocol, and verifies their logout tokens.

    Args:
        secret_key: of this site.
        at_once: threads that may wait for providers at a time.
    """

    def __init__(self, secret_key: str, http: OutgoingHttp, *, at_once: int) -> None:
        self._keys = RequestKeys(secret_key)
        self.http = UpstreamHttp(http, at_once)
        self.openid = OpenIdLogin(self.http)
        self._by_kind: Mapping[str, LoginProtocol] = {
            "oidc": self.openid,
            "oauth2": OAuth2Login(self.http),
            "oauth1": OAuth1Login(self.http, Encryptor(secret_key, "request token")),
        }

    def begin(self, provider: Provider, pending: PendingRequest, *, login_hint: str = "") -> tuple[str, PendingRequest]:
        """The URL that the browser is redirected to, and the request as it has to be stored.

        Raises:
            LoginFailed
        """
        secrets = self._keys.secrets_of(pending)
        with self.http.place(Check.METADATA):
            request = self._of(provider).begin(provider, pending, secrets, login_hint=login_hint)
        return request.url, replace(pending, protocol_state=request.protocol_state)

    def finish(
        self, provider: Provider, pending: PendingRequest, response: AuthorizationResponse, moment: datetime
    ) -> ProviderIdentity:
        """See ``LoginProtocol.finish``."""
        with self.http.place(Check.METADATA):
            return self._of(provider).finish(provider, pending, self._keys.secrets_of(pending), response, moment)

    def logout_token(self, provider: Provider, token: str, moment: datetime) -> LogoutToken:
        """The content of a logout token; see ``logout_tokens.checked``.

        Raises:
            LoginFailed
        """
        with self.http.place(Check.METADATA):
            keys = self.openid.metadata.find(provider.issuer).keys
            return logout_tokens.checked(
                token, keys, issuer=provider.issuer, client_id=provider.client_id, moment=moment
            )

    def logout_url(self, provider: Provider, parameters: Mapping[str, str]) -> str | None:
        """Where a browser logs out at a provider (OpenID Connect RP-Initiated Logout 1.0 §2); None if it cannot.

        Raises:
            LoginFailed
        """
        with self.http.place(Check.METADATA):
            endpoint = self.openid.metadata.find(provider.issuer).endpoints.get("end_session_endpoint")
        return with_query(endpoint, parameters) if endpoint is not None else None

    def _of(self, provider: Provider) -> LoginProtocol:
        if (found := self._by_kind.get(provider.kind)) is None:
            raise LoginFailed(Check.METADATA, f"there is no kind of provider called {provider.kind}")
        return found
