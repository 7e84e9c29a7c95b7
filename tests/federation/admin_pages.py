"""The pages of identity providers."""

from tests import factories
from webapp.federation import providers

PAGES = "/admin/identity-providers"


def page_of(app, slug="acme"):
    with factories.database_of(app).read() as db:
        return f"{PAGES}/{providers.by_slug(db, slug).id}"
