"""The pages of identity providers."""

from tests import factories
from tests.browser import Person
from webapp.federation import providers

PAGES = "/admin/identity-providers"


def chief_of(app) -> Person:
    """A super admin, logged in."""
    factories.user(app, "chief", role="super_admin")
    person = Person(app)
    person.log_in("chief")
    return person


def page_of(app, slug="acme"):
    with factories.database_of(app).read() as db:
        return f"{PAGES}/{providers.by_slug(db, slug).id}"
