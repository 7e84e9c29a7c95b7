"""The admin pages of proxied apps."""

from flask import Flask

from tests.browser import Person
from tests.forward_auth.proxy import OWN_HOST
from webapp.forward_auth import lifecycle
from webapp.testing import HeaderClient, as_user, database_of

PAGES = "/admin/proxied-apps"
JSON = {"Accept": "application/json"}


def admin_of(app: Flask) -> Person:
    """An administrator who has just logged in."""
    made = Person(app)
    made.base_url = f"https://{OWN_HOST}"
    made.log_in("ada")
    return made


def by_json(app: Flask) -> HeaderClient:
    """A session of the same administrator, whose requests and responses are JSON."""
    made = as_user(app, "ada")
    made.sends = JSON
    return made


def page_of(app: Flask, slug: str = "wiki") -> str:
    with database_of(app).read() as db:
        row = lifecycle.by_slug(db, slug)
        assert row is not None
        return f"{PAGES}/{row.id}"
