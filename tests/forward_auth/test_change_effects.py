"""What a change would have done to the requests of the last day: on pages, in JSON, before and after saving."""

import pytest

from tests import factories
from tests.forward_auth.admin_pages import admin_of, by_json, page_of
from tests.forward_auth.proxy import Proxied, proxied
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.check_counter import CheckCounter
from webapp.guard.token_grant import TokenGrant
from webapp.testing import user_named
from webapp.web.registry import services_of

WIKI = "https://wiki.example.org"


@pytest.fixture(autouse=True)
def day(restored, app):
    """Requests of two users, a token and nobody."""
    restored.prepare(send_requests)


def send_requests(app):
    proxied(app, "wiki", RuleSettings(path="/open/*", is_public=True), RuleSettings())
    for name in ("ada", "bob"):
        proxy = Proxied(app)
        proxy.log_in(f"{WIKI}/page", name)
        proxy.open(f"{WIKI}/admin/x")
    token = factories.api_token(app, user_named(app, "bob"), grant=TokenGrant(scopes=frozenset({"app:wiki"})))
    stranger = Proxied(app)
    for path in ("/page", "/open/a"):
        stranger.check(WIKI + path)
    for headers in ({"Authorization": f"Bearer {token.token}"},) * 2:
        assert stranger.check(f"{WIKI}/api", headers=headers).status_code == 200
    services_of(app).get(CheckCounter).flush()


def preview(app, route, **sent):
    answer = by_json(app).post(page_of(app) + route, json=sent | {"preview": True})
    assert (answer.status_code, answer.json["is_saved"]) == (200, False), answer.json
    return answer.json["effects"]


def sums(effects):
    return {name: effects[name] for name in ("refused", "allowed", "network")}


SETTINGS = {"name": "Wiki", "hosts": "wiki.example.org"}
TABLE = [
    ("nothing", "/edit", SETTINGS, (0, 0, 0)),
    ("only ada", "/edit", SETTINGS | {"people": "ada"}, (4, 0, 0)),
    ("only admins", "/edit", SETTINGS | {"roles": "admin"}, (4, 0, 0)),
    ("a role", "/rules", {"path": "/admin/*", "role": "admin"}, (1, 0, 0)),
    ("a second factor", "/rules", {"path": "/page", "level": "aal2"}, (2, 0, 0)),
    ("no tokens", "/rules", {"path": "/api", "accepts_tokens": False}, (2, 0, 0)),
    ("Authorization of the app", "/rules", {"path": "/api", "authorization": "app"}, (2, 0, 0)),
    ("all public", "/rules", {"path": "/*", "is_public": True}, (0, 3, 0)),
    ("a login for all", "/rules", {"path": "/*"}, (1, 0, 0)),
    ("a network", "/rules", {"path": "/admin/*", "networks": "192.0.2.0/24"}, (0, 0, 2)),
    ("methods", "/rules", {"path": "/page", "methods": "POST", "is_public": True}, (0, 0, 0)),
]


@pytest.mark.parametrize(("path", "sent", "expected"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE])
def test_a_preview_says_what_would_change_and_saves_nothing(app, path, sent, expected):
    before = by_json(app).get(page_of(app)).json
    effects = preview(app, path, **sent)
    assert sums(effects) == dict(zip(("refused", "allowed", "network"), expected, strict=True))
    after = by_json(app).get(page_of(app)).json
    assert (after["rules"], after["people"], after["roles"]) == (before["rules"], before["people"], before["roles"])


def test_the_requests_are_listed_with_the_reason(app):
    (one,) = preview(app, "/rules", path="/admin/*", role="admin")["requests"]
    assert one == {
        "method": "GET",
        "path": "/admin/x",
        "username": "bob",
        "credential": "session",
        "requests": 1,
        "change": "refused",
        "sentence": "Rule 1 needs the role admin, which bob does not have.",
    }


def test_the_page_shows_them_above_the_form_and_saving_says_it_again(app):
    admin = admin_of(app)
    admin.open(f"{page_of(app)}/edit")
    page = admin.press("What would change?", people="ada").text
    assert "4 requests of the last day would now be refused." in page
    assert "The app is not for bob." in page
    assert 'value="ada"' in page, "the form is as it was entered"
    page = admin.press("Save app").text
    assert "Wiki was changed. 4 requests of the last day would now be refused." in page


def test_the_page_that_removes_a_rule_shows_what_it_does(app):
    admin = admin_of(app)
    admin.open(page_of(app))
    admin.follow("Remove /open/*")
    assert "1 request of the last day would now be refused." in admin.page.text
    admin.open(page_of(app))
    admin.follow("Remove /*")
    assert "6 requests of the last day would now be refused." in admin.page.text


def test_without_requests_it_says_so(app):
    proxied(app, "notes")
    admin = admin_of(app)
    admin.open(f"{page_of(app, 'notes')}/edit")
    assert "There was no request in the last day." in admin.press("What would change?").text


def test_what_does_not_fit_is_refused_in_a_preview_too(app):
    answer = by_json(app).post(f"{page_of(app)}/rules", json={"path": "/*", "role": "boss", "preview": True})
    assert (answer.status_code, "no role called boss" in str(answer.json)) == (422, True)
