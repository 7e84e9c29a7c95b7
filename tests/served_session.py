"""A logged-in browser of a served site, without the pages and the password hash of a login."""

from flask import Flask, session
from flask_wtf.csrf import generate_csrf

from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.sessions.cookie import SECRET, CookieSessionInterface
from webapp.sessions.lifecycle import Browser, SessionLifetimes, start
from webapp.web.registry import services_of

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def session_headers(app: Flask, user: User, *, amr: str = "pwd") -> dict[str, str]:
    """Start a session on the database of ``app``. Returns what the browser sends: its cookie, and the CSRF token."""
    services, cookies = services_of(app), app.session_interface
    with services.get(Database).write() as db:
        started = start(db, user.id, Browser(AGENT, None), services.get(SessionLifetimes), amr=amr)
    assert isinstance(cookies, CookieSessionInterface)
    with app.test_request_context():
        cookies.use_current_key(app)
        session[SECRET] = started.secret
        csrf_token, serializer = generate_csrf(), cookies.get_signing_serializer(app)
        assert serializer is not None
        cookie = f"{cookies.get_cookie_name(app)}={serializer.dumps(dict(session))}"
    sent = {"Cookie": cookie, "X-CSRF-Token": csrf_token, "User-Agent": AGENT}
    return sent | {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
