"""The pages of proxied apps: add, rules in order, change, disable, remove; each effective with the next check."""

import pytest

from tests import restored_site
from tests.forward_auth.admin_pages import PAGES, admin_of, by_json, page_of
from tests.forward_auth.proxy import proxied
from webapp.forward_auth.app_settings import RuleSettings
from webapp.testing import user_named

WIKI = "https://wiki.example.org"


admin = restored_site.browser(admin_of)


@pytest.fixture
def script(app):
    return by_json(app)


def shown(app, slug="wiki"):
    return by_json(app).get(page_of(app, slug)).json


def paths(app):
    return [rule["where"] for rule in shown(app)["rules"]]


def test_an_app_is_added_changed_disabled_and_removed(app, admin, proxy):
    assert "No proxied apps yet" in admin.open(PAGES).text
    admin.follow("Add app")
    page = admin.press("Add app", name="Our Wiki", host="https://Wiki.Example.org/", roles="", people="bob").text
    assert "Our Wiki was added" in page
    found = shown(app, "our-wiki")
    assert (found["hosts"], found["people"], found["scope"]) == (["wiki.example.org"], ["bob"], "app:our-wiki")
    assert proxy.log_in(f"{WIKI}/", "bob").headers["Remote-User"] == "bob"
    assert "Wiki" in admin.open(PAGES).text
    page = admin.open(page_of(app, "our-wiki")).text
    assert 'href="/admin/users/' in page
    assert "bob" in page
    admin.follow("Edit app")
    sent = {"hosts": "wiki.example.org w.example.org", "icon": "📚", "people": "", "roles": "admin", "owner": "bob"}
    assert "was changed" in admin.press("Save app", name="Wiki", **sent).text
    found = shown(app, "our-wiki")
    assert (found["name"], found["owner"], found["roles"]) == ("Wiki", "bob", ["admin"])
    assert proxy.check(f"{WIKI}/").status_code == 403
    admin.open(page_of(app, "our-wiki"))
    admin.follow("Disable app…")
    assert "1 login at its hosts works again" in admin.page.text
    assert "was disabled" in admin.press("Disable app").text
    assert "Nobody can open it" in admin.page.text
    assert admin.press("Enable app").status_code == 200
    admin.follow("Remove app…")
    assert "was removed" in admin.press("Remove app").text
    assert by_json(app).get(PAGES).json == {"apps": []}
    page = admin.open("/admin/audit").text
    assert "The proxied app Our Wiki was added." in page
    assert "The proxied app Wiki was removed" in page


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("login", {"/": 401, "/admin/x": 401, "/api/x": 401}),
        ("second_factor", {"/": 401, "/admin/x": 401, "/api/x": 401}),
        ("public_except_admin", {"/": 200, "/admin/x": 401, "/api/x": 200}),
        ("api_of_the_app", {"/": 401, "/admin/x": 401, "/api/x": 200}),
        ("basic", {"/": 401, "/admin/x": 401, "/api/x": 401}),
    ],
)
def test_presets_give_rules(app, admin, proxy, preset, expected):
    admin.open(f"{PAGES}/new")
    admin.press("Add app", name="Wiki", host="wiki.example.org", preset=preset)
    assert {path: proxy.check(WIKI + path).status_code for path in expected} == expected


def test_rules_are_added_first_moved_changed_and_removed(app, admin, proxy):
    proxied(app)
    admin.open(page_of(app))
    admin.follow("Add rule")
    page = admin.press("Add rule", path="/open/*", is_public="y").text
    assert "The rule was added." in page
    assert "Everybody, without a login." in page
    assert paths(app) == ["/open/*", "/*"]
    assert proxy.check(f"{WIKI}/open/x").status_code == 200
    first, second = shown(app)["rules"]
    assert "was moved" in admin.press("Move down").text
    assert paths(app) == ["/*", "/open/*"]
    assert proxy.check(f"{WIKI}/open/x").status_code == 401
    assert [rule["rule_id"] for rule in shown(app)["rules"]] == [second["rule_id"], first["rule_id"]]
    assert "was moved" in admin.press("Move up").text
    admin.follow("Edit /open/*")
    former = admin.page.request.path
    assert "was changed" in admin.press("Save rule", path="/free/*", methods="get post").text
    assert paths(app) == ["GET, POST /free/*", "/*"]
    assert admin.open(former).status_code == 404, "the rule has changed meanwhile"
    admin.open(page_of(app))
    admin.follow("Remove /*")
    assert "Remove this rule?" in admin.page.text
    assert "was removed" in admin.press("Remove rule").text
    assert paths(app) == ["GET, POST /free/*"]
    assert "Remove<span" not in admin.page.text
    (only,) = shown(app)["rules"]
    answer = by_json(app).post(f"{page_of(app)}/rules/{only['rule_id']}/remove", json={})
    assert (answer.status_code, answer.json["title"]) == (409, "The rule was not removed")


