"""The session cookie: Flask's session interface with a cached serializer, and the credential that a cookie names."""

import hashlib
import re
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Flask, Request, Response, after_this_request, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from webapp.core.cookie_key import CookieKey
from webapp.core.db import Unavailable
from webapp.guard import login_manager, saved_form
from webapp.guard.principal import CredentialRef, Principal
from webapp.sessions.lifecycle import StartedSession, credential_key
from webapp.sessions.rotation import FormerUse, SessionRotation
from webapp.web import after_response, csrf, token_cookie
from webapp.web.bearer import presented
from webapp.web.cookies import UNREADABLE, cookie_attributes, prefixed
from webapp.web.negotiation import is_for_everybody
from webapp.web.unproxied import unproxied

# The session secret, under the key where Flask-Login keeps the user id: sessions can so be ended on the server.
SECRET = "_user_id"
UNSEEN = "unseen"
"""Key under which a new secret is marked until the browser sends it for the first time."""
MINUTE = timedelta(minutes=1)
MAX_REMEMBERED = 4096
LONGEST = 4096
ONE_COOKIE = re.compile("[A-Za-z0-9_.=-]+")
"""A ``Cookie`` header with one cookie, whose value is signed by itsdangerous."""
IMMUTABLE = (str, int, float, type(None))


class UnsavedSession(dict[str, Any], SessionMixin):
    """An empty session that is never saved, for requests with a token. A plain dict, because there are many of them."""

    # The mixin's default is True, which makes Flask check for each response whether the session must be saved.
    modified = False


class CookieSessionInterface(SecureCookieSessionInterface):
    """Session interface that ignores the cookie of requests with a token and caches verified cookies.

    Flask builds its serializer on every request; here it is kept until the key changes. A verified cookie is remembered
    with the time of its signing, so that its age is checked each time. Content with mutable values is kept as JSON and
    parsed again, because sessions must not share them.
    """

    digest_method = staticmethod(hashlib.sha256)

    def __init__(self, key: CookieKey | None = None) -> None:
        self._key = key
        self._taken: tuple[str, ...] = ()
        self._verified: OrderedDict[str, tuple[float, str | dict[str, Any]]] = OrderedDict()
        self._kept: tuple[object, URLSafeTimedSerializer | None] = None, None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        cached, key = self._kept, app.secret_key
        if cached[0] != key:
            # The key is read first: if it changes meanwhile, the serializer is built once more instead of being kept
            # too long.
            cached = self._kept = key, super().get_signing_serializer(app)
        return cached[1]

    def use_current_key(self, app: Flask) -> None:
        """Use the current cookie key, and forget what was verified with another one."""
        if self._key is None or (keys := self._key.current()) is self._taken:
            return
        app.config |= {"SECRET_KEY_FALLBACKS": [*keys[1:]], "SECRET_KEY": keys[0]}
        self._taken, self._verified = keys, OrderedDict()

    def make_null_session(self, app: Flask) -> Any:  # noqa: ARG002 - Flask's; its own refuses to be written to
        return UnsavedSession()

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002 - Flask's
        """Always False, since null sessions are never made. Flask's own isinstance check with an abstract class is
        slow."""
        return False

    def open_session(self, app: Flask, request: Request) -> Any:
        if presented(request) is not None:
            return UnsavedSession()
        try:
            self.use_current_key(app)
        except Unavailable as error:
            # Flask has no error handlers yet when it opens the session, and some routes need none.
            request.environ[UNREADABLE] = error
            return UnsavedSession()
        cookie = sent_cookie(request, self.get_cookie_name(app))
        if cookie is None:
            return self.session_class()
        content = self.verified(app, cookie) if len(cookie) <= LONGEST else None
        opened = self.session_class(content)
        # An altered or expired cookie is deleted with the response, unless the session is written to.
        opened.modified = content is None
        return opened

    def verified(self, app: Flask, cookie: str) -> dict[str, Any] | None:
        longest = app.permanent_session_lifetime.total_seconds()
        cached = self._verified.get(cookie)
        if cached is None:
            cached = self.verify(app, cookie)
        if cached is None or time.time() - cached[0] > longest:
            return None
        content = cached[1]
        return dict(content) if isinstance(content, dict) else self.serializer.loads(content)

    def verify(self, app: Flask, cookie: str) -> tuple[float, str | dict[str, Any]] | None:
        # Read together, so that a cookie verified with the former key is not remembered for the next one.
        verified, serializer = self._verified, self.get_signing_serializer(app)
        if serializer is None:
            return None
        try:
            content, signed_at = serializer.loads(cookie, return_timestamp=True)
        except BadSignature:
            return None
        is_flat = all(isinstance(value, IMMUTABLE) for value in content.values())
        entry = (signed_at.timestamp(), content if is_flat else self.serializer.dumps(content))
        verified[cookie] = entry
        if len(verified) > MAX_REMEMBERED:
            verified.popitem(last=False)
        return entry

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # ``Vary: Cookie`` is set in web/headers on every response that may not be cached.
        if session.modified and not isinstance(session, UnsavedSession) and not is_for_everybody(response):
            super().save_session(app, session, response)


