"""The session interface: Flask's own, its serializer kept; and how the cookie names its credential."""

import hashlib
import time
from collections import OrderedDict
from typing import Any

from flask import Flask, Request, Response, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webapp.core.cookie_key import CookieKey
from webapp.guard import login_manager, saved_form
from webapp.guard.principal import CredentialRef, Principal
from webapp.sessions.lifecycle import Started, key_of
from webapp.web import token_cookie
from webapp.web.bearer import presented

# Where Flask-Login keeps the id of its user, and we the session's secret: a login can be ended from elsewhere.
SECRET = "_user_id"
MAX_REMEMBERED = 4096
LONGEST = 4096


class ForgottenSession(dict[str, Any], SessionMixin):
    """A session that is empty and never saved: what a request with a token has. A plain one, for they are many."""

    # Flask's mixin returns True, and checks for each response whether the session should be saved.
    modified = False


class Cookies(SecureCookieSessionInterface):
    """Opens no session beside a token, and checks a cookie's signature once.

    Flask builds its serializer on every request; ours is kept with the keys it was built from. A cookie that was
    verified is remembered with the time of its signing, so that its age is judged each time; its content is read
    anew, because sessions may not share what they hold.
    """

    digest_method = staticmethod(hashlib.sha256)

    def __init__(self, key: CookieKey | None = None) -> None:
        self._key = key
        self._verified: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._kept: tuple[object, URLSafeTimedSerializer | None] = None, None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        kept, key = self._kept, app.secret_key
        if kept[0] != key:
            # The key is read first: should it change meanwhile, this is made once more and never kept too long.
            kept = self._kept = key, super().get_signing_serializer(app)
        return kept[1]

    def take_up_key(self, app: Flask) -> None:
        """Forget what was verified with another key than the current one."""
        if self._key is None or (key := self._key.current()) == app.secret_key:
            return
        # Former keys are void with it: it was renewed because they may be known.
        app.config |= {"SECRET_KEY_FALLBACKS": [], "SECRET_KEY": key}
        self._verified = OrderedDict()

    def make_null_session(self, app: Flask) -> Any:  # noqa: ARG002 - Flask's; its own refuses to be written to
        return ForgottenSession()

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002 - Flask's
        """Never: see above. Flask's own asks an abstract class, which takes longer than the rest of saving nothing."""
        return False

    def open_session(self, app: Flask, request: Request) -> Any:
        if presented(request) is not None:
            return ForgottenSession()
        self.take_up_key(app)
        cookie = request.cookies.get(self.get_cookie_name(app)) if "HTTP_COOKIE" in request.environ else None
        if not cookie or len(cookie) > LONGEST:
            return self.session_class()
        return self.session_class(self.verified(app, cookie))

    def verified(self, app: Flask, cookie: str) -> dict[str, Any]:
        longest = app.permanent_session_lifetime.total_seconds()
        known = self._verified.get(cookie)
        if known is None:
            known = self.verify(app, cookie)
        if known is None or time.time() - known[0] > longest:
            return {}
        content: dict[str, Any] = self.serializer.loads(known[1])
        return content

    def verify(self, app: Flask, cookie: str) -> tuple[float, str] | None:
        # Taken together: what the former key vouched for is not remembered among what the next one did.
        verified, serializer = self._verified, self.get_signing_serializer(app)
        if serializer is None:
            return None
        try:
            content, signed_at = serializer.loads(cookie, return_timestamp=True)
        except BadSignature:
            return None
        known = (signed_at.timestamp(), self.serializer.dumps(content))
        verified[cookie] = known
        if len(verified) > MAX_REMEMBERED:
            verified.popitem(last=False)
        return known

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # That an answer varies by its cookie is said of every answer that may not be kept (web/headers).
        if session.modified and not isinstance(session, ForgottenSession):
            super().save_session(app, session, response)


def session_credential() -> CredentialRef | None:
    """The credential that this request's cookie names."""
    secret = session.get(SECRET)
    return CredentialRef(key=key_of(secret), kind="session") if isinstance(secret, str) else None


def keep(started: Started, principal: Principal, *, is_remembered: bool) -> None:
    """Put a new session into the browser's cookie; of what was there before, only that a form waits."""
    kept = session.get(saved_form.KEPT)
    session.clear()
    if kept is not None:
        # For the user it belonged to, and no other; see there.
        session[saved_form.KEPT] = kept
    token_cookie.delete_after_request()
    login_manager.log_in(principal)
    session[SECRET] = started.secret
    session.permanent = is_remembered


def init_app(app: Flask, key: CookieKey) -> None:
    app.session_interface = Cookies(key)
