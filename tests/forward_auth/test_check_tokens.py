"""Tokens at apps: where a rule accepts them, in which header, and what ends or restricts them."""

import base64
from datetime import timedelta

import pytest
import time_machine

from tests import dpop_client, factories
from tests.forward_auth.proxy import proxied
from webapp.accounts.lifecycle import disable_account
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.forward_auth.app_settings import RuleSettings
from webapp.guard.token_grant import TokenGrant
from webapp.testing import user_named
from webapp.tokens import lifecycle

WIKI = "https://wiki.example.org"
PAGE = f"{WIKI}/page"


@pytest.fixture
def issue(app):
    def issue(*scopes, owner="bob", **restrictions):
        grant = TokenGrant(scopes=frozenset(scopes or ("app:wiki",)), **restrictions)
        return factories.api_token(app, user_named(app, owner), grant=grant).token

    return issue


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def basic(token, name="anything"):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}


# Whose Authorization is, what is sent, and the status; {} stands for the token.
MODES = [
    ("bearer", "Bearer {}", 200),
    ("bearer", "bearer {}", 200),
    ("bearer", "BASIC", 401),
    ("bearer", "Bearer x", 401),
    ("bearer", "Bearer", 401),
    ("bearer", "Digest x", 401),
    ("basic", "Bearer {}", 200),
    ("basic", "BASIC", 200),
    ("basic", "Basic x", 401),
    ("basic", "Basic YTpi", 401),
    ("basic", "Basic", 401),
    ("app", "Bearer {}", 401),
    ("app", "BASIC", 401),
    ("app", "Digest x", 401),
]


