"""Roles by claims: given at a login, taken away when the claim is gone, never above what is allowed."""

import json

import pytest

from tests import factories, restored_site
from tests.admin.admin_objects import role_of
from tests.browser import Person
from tests.federation.admin_pages import PAGES, chief_of, page_of
from tests.federation.upstream import linked, log_in, provided
from tests.tables import contents
from webapp.accounts import lifecycle
from webapp.accounts import roles as all_roles
from webapp.accounts.models import User
from webapp.federation import providers
from webapp.federation.claim_names import named_identity
from webapp.federation.models import LoginProvider
from webapp.federation.role_rules import role_by, role_for

restored, app = restored_site.fixtures()
chief = restored_site.browser(chief_of)

JSON = {"Accept": "application/json"}
RULES = [
    {"claim": "groups", "value": "staff", "role": "editor"},
    {"claim": "realm_access.roles", "value": "boss", "role": "admin"},
]
BY_CLAIMS = [
    ({"groups": ["staff"]}, "editor"),
    ({"groups": "staff"}, "editor"),
    ({"groups": ["other", "staff"], "realm_access": {"roles": ["boss"]}}, "editor"),
    ({"realm_access": {"roles": ["boss"]}}, "admin"),
    ({"realm_access.roles": ["boss"]}, "admin"),
    ({"groups": ["Staff"]}, None),
    ({"groups": ["staffs"]}, None),
    ({"groups": {"staff": True}}, None),
    ({"groups": [["staff"]]}, None),
    ({"groups": None}, None),
    ({"realm_access": ["roles"]}, None),
    ({"realm_access": {"roles": {"boss": 1}}}, None),
    ({}, None),
]


@pytest.mark.parametrize(("claims", "role"), BY_CLAIMS, ids=str)
def test_the_first_rule_that_applies_gives_its_role(claims, role):
    assert role_by(RULES, ["editor", "admin"], claims) == role


def test_no_rule_gives_a_role_that_is_not_allowed():
    assert role_by(RULES, [], {"groups": ["staff"]}) is None
    assert role_by(RULES, ["admin"], {"groups": ["staff"], "realm_access": {"roles": ["boss"]}}) == "admin"


@pytest.fixture
def grace(app, upstream) -> User:
    """Linked to a provider whose rules give roles."""
    with factories.database_of(app).write() as db:
        all_roles.add(db, "editor", "Writes.", ["user"])
        row = providers.by_slug(db, "acme")
        row.role_rules, row.grantable_roles = RULES, ["editor", "admin"]
    made = factories.user(app, "grace")
    linked(app, made)
    return made


def log_in_with(app, upstream, **claims):
    upstream.claims = {"sub": "u-1", "email": "grace@example.org"} | claims
    assert log_in(Person(app), upstream).status_code == 303


def test_a_role_is_given_and_taken_away_with_the_group(app, upstream, grace):
    for groups, role in ((["staff"], "editor"), (["staff"], "editor"), ([], "user"), (["x"], "user")):
        log_in_with(app, upstream, groups=groups)
        assert role_of(app, grace) == role
    log_in_with(app, upstream, realm_access={"roles": ["boss"]})
    assert role_of(app, grace) == "admin"
    log_in_with(app, upstream)
    assert role_of(app, grace) == "user"


def test_a_role_that_an_administrator_gave_stays(app, upstream, grace):
    with factories.database_of(app).write() as db:
        lifecycle.change_role(db, db.get_one(User, grace.id), "admin")
    for groups in (["staff"], [], ["staff"]):
        log_in_with(app, upstream, groups=groups)
        assert role_of(app, grace) == "admin"


def test_the_last_super_admin_stays_one(app, upstream, grace):
    with factories.database_of(app).write() as db:
        row = providers.by_slug(db, "acme")
        row.grantable_roles = ["super_admin"]
        row.role_rules = [{"claim": "groups", "value": "staff", "role": "super_admin"}]
    log_in_with(app, upstream, groups=["staff"])
    assert role_of(app, grace) == "super_admin"
    log_in_with(app, upstream, groups=[])
    assert role_of(app, grace) == "super_admin", "nobody could administer the site otherwise"
    factories.user(app, "chief", role="super_admin")
    log_in_with(app, upstream, groups=[])
    assert role_of(app, grace) == "user"


def test_roles_of_rules_are_taken_away_when_the_provider_is_removed(app, chief, upstream, grace):
    log_in_with(app, upstream, groups=["staff"])
    page = chief.open(f"{page_of(app)}/remove").text
    assert "1 user loses the role that its rules gave." in page
    chief.press("Remove provider")
    assert role_of(app, grace) == "user"
    assert contents(app)["linked_identity"] == []


def rules_of(chief):
    return [one["value"] for one in chief.ask("GET", PAGES, headers=JSON).json["providers"][0]["role_rules"]]