@pytest.mark.parametrize(
    ("path", "sent", "words"),
    [
        ("", {"name": "X", "host": "login.example.org"}, "is the host of this site"),
        ("", {"name": "X", "host": "a b"}, "is not a host"),
        ("", {"name": "X", "host": "x.example.org", "people": "eve"}, "no users with these names: eve"),
        ("", {"name": "X", "host": "x.example.org", "roles": "boss"}, "no role called boss"),
        ("", {"name": "X", "host": "x.example.org", "slug": "Ä"}, "short name"),
        ("", {"name": "X", "host": "x.example.org", "slug": "wiki"}, "already"),
        ("", {"name": "X", "host": "wiki.example.org"}, "Another app has the host"),
        ("/rules", {"path": "admin"}, "The path is a pattern"),
        ("/rules", {"path": "/a//b"}, "The path is a pattern"),
        ("/rules", {"path": "/*", "methods": "G€T"}, "Methods are words"),
        ("/rules", {"path": "/*", "is_public": True, "role": "admin"}, "no role and no level"),
        ("/rules", {"path": "/*", "networks": "x"}, "Networks are written such as"),
        ("/rules", {"path": "/*", "role": "boss"}, "no role called boss"),
        ("/edit", {"name": "X", "hosts": "x.example.org", "owner": "eve"}, "no users with these names"),
        ("/edit", {"name": "X", "hosts": ""}, "Enter a host."),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence_and_changes_nothing(app, script, path, sent, words):
    proxied(app)
    before = script.get(PAGES).json
    url = page_of(app) + path if path else PAGES
    answer = script.post(url, json=sent)
    assert answer.status_code == 422
    assert words in str(answer.json["errors"])
    assert script.get(PAGES).json == before


def test_rules_in_json_accept_tokens_and_tell_the_app_who_it_is_unless_they_say_otherwise(app, script):
    proxied(app)
    answer = script.post(f"{page_of(app)}/rules", json={"path": "/a"})
    assert [answer.json["rules"][0][name] for name in ("accepts_tokens", "sends_identity")] == [True, True]
    sent = {"path": "/b", "accepts_tokens": False, "sends_identity": False}
    rule = script.post(f"{page_of(app)}/rules", json=sent).json["rules"][0]
    assert (rule["accepts_tokens"], rule["sends_identity"]) == (False, False)
    assert rule["sentences"] == ["Users who may open the app.", "No API tokens.", "The app gets no user name."]


def test_a_person_whose_account_was_deleted_does_not_open_the_app_to_everybody(app, admin):
    proxied(app)
    admin.open(f"{page_of(app)}/edit")
    admin.press("Save app", people="bob")
    bob = str(user_named(app, "bob").id)
    admin.open(f"/admin/users/{bob}/delete")
    admin.press("Delete bob", username="bob", reason="left")
    admin.open(f"{page_of(app)}/edit")
    assert "was changed" in admin.press("Save app", name="Notes").text
    assert shown(app)["people"] == [bob]
    assert by_json(app).post(f"{page_of(app)}/rules", json={"path": "/a"}).status_code == 200


def test_every_setting_of_a_rule_has_its_sentence(app):
    rules = (
        RuleSettings(path="/a", role="admin", level="phr", accepts_dpop=True, allows_preflight=True),
        RuleSettings(path="/b", level="aal2", authorization="basic", networks=["192.0.2.0/24"]),
        RuleSettings(path="/c", authorization="app"),
    )
    proxied(app, "wiki", *rules)
    assert [rule["sentences"] for rule in shown(app)["rules"]] == [
        [
            "Users who may open the app, if they also have the role admin.",
            "Logged in with a passkey.",
            "Scripts with a token that has the scope app:wiki.",
            "Also tokens that are bound to a key.",
            "CORS preflights pass without a login.",
        ],
        [
            "Users who may open the app.",
            "Logged in with a second factor.",
            "Scripts with a token that has the scope app:wiki, also as a password.",
            "Only from 192.0.2.0/24.",
        ],
        [
            "Users who may open the app.",
            "The header Authorization is left to the app, so scripts cannot use tokens of this site.",
        ],
    ]
