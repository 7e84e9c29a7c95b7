"""Cookie of a trusted browser, in which no second factor is needed."""

from flask import Response, current_app, request

from webapp.accounts.models import User
from webapp.sessions import trusted_browsers
from webapp.sessions.lifecycle import Browser
from webapp.web.cookies import cookie_attributes, prefixed
from webapp.web.transaction import database, db


def is_trusted(user: User) -> bool:
    secret = request.cookies.get(cookie_name(), "")
    if not secret or not current_app.config["TRUST_BROWSERS"]:
        return False
    with database().read() as reading:
        return trusted_browsers.is_trusted(reading, user.id, secret)


def trust(response: Response, user: User, browser: Browser, amr: str) -> None:
    lifetime = current_app.config["TRUST_LIFETIME"]
    response.set_cookie(
        cookie_name(),
        trusted_browsers.trust(db(), user.id, browser, lifetime, amr=amr),
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="Lax",
        **cookie_attributes(),
    )


def cookie_name() -> str:
    return prefixed("trusted")