@pytest.mark.parametrize(("mode", "sent", "status"), MODES)
def test_authorization_is_read_as_its_rule_says(app, proxy, issue, mode, sent, status):
    proxied(app, "wiki", RuleSettings(authorization=mode))
    token = issue()
    headers = basic(token) if sent == "BASIC" else {"Authorization": sent.format(token)}
    answer = proxy.check(PAGE, headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("Location") is None
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith(("Bearer", "Basic"))


def test_only_a_rule_for_basic_has_a_challenge_for_it(app, proxy):
    for mode in ("bearer", "basic", "app"):
        proxied(app, mode, RuleSettings(authorization=mode))
        challenge = proxy.check(f"https://{mode}.example.org/").headers["WWW-Authenticate"]
        assert ("Basic" in challenge) == (mode == "basic")


@pytest.mark.parametrize("mode", ["bearer", "basic"])
def test_a_bad_token_is_final_although_there_is_a_login(app, proxy, mode):
    proxied(app, "wiki", RuleSettings(authorization=mode))
    proxy.log_in(PAGE)
    assert proxy.check(PAGE).status_code == 200
    assert proxy.check(PAGE, headers=bearer("x.y.z")).status_code == 401


def test_authorization_of_the_app_leaves_the_login_alone(app, proxy):
    proxied(app, "wiki", RuleSettings(authorization="app"))
    proxy.log_in(PAGE)
    assert proxy.check(PAGE, headers=basic("own")).headers["Remote-User"] == "ada"


SENDERS = [
    ("POST", {"Sec-Fetch-Site": "cross-site"}, 401),
    ("POST", {"Sec-Fetch-Site": "same-site"}, 401),
    ("POST", {"Sec-Fetch-Site": "same-origin"}, 200),
    ("POST", {"Sec-Fetch-Site": "none"}, 200),
    ("POST", {"Origin": "https://evil.example"}, 401),
    ("POST", {"Origin": "null"}, 401),
    ("POST", {"Origin": WIKI}, 200),
    ("PUT", {}, 200),
    ("GET", {"Sec-Fetch-Site": "cross-site"}, 200),
]


@pytest.mark.parametrize(("method", "headers", "status"), SENDERS)
def test_a_page_of_another_site_changes_nothing_with_a_password_that_the_browser_keeps(
    app, proxy, issue, method, headers, status
):
    proxied(app, "wiki", RuleSettings(authorization="basic"))
    token = issue()
    assert proxy.check(PAGE, method, headers=basic(token) | headers).status_code == status
    assert proxy.check(PAGE, method, headers=bearer(token) | headers).status_code == 200


@pytest.mark.parametrize("scopes", [("profile:read",), ("app:notes",), ("resources:read",)])
def test_a_token_needs_the_scope_of_the_app(app, proxy, issue, scopes):
    proxied(app)
    answer = proxy.check(PAGE, headers=bearer(issue(*scopes)))
    assert (answer.status_code, answer.json["code"]) == (403, "scope_required")
    assert answer.headers.get("Location") is None


def test_a_rule_may_accept_no_tokens(app, proxy, issue):
    proxied(app, "wiki", RuleSettings(accepts_tokens=False))
    assert proxy.check(PAGE, headers=bearer(issue())).status_code == 403


def test_a_level_is_nothing_that_a_token_has(app, proxy, issue):
    proxied(app, "wiki", RuleSettings(level="phr"))
    assert proxy.check(PAGE, headers=bearer(issue())).status_code == 403


RESTRICTED = [
    ({"methods": frozenset({"GET"})}, "GET", 200),
    ({"methods": frozenset({"GET"})}, "HEAD", 200),
    ({"methods": frozenset({"GET"})}, "POST", 403),
    ({"methods": frozenset({"GET"})}, "PROPFIND", 403),
    ({"networks": ("203.0.113.0/24",)}, "GET", 200),
    ({"networks": ("198.51.100.0/24",)}, "GET", 403),
    # Those of the proxy are not those of the client.
    ({"networks": ("192.0.2.0/24",)}, "GET", 403),
    ({"resources": frozenset({"app:wiki"})}, "GET", 200),
    ({"resources": frozenset({"/protected"})}, "GET", 403),
]


@pytest.mark.parametrize(("restriction", "method", "status"), RESTRICTED)
def test_restrictions_of_a_token_apply_to_the_request_at_the_app(app, proxy, issue, restriction, method, status):
    proxied(app)
    assert proxy.check(PAGE, method, headers=bearer(issue(**restriction))).status_code == status


def end_by_revoking(app, db, issued):
    lifecycle.revoke(db, issued.entry.user_id, issued.entry.id)


def end_by_disabling(app, db, issued):
    disable_account(db, issued.entry.user_id)


def end_by_a_lost_role(app, db, issued):
    db.get(User, issued.entry.user_id).role = "user"


def test_what_ends_a_token_counts_at_once(app, proxy):
    proxied(app, "wiki", roles=["admin"])
    for number, end in enumerate((end_by_revoking, end_by_disabling, end_by_a_lost_role)):
        owner = factories.user(app, f"eve{number}", role="admin")
        issued = factories.api_token(app, owner, "app:wiki")
        assert proxy.check(PAGE, headers=bearer(issued.token)).status_code == 200
        with factories.database_of(app).write() as db:
            end(app, db, issued)
        assert proxy.check(PAGE, headers=bearer(issued.token)).status_code in (401, 403), end


def test_an_expired_token_is_refused_with_the_reason(app, proxy):
    proxied(app)
    token = factories.api_token(app, user_named(app, "bob"), "app:wiki", lifetime=timedelta(hours=1)).token
    assert proxy.check(PAGE, headers=bearer(token)).status_code == 200
    with time_machine.travel(now() + timedelta(hours=1), tick=False):
        answer = proxy.check(PAGE, headers=bearer(token))
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")


URL = {"htu": PAGE}
PROOFS = [
    pytest.param(URL, 200, id="for the URL of the app"),
    pytest.param({"htu": "https://login.example.org/forward-auth"}, 401, id="for the URL of the check"),
    pytest.param({"htu": "https://notes.example.org/page"}, 401, id="for another app"),
    pytest.param({"htu": f"{WIKI}/other"}, 401, id="for another path"),
    pytest.param({"htu": "http://wiki.example.org/page"}, 401, id="for another scheme"),
    pytest.param(URL | {"htm": "POST"}, 401, id="for another method"),
    pytest.param(URL | {"ath": "x"}, 401, id="for another token"),
    pytest.param(None, 401, id="none"),
]


@pytest.mark.parametrize(("changes", "status"), PROOFS)
def test_a_token_bound_to_a_key_needs_a_proof_for_the_url_of_the_app(app, proxy, changes, status):
    proxied(app, "wiki", RuleSettings(accepts_dpop=True))
    token = dpop_client.bound_token(app, user_named(app, "bob"), "app:wiki")
    headers = {"Authorization": f"DPoP {token}"}
    if changes is not None:
        headers["DPoP"] = dpop_client.proof(dpop_client.claims_for(token=token, **changes))
    assert proxy.check(PAGE, headers=headers).status_code == status
    # A proof is used once.
    assert proxy.check(PAGE, headers=headers).status_code == 401


def test_a_token_bound_to_a_key_is_refused_where_no_rule_accepts_it(app, proxy):
    proxied(app)
    token = dpop_client.bound_token(app, user_named(app, "bob"), "app:wiki")
    proof = dpop_client.proof(dpop_client.claims_for(token=token, htu=PAGE))
    for headers in ({"Authorization": f"DPoP {token}", "DPoP": proof}, bearer(token), basic(token)):
        assert proxy.check(PAGE, headers=headers).status_code == 401


def test_a_bound_token_is_no_bearer_token_and_a_bearer_token_is_not_bound(app, proxy, issue):
    proxied(app, "wiki", RuleSettings(accepts_dpop=True, authorization="basic"))
    token = dpop_client.bound_token(app, user_named(app, "bob"), "app:wiki")
    for headers in (bearer(token), basic(token), {"Authorization": f"DPoP {issue()}"}):
        assert proxy.check(PAGE, headers=headers).status_code == 401
    assert proxy.check(PAGE, headers=bearer(issue())).status_code == 200


def test_a_token_in_the_query_is_the_apps_own(app, proxy, issue):
    proxied(app)
    assert proxy.check(f"{PAGE}?token={issue()}").status_code == 401
    assert proxy.check(PAGE, path=f"/forward-auth?token={issue()}").status_code in (400, 401)
