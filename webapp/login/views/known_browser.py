"""A cookie by which a browser is known again that somebody has logged in with: it lets nobody in, and counts apart."""

from collections.abc import Mapping
from uuid import UUID

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webapp.kernel.digests import derive, new_secret

YEAR = 365 * 86400
MOST_USERS = 5


def marks() -> dict[UUID, str]:
    """The mark of this browser for each user who has logged in with it."""
    try:
        found: Mapping[str, str] = serializer().loads(request.cookies.get(name(), ""), max_age=YEAR)
    except BadSignature:
        return {}
    return {UUID(user_id): mark for user_id, mark in found.items()}


def remember(response: Response, user_id: UUID) -> None:
    known = marks()
    mark = known.pop(user_id, None) or new_secret(16)
    latest = [*known.items(), (user_id, mark)][-MOST_USERS:]
    response.set_cookie(
        name(),
        serializer().dumps({str(user): mark for user, mark in latest}),
        max_age=YEAR,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def name() -> str:
    return "__Host-known" if current_app.config["SESSION_COOKIE_SECURE"] else "known"


def serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(derive(current_app.config["SECRET_KEY"], "known browser"), salt="known browser")