def test_rules_are_added_ordered_and_removed_on_their_page(app, chief, upstream):
    chief.open(f"{page_of(app)}/rules")
    assert "First say which roles the rules may give." in chief.page.text
    chief.open(f"{page_of(app)}/edit")
    chief.press("Save provider", grantable_roles="user admin")
    for value in ("staff", "boss"):
        chief.open(f"{page_of(app)}/rules")
        assert "The rule was added." in chief.press("Add rule", claim="groups", value=value, role="admin").text
    assert rules_of(chief) == ["staff", "boss"]
    for page in (f"{page_of(app)}/rules", page_of(app)):
        assert "many providers need the scope <code>groups</code>" in chief.open(page).text
    token = chief.ask("GET", "/forgot", headers=JSON).json["csrf_token"]

    def send(act, **rule):
        sent = {"claim": "groups", "role": "admin", "csrf_token": token} | rule
        return chief.ask("POST", f"{page_of(app)}/rules{act}", json=sent, headers=JSON).status_code

    assert send("/up", value="boss") == 200
    assert rules_of(chief) == ["boss", "staff"]
    assert send("/up", value="boss") == 200, "it is the first already"
    assert send("/up", value="nobody") == 404
    assert send("", value="x", role="super_admin") == 422, "no rule may give it"
    assert send("/remove", value="boss") == 200
    assert send("/remove", value="boss") == 404
    assert rules_of(chief) == ["staff"]


PASTED = [
    ('{"sub": "u-1", "groups": ["staff"]}', "linked to the account grace", "editor, by a rule"),
    ('{"sub": "u-1"}', "linked to the account grace", "user. No rule applies"),
    ('{"sub": "u-9", "email": "ada@example.org", "email_verified": true}', "to the account ada", "user"),
    ('{"sub": "u-9", "email": "ada@example.org", "email_verified": "true"}', "could create one", "user"),
    ('{"groups": ["staff"]}', "could create one", "editor, by a rule"),
    ('{"sub": "u-2"}', "cannot log in now", "No rule applies."),
    ('{"sub": "u-2", "groups": ["staff"]}', "cannot log in now", "The rules give editor."),
]


@pytest.mark.parametrize(("claims", "account", "role"), PASTED)
def test_pasted_claims_show_account_and_role_and_store_nothing(app, chief, upstream, grace, claims, account, role):
    factories.user(app, "ada", email="ada@example.org")
    gone = factories.user(app, "linus")
    linked(app, gone, "u-2")
    with factories.database_of(app).write() as db:
        lifecycle.disable(db, db.get_one(User, gone.id))
    chief.open(f"{page_of(app)}/rules")
    before = contents(app)
    page = chief.press("Try claims", claims=claims)
    assert page.status_code == 200
    assert account in page.text
    assert role in page.text
    assert contents(app) == before


@pytest.mark.parametrize(
    "claims",
    ["", "x", "[]", "5", '{"sub": 5}', '{"sub": ""}', '{"a": 1, "a": 2}', "[" * 5000, json.dumps({"x": "y" * 20000})],
    ids=lambda claims: claims[:20],
)
def test_what_is_no_claim_set_is_said(app, chief, upstream, claims):
    chief.open(f"{page_of(app)}/rules")
    assert chief.press("Try claims", claims=claims).status_code == 422


def test_claims_of_a_provider_without_openid_are_read_by_their_names(app, chief, upstream):
    names = {"sub": "id", "preferred_username": "login"}
    provided(app, upstream, slug="hub", kind="oauth2", claim_names=names, issuer="https://hub.example")
    chief.open(f"{page_of(app, 'hub')}/rules")
    assert "could create one" in chief.press("Try claims", claims='{"id": 7, "login": "grace"}').text
    assert "id is missing" in chief.press("Try claims", claims='{"sub": "7"}').text


EMAIL_RULE = {"value": "boss@example.org", "role": "editor"}
OF_ADDRESS = [
    ({"claim": "email"}, {}, {"email": "boss@example.org", "email_verified": True}, "editor"),
    ({"claim": "email"}, {}, {"email": "boss@example.org", "email_verified": False}, None),
    ({"claim": "email"}, {}, {"email": "boss@example.org", "email_verified": "true"}, None),
    ({"claim": "email"}, {}, {"email": "boss@example.org"}, None),
    ({"claim": "email"}, {}, {"email": ["boss@example.org"], "email_verified": True}, None),
    ({"claim": "email"}, {}, {"email": "other@example.org", "email_verified": True}, None),
    ({"claim": "email"}, {}, {"email_verified": True}, None),
    ({"claim": "user.mail"}, {"email": "user.mail"}, {"user": {"mail": "boss@example.org"}}, None),
    (
        {"claim": "user.mail"},
        {"email": "user.mail"},
        {"user": {"mail": "boss@example.org"}, "email_verified": True},
        "editor",
    ),
    ({"claim": "groups"}, {}, {"groups": ["boss@example.org"]}, "editor"),
]


@pytest.mark.parametrize(("rule", "names", "claims", "role"), OF_ADDRESS, ids=str)
def test_a_rule_on_the_e_mail_address_needs_a_verified_one(rule, names, claims, role):
    provider = LoginProvider(role_rules=[rule | EMAIL_RULE], grantable_roles=["editor"], claim_names=names)
    assert role_for(provider, named_identity("https://example.org", {"sub": "u-1"} | claims, names)) == role


def test_an_unverified_address_gives_no_role_at_a_login(app, upstream, grace):
    with factories.database_of(app).write() as db:
        providers.by_slug(db, "acme").role_rules = [{"claim": "email", "value": "grace@example.org", "role": "editor"}]
    for is_verified, role in ((False, "user"), (True, "editor"), (False, "user")):
        log_in_with(app, upstream, email_verified=is_verified)
        assert role_of(app, grace) == role