def sent_cookie(request: Request, name: str) -> str | None:
    header: str | None = request.environ.get("HTTP_COOKIE")
    if header is None or name not in header:
        return None
    if header.startswith(name + "=") and ONE_COOKIE.fullmatch(header):
        # As for most requests; Werkzeug's parser takes a twentieth of the time of a request.
        return header[len(name) + 1 :]
    return request.cookies.get(name)


def session_credential() -> CredentialRef | None:
    """The credential that the cookie of this request names."""
    secret = unproxied(session).get(SECRET)
    return CredentialRef(key=credential_key(secret), kind="session") if isinstance(secret, str) else None


def store_session(
    started: StartedSession, principal: Principal, *, is_remembered: bool, is_same_user: bool = False
) -> None:
    """Put a new session into the cookie. Of the former content only the reference to a saved form stays.

    Args:
        is_remembered: whether the cookie outlives the browser window.
        is_same_user: whether the user was logged in before, and only proved it again: open forms go on working.
    """
    former = {key: session[key] for key in (saved_form.SESSION_KEY, csrf.SESSION_KEY) if key in session}
    session.clear()
    if saved_form.SESSION_KEY in former:
        # Only the user who submitted the form can read it; see ``guard.saved_form``.
        session[saved_form.SESSION_KEY] = former[saved_form.SESSION_KEY]
    if is_same_user and csrf.SESSION_KEY in former:
        session[csrf.SESSION_KEY] = former[csrf.SESSION_KEY]
    else:
        csrf.renew_value(principal.user_id)
    token_cookie.delete_after_request()
    login_manager.log_in(principal)
    session[SECRET] = started.secret
    session.permanent = is_remembered
    if is_remembered:
        after_this_request(mark_window)


def accept_former_secret(rotation: SessionRotation, key: str) -> FormerUse | None:
    """Handle a former session secret: if it is accepted, the browser gets the present one again."""
    used = rotation.former_use(key)
    if used is not None and used.is_accepted:
        send_new_secret(rotation.successor(used.session_id, session[SECRET]))
        g.is_secret_new = True
    return used


def renew(rotation: SessionRotation, principal: Principal, moment: datetime, idle: timedelta) -> None:
    """Give a remembered session a new secret if its browser comes back; note when that has arrived."""
    cookie = unproxied(session)
    if not cookie.permanent or "is_secret_new" in g:
        return
    if cookie.pop(UNSEEN, False):
        after_response.after_response(partial(rotation.note_use, principal.credential_id))
    if has_come_back(principal.last_used_at, moment, idle):
        send_new_secret(rotation.rotate(principal.credential_id, cookie[SECRET]))


def has_come_back(last_used_at: datetime | None, moment: datetime, idle: timedelta) -> bool:
    """Whether the browser was closed since the last request, or was not used for longer than other sessions last."""
    away = moment - last_used_at if last_used_at is not None else None
    if away is not None and away >= idle:
        return True
    # The last minute counts as one visit: a client that keeps no window cookie must not write with each request.
    return window_cookie() not in request.cookies and (away is None or away >= MINUTE)


def send_new_secret(secret: str | None) -> None:
    if secret is not None:
        session[SECRET], session[UNSEEN] = secret, True
        after_this_request(mark_window)


def window_cookie() -> str:
    """Name of the cookie that a browser forgets when it is closed."""
    return prefixed("window")


def mark_window(response: Response) -> Response:
    response.set_cookie(window_cookie(), "1", httponly=True, samesite="Lax", **cookie_attributes())
    return response


def clear(db: Session, user_id: UUID) -> None:
    """Empty the browser's cookie at the logout of a user; what remains is that a form of another user waits."""
    form_data = None if saved_form.is_waiting_for(db, user_id) else session.get(saved_form.SESSION_KEY)
    session.clear()
    if form_data is not None:
        session[saved_form.SESSION_KEY] = form_data


def init_app(app: Flask, key: CookieKey) -> None:
    app.session_interface = CookieSessionInterface(key)
