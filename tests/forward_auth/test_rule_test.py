"""The rule tester decides as the check does: for each caller and rule, with the sentence that says why."""

from datetime import timedelta

import pytest

from tests import factories
from tests.forward_auth.admin_pages import admin_of, by_json, page_of
from tests.forward_auth.proxy import Proxied, again, proxied
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.models import AccessGrant
from webapp.guard.token_grant import TokenGrant
from webapp.testing import user_named

RULES = (
    RuleSettings(path="/open/*", is_public=True),
    RuleSettings(path="/admin/*", role="admin"),
    RuleSettings(path="/second/*", level="aal2"),
    RuleSettings(path="/key/*", level="phr"),
    RuleSettings(path="/pages/*", accepts_tokens=False),
    RuleSettings(path="/own/*", authorization="app"),
    RuleSettings(path="/office/*", networks=["192.0.2.0/24"]),
    RuleSettings(path="/read/*", methods=["GET"]),
    RuleSettings(path="/any/*"),
)
TABLE = [
    ("/open/x", {}, "allow", "Allowed by rule 1 without a login."),
    ("/any/x", {}, "token_missing", "Rule 9 needs a login. Pages redirect to the login page."),
    ("/any/x", {"person": "bob"}, "allow", "Allowed by rule 9."),
    ("/any/x", {"person": "eve"}, "role_required", "The app is not for eve."),
    ("/any/x", {"person": "gus"}, "allow", "Allowed by rule 9."),
    ("/admin/x", {"person": "bob"}, "role_required", "Rule 2 needs the role admin, which bob does not have."),
    ("/admin/x", {"person": "ada@example.org"}, "allow", "Allowed by rule 2."),
    ("/second/x", {"person": "bob"}, "mfa_required", "Rule 3, or a setting, needs a login with a second factor."),
    ("/second/x", {"person": "bob", "login": "aal2"}, "allow", "Allowed by rule 3."),
    (
        "/key/x",
        {"person": "bob", "login": "aal2"},
        "mfa_required",
        "Rule 4, or a setting, needs a login with a passkey.",
    ),
    ("/key/x", {"person": "bob", "login": "phr"}, "allow", "Allowed by rule 4."),
    ("/any/x", {"person": "bob", "token": "laptop"}, "allow", "Allowed by rule 9."),
    ("/any/x", {"person": "bob", "token": "other"}, "scope_required", "The token does not have the scope app:wiki."),
    ("/pages/x", {"person": "bob", "token": "laptop"}, "session_required", "Rule 5 accepts no API tokens."),
    (
        "/own/x",
        {"person": "bob", "token": "laptop"},
        "token_missing",
        "Rule 6 needs a login. Pages redirect to the login page.",
    ),
    (
        "/any/x",
        {"person": "bob", "token": "reads", "method": "POST"},
        "token_limited",
        "The limits of the token exclude this path, method or network.",
    ),
    (
        "/any/x",
        {"person": "bob", "token": "bound"},
        "token_bound",
        "Rule 9 does not accept tokens that are bound to a key.",
    ),
    ("/office/x", {"person": "bob"}, "network", "Rule 7 is not for this network."),
    ("/office/x", {"person": "bob", "ip_address": "192.0.2.9"}, "allow", "Allowed by rule 7."),
    ("/any/x", {"person": "off"}, "session_ended", "The account is disabled, or cannot log in."),
    ("/read/x", {"person": "bob", "method": "post"}, "no_rule", "No rule allows it."),
    ("/nothing", {"person": "bob"}, "no_rule", "No rule allows it."),
    ("/any/%2e%2e/x", {"person": "bob"}, "no_rule", "No rule allows it."),
    ("https://wiki.example.org/any/x?y=1", {"person": "bob"}, "allow", "Allowed by rule 9."),
]


@pytest.fixture(autouse=True)
def people(restored, app):
    restored.prepare(add_people)


def add_people(app):
    bob, gus = user_named(app, "bob"), user_named(app, "gus")
    user_named(app, "eve")
    off = user_named(app, "off")
    proxied(app, "wiki", *RULES, roles=["admin"], people=[str(bob.id), str(off.id)])
    with factories.database_of(app).write() as db:
        db.get_one(User, off.id).disabled_at = now()
        ends_at = now() + timedelta(hours=1)
        app_id = page_of(app).rpartition("/")[2]
        db.add(AccessGrant(user_id=gus.id, app_id=type(gus.id)(app_id), granted_at=now(), expires_at=ends_at))
    scope = frozenset({"app:wiki"})
    for name, grant in {
        "laptop": TokenGrant(scopes=scope),
        "other": TokenGrant(scopes=frozenset({"profile:read"})),
        "reads": TokenGrant(scopes=scope, methods=frozenset({"GET"})),
        "bound": TokenGrant(scopes=scope, jkt="x"),
    }.items():
        factories.api_token(app, bob, name=name, grant=grant)


@pytest.mark.parametrize(("url", "caller", "outcome", "sentence"), TABLE)
def test_the_outcome_of_each_caller_by_each_rule(app, url, caller, outcome, sentence):
    answer = by_json(app).get(f"{page_of(app)}/test", query_string={"url": url} | caller)
    found = answer.json
    assert (found["outcome"], found["sentence"]) == (outcome, sentence)
    assert found["allowed"] is (outcome == "allow")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"person": "nobody"}, "There is no user named nobody."),
        ({"token": "laptop"}, "There is no such token."),
        ({"person": "eve", "token": "laptop"}, "There is no such token."),
        ({"url": "https://other.example.org/"}, "The URL belongs to another app."),
        ({"url": "x"}, "The URL belongs to another app."),
        ({"url": "/a b"}, "has spaces"),
        ({"method": "G€T"}, "The method is a word"),
    ],
)
def test_what_cannot_be_tested_is_said_in_a_sentence(app, query, words):
    answer = by_json(app).get(f"{page_of(app)}/test", query_string={"url": "/"} | query)
    assert (answer.status_code, words in answer.json["detail"]) == (422, True)
    page = admin_of(app).open(f"{page_of(app)}/test?" + "&".join(f"{k}={v}" for k, v in ({"url": "/"} | query).items()))
    assert (page.status_code, words in page.text) == (422, True)


def test_the_page_shows_the_outcome(app):
    admin = admin_of(app)
    admin.open(page_of(app))
    admin.follow("Test rules")
    assert "Logged in with" in admin.page.text
    page = admin.open(f"{page_of(app)}/test?url=/admin/x&person=bob").text
    assert "<b>Refused</b> <code>GET /admin/x</code>" in page
    assert "does not have. <code>/admin/*</code>" in page


def test_nothing_of_a_disabled_app_is_allowed(app):
    by_json(app).post(f"{page_of(app)}/disable", json={})
    found = by_json(app).get(f"{page_of(app)}/test?url=/open/x").json
    assert (found["allowed"], found["outcome"]) == (False, "disabled")


def logged_in(app, name):
    proxy = Proxied(app)
    proxy.log_in("https://wiki.example.org/any/x", name)
    return proxy


@pytest.mark.parametrize("name", ["ada", "bob", "eve"])
@pytest.mark.parametrize("path", ["/open/x", "/any/x", "/admin/x", "/second/x", "/read/x", "/nothing", "/a/../b"])
def test_the_check_decides_the_same(restored, app, name, path):
    proxy = again(restored.prepare(logged_in, name))
    found = by_json(app).get(f"{page_of(app)}/test", query_string={"url": path, "person": name}).json
    assert (proxy.check(f"https://wiki.example.org{path}").status_code == 200) is found["allowed"]
