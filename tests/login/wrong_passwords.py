"""Many wrong passwords, at a site that allows three by account and a thousand by network."""

from tests import factories
from tests.script import Script

NOON = "2026-11-22T12:00:00Z"
WRONG = "not the password"
TRIES = 3


def throttling(make_app, **settings):
    return make_app(
        **{"WEBAPP_LOGIN_TRIES_PER_ACCOUNT": str(TRIES), "WEBAPP_LOGIN_TRIES_PER_NETWORK": "1000"} | settings
    )


def with_ada(app):
    factories.user(app, "ada", email="ada@example.org")
    return app


def attempt(app, name="ada", password=WRONG, ip_address="203.0.113.1"):
    field = "email" if "@" in name or "＠" in name else "username"
    return Script(app, ip_address=ip_address).post("/api/auth", json={field: name, "password": password})


def statuses(app, *names, **kwargs):
    return [attempt(app, name, **kwargs).status_code for name in names]
