"""checked(): a logout that an app starts (OpenID Connect RP-Initiated Logout 1.0 §2, §3)."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.translation import _
from webapp.oauth import clients
from webapp.oauth.id_token_hint import HintInvalid, hinted_login
from webapp.oauth.models import OAuthClient
from webapp.oauth.request_rules import Parameters, first


class LogoutRefused(Exception):
    """The request is not valid; the message is for the person who sees it, because nobody is sent anywhere."""

    def __init__(self, message: str, client_id: UUID | None = None, redirect_uri: str = "") -> None:
        """Keep the reason, and the redirect URI that is not registered.

        Args:
            client_id: of an app that has not registered ``redirect_uri``.
        """
        super().__init__(message)
        self.client_id, self.redirect_uri = client_id, redirect_uri


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A valid request for a logout."""

    client: OAuthClient | None
    """The app, if the request says which."""
    session_id: UUID | None
    """The session of its ID token, if that names one."""
    next_url: str | None
    """Where the browser goes afterwards."""


def checked(db: Session, parameters: Parameters, *, issuer: str, keys: IdTokenKeys) -> LogoutRequest:
    """Validate a request of the end session endpoint (OpenID Connect RP-Initiated Logout 1.0 §2).

    Raises:
        LogoutRefused
    """
    if repeated := [name for name, values in parameters.items() if len(values) > 1]:
        raise LogoutRefused(_("%(name)s was sent more than once.", name=repeated[0][:50]))
    hint = first(parameters, "id_token_hint")
    try:
        hinted = hinted_login(hint, issuer=issuer, keys=keys) if hint else None
    except HintInvalid as error:
        raise LogoutRefused(_("The ID token was not issued by this site.")) from error
    client_id_parameter = first(parameters, "client_id")
    if hinted is not None and client_id_parameter not in (None, hinted.client_id):
        raise LogoutRefused(_("The client_id is not that of the ID token."))
    client_id = hinted.client_id if hinted else client_id_parameter
    client = clients.find(db, client_id)
    if client_id is not None and client is None:
        raise LogoutRefused(_("No app with this client_id is registered on this site."))
    uri, state = first(parameters, "post_logout_redirect_uri"), first(parameters, "state")
    if uri is not None and (client is None or uri not in client.post_logout_redirect_uris):
        message = _("The app has not registered this post_logout_redirect_uri.")
        raise LogoutRefused(message, client.id if client else None, uri)
    if uri is not None and state is not None:
        uri = f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"
    return LogoutRequest(client, hinted.session_id if hinted else None, uri)
