"""The first login with a provider of each kind: a new account, one that exists, or none."""

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.kinds import KINDS, entered, issuer_of
from tests.federation.upstream import log_in
from tests.tables import account
from webapp.federation import linking

ACCOUNT_PAGE = "/login/with/acme/account"
EACH = pytest.mark.parametrize("kind", KINDS)


def identities(app, name):
    with factories.database_of(app).read() as db:
        return [(one.issuer, one.subject) for one in linking.of_user(db, account(app, name).id)]


@EACH
def test_the_first_login_creates_an_account_and_the_second_finds_it(app, visitor, kind):
    upstream = entered(app, kind)
    page = log_in(visitor, upstream)
    assert page.headers["Location"] == ACCOUNT_PAGE
    visitor.open(ACCOUNT_PAGE)
    assert "grace@example.org" in visitor.page.text
    answer = visitor.press("Create account")
    assert "You are logged in as grace." in answer.text
    again = Person(app)
    assert log_in(again, upstream).headers["Location"] == "/dashboard"
    assert "grace" in again.open("/account").text
    assert identities(app, "grace") == [(issuer_of(kind), "u-1")]


@EACH
def test_a_verified_address_of_an_authoritative_provider_finds_the_account(app, visitor, kind):
    factories.user(app, "ada", email="grace@example.org")
    assert log_in(visitor, entered(app, kind, email="Grace@Example.org")).headers["Location"] == "/dashboard"
    assert identities(app, "ada") == [(issuer_of(kind), "u-1")]


@EACH
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"verified": False}, id="not verified"),
        pytest.param({"verified": "true"}, id="verified as a text"),
        pytest.param({"verified": None}, id="nothing said of it"),
        pytest.param({"email_domains": ["example.com"]}, id="of a domain of somebody else"),
        pytest.param({"email_domains": []}, id="of no domain of the provider"),
        pytest.param({"email": "other@example.org"}, id="another address"),
    ],
)
def test_any_other_address_finds_none(app, visitor, kind, changed):
    factories.user(app, "ada", email="grace@example.org")
    assert log_in(visitor, entered(app, kind, **changed)).headers["Location"] == ACCOUNT_PAGE
    assert identities(app, "ada") == []
    if kind == "oidc" and "verified" in changed:
        text = visitor.open(ACCOUNT_PAGE).text
        assert "grace@example.org is not copied to your account, because Acme has not verified it." in text


@EACH
def test_who_is_logged_in_links_the_identity_to_the_account(app, person, user, kind):
    upstream = entered(app, kind, email="elsewhere@example.com", verified=False)
    newcomer = Person(app)
    log_in(newcomer, upstream)
    newcomer.open("/login/with/acme/link")
    newcomer.press("Log in", username=user.username, password=factories.PASSWORD)
    newcomer.open("/login/with/acme/link")
    newcomer.press("Link")
    assert identities(app, user.username) == [(issuer_of(kind), "u-1")]
    assert log_in(Person(app), upstream).headers["Location"] == "/dashboard"


@EACH
def test_a_closed_site_gives_no_account(app, visitor, kind):
    upstream = entered(app, kind, account_policy="closed")
    log_in(visitor, upstream)
    assert "Create account" not in visitor.open(ACCOUNT_PAGE).text


@EACH
def test_a_disabled_account_stays_out(app, visitor, kind):
    upstream = entered(app, kind)
    log_in(visitor, upstream)
    visitor.open(ACCOUNT_PAGE)
    visitor.press("Create account")
    with factories.database_of(app).write() as db:
        found = account(app, "grace")
        db.merge(found).disabled_at = found.created_at
    assert log_in(Person(app), upstream).status_code == 403


@EACH
def test_the_role_of_a_rule_goes_with_its_claim(app, visitor, kind):
    rules = [{"claim": "name", "value": "Grace", "role": "admin"}]
    upstream = entered(app, kind, role_rules=rules, grantable_roles=["admin"])
    log_in(visitor, upstream)
    visitor.open(ACCOUNT_PAGE)
    visitor.press("Create account")
    assert account(app, "grace").role == "admin"
    described = upstream.claims if kind == "oidc" else upstream.user
    described["name"] = "Grace Hopper"
    log_in(Person(app), upstream)
    assert account(app, "grace").role == "user"


NOTHING = {"code": None, "oauth_token": None, "oauth_verifier": None}
CANCELLED = {
    "oidc": {"error": "access_denied"},
    "oauth2": {"error": "access_denied"},
    "oauth1": {"denied": "the token"},
    "oauth1 with another word": {"oauth_problem": "user_refused"},
}


@pytest.mark.parametrize("name", CANCELLED)
def test_who_cancels_there_is_back_on_the_login_page(app, visitor, name):
    upstream = entered(app, name.partition(" ")[0])
    upstream.parameters = NOTHING | CANCELLED[name]
    answer = log_in(visitor, upstream, "/login/with/acme?next=/account/tokens")
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/login")
    assert "next=" in answer.headers["Location"]
    assert "You did not log in with Acme." in visitor.open(answer.headers["Location"]).text
