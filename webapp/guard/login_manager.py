"""Flask-Login's manager, for sessions and tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from flask import Flask, Request, current_app, g, session
from flask.ctx import _AppCtxGlobals
from flask.globals import request_ctx
from flask_login import (
    LoginManager,
    current_user,
    login_user,
    logout_user,
    user_accessed,
    user_loaded_from_cookie,
    user_loaded_from_request,
)

from webapp.core.clock import now
from webapp.guard import dpop_binding
from webapp.guard.principal import CredentialRef, CredentialRow, NotAccepted, Principal, principal_from
from webapp.web import i18n
from webapp.web.bearer import TOKEN_END, PresentedToken, presented
from webapp.web.registry import services_of
from webapp.web.unproxied import unproxied


class CredentialAccepted(Protocol):
    """Hook: called when a request was authorized with a credential, whose row was read at ``moment``.

    Args:
        use: method and route that it was used for, if not those of the request.
    """

    def __call__(
        self, row: CredentialRow, request: Request, moment: datetime, /, use: tuple[str, str] | None = None
    ) -> None: ...


class FormerSecretUsed(Protocol):
    """Hook: called with the key of a session secret that no session has; the row of its session if it is accepted."""

    def __call__(self, key: str, /) -> CredentialRow | None: ...


class SessionAccepted(Protocol):
    """Hook: called before the view when a session was accepted on a route that is not public."""

    def __call__(self, session: Principal, moment: datetime, /) -> None: ...


class ExpiredTokenUsed(Protocol):
    """Hook: called when a token was refused because it has expired."""

    def __call__(self, credential_id: UUID, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Authenticators:
    """What the guard needs from packages above; provided by the application."""

    by_session: Callable[[], CredentialRef | None]
    """Reads the session cookie of the current request."""
    by_token: Callable[[str], CredentialRef]
    """Verifies a token; raises ``NotAccepted`` for one that this site did not issue."""
    credential_row: Callable[[str], CredentialRow | None]
    """Reads the row of a credential by its key."""
    count_use: CredentialAccepted
    report_expired_use: ExpiredTokenUsed
    former: FormerSecretUsed
    renew_session: SessionAccepted


class SessionOrTokenLoginManager(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Flask-Login without its own cookie reading: sessions and tokens are read by our authenticators.

    Its ``after_request`` hook is left out: it handles the remember cookie, which we never set, and would load the
    session for every response.
    """

    session_protection = None

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:
        app.login_manager = self  # type: ignore[attr-defined]  # the name that Flask-Login looks for
        if add_context_processor:
            # The proxy, not the user: Flask-Login would load the user for every page, also for the error page of a
            # database that is unavailable.
            app.context_processor(lambda: {"current_user": current_user})

    def _load_user(self) -> None:
        user_accessed.send(current_app._get_current_object())  # type: ignore[attr-defined]
        try:
            self._update_request_context_with_user(caller())
        except NotAccepted:
            forget_session()
            self._update_request_context_with_user(None)


def caller() -> Principal | None:
    """The caller of this request, authenticated at the first call; None without a credential.

    Raises:
        NotAccepted: the credential is invalid, expired or ended.
    """
    app_globals = unproxied(g)
    if "caller" not in app_globals:
        app_globals.caller = authenticate(app_globals)
        if isinstance(app_globals.caller, Principal):
            # Where Flask-Login stores its user, for ``current_user``.
            app_globals._login_user = app_globals.caller
            announce(app_globals.caller)
    found: Principal | NotAccepted | None = app_globals.caller
    if isinstance(found, NotAccepted):
        raise found
    return found


def log_in(principal: Principal) -> None:
    """Make ``principal`` the caller for the rest of this request; the response is in their language."""
    login_user(principal)
    g.caller = principal
    i18n.refresh()


def log_out() -> None:
    """Remove the caller for the rest of this request; the response is in the language of the browser."""
    logout_user()
    g.caller = None
    i18n.refresh()


def forget_session() -> None:
    """Take an ended session out of the browser's cookie; what else the cookie holds, such as messages, stays."""
    if presented() is None:
        for key in ("_user_id", "_fresh", "_id", "_permanent"):
            session.pop(key, None)


def mark_authorized() -> None:
    """Mark this request as authorized, so that its credential counts as used, now or when it is read later.

    On public pages that happens only if the page shows the user. A refused request does not count as use.
    """
    app_globals = unproxied(g)
    app_globals.is_authorized = True
    if "use" in app_globals:
        count_use(*app_globals.use)


def count_use(
    on_accepted: CredentialAccepted, credential_row: CredentialRow, current: Request, moment: datetime
) -> None:
    on_accepted(credential_row, current, moment)


def authenticate(app_globals: _AppCtxGlobals) -> Principal | NotAccepted | None:
    """Authenticate by the token if the request presents one, else by the session cookie. Does not raise NotAccepted."""
    context = unproxied(request_ctx)
    current, authenticators = context.request, services_of(context.app).get(Authenticators)
    presented_token = presented(current)
    try:
        claim = (
            authenticators.by_session() if presented_token is None else credential_of(authenticators, presented_token)
        )
        if claim is None:
            return None
        credential_row = authenticators.credential_row(claim.key)
        if credential_row is None and presented_token is None:
            credential_row = authenticators.former(claim.key)
        moment = now()
        principal = principal_from(claim, credential_row, moment)
        if presented_token is not None:
            dpop_binding.check(presented_token, principal, credential_row)
    except NotAccepted as error:
        if error.code == "token_expired" and (credential_id := expired_one(error)) is not None:
            authenticators.report_expired_use(credential_id)
        return error
    if credential_row is not None:
        app_globals.use = authenticators.count_use, credential_row, current, moment
        if "is_authorized" in app_globals:
            count_use(*app_globals.use)
    if presented_token is not None:
        current.environ[TOKEN_END] = principal.expires_at, (principal.expires_at - moment).days
    return principal


def expired_one(error: NotAccepted) -> UUID | None:
    if error.credential_row is not None:
        return error.credential_row.credential_id
    return UUID(hex=error.key) if error.key else None


def credential_of(authenticators: Authenticators, presented_token: PresentedToken) -> CredentialRef:
    if presented_token.token is None:
        if presented_token.token_id is not None:
            return CredentialRef(key=presented_token.token_id.hex, kind="token")
        raise NotAccepted("token_invalid", "not one bearer token")
    return authenticators.by_token(presented_token.token)


def announce(principal: Principal) -> None:
    signal = user_loaded_from_cookie if principal.credential == "session" else user_loaded_from_request
    if signal.receivers:
        signal.send(current_app._get_current_object(), user=principal)  # type: ignore[attr-defined]


def init_app(app: Flask, authenticators: Authenticators) -> None:
    services_of(app).provide(Authenticators)(authenticators)
    SessionOrTokenLoginManager(app)
