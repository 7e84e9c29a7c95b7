"""Flask-Login's manager, for sessions and tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from flask import Flask, Request, current_app, g, request
from flask.ctx import _AppCtxGlobals
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
from webapp.guard.principal import CredentialRef, CredentialRow, NotAccepted, Principal, admit
from webapp.web import i18n
from webapp.web.bearer import TOKEN_END, Presented, presented
from webapp.web.registry import service, services_of
from webapp.web.unproxied import unproxied


class CredentialAccepted(Protocol):
    """A hook: a request was let in with a credential, which was read at ``moment``."""

    def __call__(self, row: CredentialRow, asked: Request, moment: datetime, /) -> None: ...


class ExpiredTokenUsed(Protocol):
    """A hook: a token was refused because it has expired."""

    def __call__(self, credential_id: UUID, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Authenticators:
    """What the guard needs from packages above; provided by the application."""

    by_session: Callable[[], CredentialRef | None]
    """The credential that the cookie names, if it names one."""
    by_token: Callable[[str], CredentialRef]
    """The credential that a token names; ``NotAccepted`` where it is none of ours."""
    standing: Callable[[str], CredentialRow | None]
    seen: CredentialAccepted
    """Told of every request that was let in with a credential, and when the credential was read."""
    late: ExpiredTokenUsed
    """Told of every token that was refused because its time is over."""


class SessionOrTokenLoginManager(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Flask-Login without its own cookie reading: sessions and tokens are read by our authenticators.

    Its ``after_request`` hook is left out: it keeps the remember cookie, which we never set, and would open the
    session on every answer.
    """

    session_protection = None

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:
        app.login_manager = self  # type: ignore[attr-defined]  # the name that Flask-Login looks for
        if add_context_processor:
            # The proxy and not the user, whom Flask-Login would load for every page: one that says that the database
            # does not answer must not ask it.
            app.context_processor(lambda: {"current_user": current_user})

    def _load_user(self) -> None:
        user_accessed.send(current_app._get_current_object())  # type: ignore[attr-defined]
        try:
            self._update_request_context_with_user(caller())
        except NotAccepted:
            self._update_request_context_with_user(None)


def caller() -> Principal | None:
    """Who is behind this request; None where nobody says so.

    Raises:
        NotAccepted: a credential was brought that does not hold.
    """
    kept = unproxied(g)
    if "caller" not in kept:
        kept.caller = recognise(kept)
        if isinstance(kept.caller, Principal):
            # What stands where Flask-Login keeps its user is what current_user gives.
            kept._login_user = kept.caller
            announce(kept.caller)
    found: Principal | NotAccepted | None = kept.caller
    if isinstance(found, NotAccepted):
        raise found
    return found


def log_in(principal: Principal) -> None:
    """Make somebody the caller of this request: what it answers from now on is in their language."""
    login_user(principal)
    g.caller = principal
    i18n.refresh()


def log_out() -> None:
    """The request has no caller any more, and answers in the language that the browser asks for."""
    logout_user()
    g.caller = None
    i18n.refresh()


def let_in() -> None:
    """The guard lets this request in: its credential counts as used, now or as soon as somebody asks for it.

    A public page asks for it only to greet its reader. A request that is refused uses nothing, whatever it brought.
    """
    kept = unproxied(g)
    kept.is_let_in = True
    if "use" in kept:
        count_use(*kept.use)


def count_use(seen: CredentialAccepted, standing: CredentialRow, moment: datetime) -> None:
    seen(standing, unproxied(request), moment)


def recognise(kept: _AppCtxGlobals) -> Principal | NotAccepted | None:
    authenticators = service(Authenticators)
    asked = unproxied(request)
    shown = presented(asked)
    try:
        claim = authenticators.by_session() if shown is None else named_by(authenticators, shown)
        if claim is None:
            return None
        standing = authenticators.standing(claim.key)
        moment = now()
        principal = admit(claim, standing, moment)
        if shown is not None:
            dpop_binding.check(shown, principal, standing)
    except NotAccepted as error:
        if error.code == "token_expired" and (credential_id := expired_one(error)) is not None:
            authenticators.late(credential_id)
        return error
    if standing is not None:
        kept.use = authenticators.seen, standing, moment
        if "is_let_in" in kept:
            count_use(*kept.use)
    if shown is not None:
        asked.environ[TOKEN_END] = principal.expires_at, (principal.expires_at - moment).days
    return principal


def expired_one(error: NotAccepted) -> UUID | None:
    if error.standing is not None:
        return error.standing.credential_id
    return UUID(hex=error.key) if error.key else None


def named_by(authenticators: Authenticators, shown: Presented) -> CredentialRef:
    if shown.token is None:
        raise NotAccepted("token_invalid", "not one bearer token")
    return authenticators.by_token(shown.token)


def announce(principal: Principal) -> None:
    signal = user_loaded_from_cookie if principal.credential == "session" else user_loaded_from_request
    if signal.receivers:
        signal.send(current_app._get_current_object(), user=principal)  # type: ignore[attr-defined]


def init_app(app: Flask, authenticators: Authenticators) -> None:
    services_of(app).provide(Authenticators)(authenticators)
    SessionOrTokenLoginManager(app)
