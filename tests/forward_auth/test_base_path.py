"""A site below a path of its host: apps notice nothing of it, whether their proxy passes the path on or not."""

import pytest

from tests import factories
from tests.forward_auth.proxy import PAGE, PROXY, SETTINGS, forwarded, proxied

WIKI = "https://wiki.example.org"


@pytest.fixture
def below(make_app):
    app = make_app(**SETTINGS | {"WEBAPP_BASE_URL": "https://example.org/login"})
    factories.user(app, "ada")
    proxied(app)
    return app


@pytest.mark.parametrize("prefix", ["", "/login"])
def test_the_way_to_the_login_has_the_path(below, prefix):
    client = below.test_client()

    def ask(path, url):
        sent = PAGE | forwarded("GET", url)
        return client.get(prefix + path, base_url=WIKI, headers=sent, environ_overrides={"REMOTE_ADDR": PROXY})

    checked = ask("/forward-auth", f"{WIKI}/page")
    assert (checked.status_code, checked.headers["Location"]) == (401, f"{WIKI}/.latchkey/login?rd=/page")
    begun = ask("/.latchkey/login?rd=/page", f"{WIKI}/.latchkey/login?rd=/page")
    assert begun.status_code == 303
    assert begun.headers["Location"].startswith("https://example.org/login/forward-auth/start?rd=https%3A%2F%2Fwiki.")
    assert "Path=/;" in begun.headers["Set-Cookie"] or begun.headers["Set-Cookie"].endswith("Path=/")
