"""Cookie of a known browser, in which somebody has logged in before: its failed logins are counted separately."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webapp.core.clock import now
from webapp.core.digests import derive, new_secret
from webapp.login.client_familiarity import BrowserMark
from webapp.web import csrf
from webapp.web.cookies import cookie_attributes, prefixed

YEAR = 365 * 86400
MAX_USERS = 5


def marks() -> dict[UUID, BrowserMark]:
    """The mark of this browser for each user who has logged in with it."""
    try:
        found: Mapping[str, tuple[str, int]] = serializer().loads(request.cookies.get(cookie_name(), ""), max_age=YEAR)
    except BadSignature:
        return {}
    return {
        UUID(user): BrowserMark(secret, datetime.fromtimestamp(since, UTC)) for user, (secret, since) in found.items()
    }


def remember(response: Response, user_id: UUID) -> None:
    """Add a user to the cookie."""
    marks_by_user = marks()
    former = marks_by_user.pop(user_id, None)
    # Rounded up, because the change of a password and the login after it may be in the same second.
    latest = BrowserMark(former.secret if former else new_secret(16), now() + timedelta(seconds=1))
    newest = [*marks_by_user.items(), (user_id, latest)][-MAX_USERS:]
    response.set_cookie(
        cookie_name(),
        serializer().dumps({str(user): (mark.secret, int(mark.since.timestamp())) for user, mark in newest}),
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        **cookie_attributes(),
    )


def cookie_name() -> str:
    return prefixed("known")


def serializer() -> URLSafeTimedSerializer:
    keys = [derive(key, "known browser") for key in csrf.secret_keys()]
    # The last one signs.
    return URLSafeTimedSerializer(keys[::-1], salt="known browser, since")
