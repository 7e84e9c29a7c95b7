"""A site on a network without TLS: it works, and every admin page says in red what that means."""

import pytest

from tests import factories
from tests.browser import Person
from tests.second_factors import JSON
from webapp.testing import as_user

LAN = {"WEBAPP_BASE_URL": "http://login.lan:8000", "WEBAPP_ALLOW_PLAIN_HTTP": "true"}
WARNING = "http://login.lan:8000 is not encrypted"


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/users", "/admin/roles", "/admin/audit", "/admin/mail", "/admin/settings"]
)
def test_every_admin_page_warns_of_plain_http(make_app, path):
    page = as_user(make_app(**LAN), "mara", role="super_admin").get(path).text
    assert page.count(WARNING) == 1
    assert "flash--danger" in page


def test_a_local_site_or_one_with_tls_has_no_warning(make_app):
    for url in ("http://localhost:8000", "https://login.example.org"):
        page = as_user(make_app(WEBAPP_BASE_URL=url), "mara", role="super_admin").get("/admin").text
        assert "is not encrypted" not in page


def test_login_works_with_plain_http_but_passkeys_do_not(make_app):
    app = make_app(**LAN)
    factories.user(app, "ada")
    person = Person(app)
    assert person.log_in("ada").request.path == "/dashboard"
    assert person.ask("GET", "/login/passkey", headers=JSON).status_code == 404
