"""/account/sessions: where a user is logged in, by browsers and by scripts."""

import msgspec
from flask.typing import ResponseReturnValue

from webapp.guard import Principal, require
from webapp.sessions import trusted_browsers
from webapp.sessions.app_logins import AppLogin, AppLoginsOf
from webapp.sessions.session_list import SessionEntry, list_sessions
from webapp.sessions.trusted_browsers import TrustedBrowser
from webapp.sessions.views import bp
from webapp.tokens import script_logins
from webapp.tokens.script_logins import ScriptLogin
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.registry import service
from webapp.web.transaction import db


class SessionList(msgspec.Struct, frozen=True):
    sessions: list[SessionEntry]
    trusted: list[TrustedBrowser]
    """Browsers where the password is enough."""
    script_logins: list[ScriptLogin]
    """Scripts that are logged in."""
    app_logins: list[AppLogin]
    """Logins at apps behind the reverse proxy, the newest first."""


@bp.get("/account/sessions")
@require(scope="profile:read")
@responds(SessionList)
def index(principal: Principal) -> ResponseReturnValue:
    """The caller's sessions, the current one first, then the others by last use; and script logins."""
    answer = SessionList(
        list_sessions(db(), principal),
        trusted_browsers.of_user(db(), principal.user_id),
        script_logins.live(db(), principal.user_id),
        list(service(AppLoginsOf)(db(), principal.user_id)),
    )
    others = sum(not device.is_current for device in answer.sessions)
    return show(answer, "sessions/sessions.html", others=others, **msgspec.structs.asdict(answer))
