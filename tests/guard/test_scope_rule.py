"""Several scopes: all of them, one of them, and both; decided, listed and explained alike."""

import pytest
from flask import Blueprint

from tests.guard.test_policy import principal
from webapp import testing
from webapp.guard import require
from webapp.guard.assurance import Demands, Level
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.routes import routes
from webapp.testing import as_nobody, as_user, with_token
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of

A, B, C = "box:read", "box:write", "box:all"
RULES = {
    "/one": A,
    "/both": [A, B],
    "/either": f"{B}|{C}",
    "/mixed": f"{A} {B}|{C}",
    "/any": "",
}
# Which rules a token with these scopes meets.
TABLE = [
    ((), ["/any"]),
    ((A,), ["/one", "/any"]),
    ((B,), ["/either", "/any"]),
    ((C,), ["/either", "/any"]),
    ((A, B), ["/one", "/both", "/either", "/mixed", "/any"]),
    ((A, C), ["/one", "/either", "/mixed", "/any"]),
    ((B, C), ["/either", "/any"]),
    ((A, B, C), ["/one", "/both", "/either", "/mixed", "/any"]),
]


@pytest.fixture(scope="module")
def site():
    box = Blueprint("box", __name__)
    for path, scope in RULES.items():
        box.add_url_rule(path, path.strip("/"), require(scope=scope)(lambda: "in"))
    with testing.app(box) as site:
        yield site


@pytest.mark.parametrize(("scopes", "opened"), TABLE)
def test_a_token_needs_the_scopes_and_a_session_none(site, scopes, opened):
    # A token without a scope of its own: of these rules, it meets the empty one alone.
    script, ada = with_token(site, scopes=scopes or ["profile:read"]), as_user(site, "ada")
    assert [path for path in RULES if script.get(path).status_code == 200] == opened
    assert [path for path in RULES if ada.get(path).status_code == 200] == list(RULES)


@pytest.mark.parametrize(
    ("path", "held", "required", "any_of", "challenge"),
    [
        ("/both", ["profile:read"], [A, B], None, f"{A} {B}"),
        ("/both", [A], [B], None, f"{A} {B}"),
        ("/either", [A], [B], [[B, C]], B),
        ("/mixed", [A], [B], [[B, C]], f"{A} {B}"),
        ("/mixed", [C], [A], None, f"{A} {B}"),
        ("/mixed", ["profile:read"], [A, B], [[B, C]], f"{A} {B}"),
    ],
)
def test_a_refusal_names_missing_scopes_and_links_to_a_sufficient_token(site, path, held, required, any_of, challenge):
    answer = with_token(site, scopes=held).get(path)
    assert (answer.status_code, answer.json["code"]) == (403, "scope_required")
    assert (answer.json["required"], answer.json.get("any_of")) == (required, any_of)
    assert all(name in answer.json["detail"] for group in any_of or [required] for name in group)
    assert (
        f'error="insufficient_scope", error_description="scope_required", scope="{challenge}"'
        in (answer.headers["WWW-Authenticate"])
    )
    named = [part.partition("=")[2] for part in answer.json["fix"].partition("?")[2].split("&") if "scopes=" in part]
    assert named == sorted({*held, *required})
    assert with_token(site, scopes=named).get(path).status_code == 200


def test_scopes_are_listed_in_words_and_as_alternatives(site):
    found = {route.path: route.by_token for route in routes(site)}
    assert [found[path] for path in RULES] == [
        A,
        f"{A} and {B}",
        f"{B} or {C}",
        f"{A} and ({B} or {C})",
        "any token",
    ]
    listed = as_nobody(site).get("/openapi.json").json["paths"]
    ways = {path: [way["bearer"] for way in listed[path]["get"]["security"] if "bearer" in way] for path in RULES}
    assert ways == {
        "/one": [[A]],
        "/both": [[A, B]],
        "/either": [[B], [C]],
        "/mixed": [[A, B], [C, A] if C < A else [A, C]],
        "/any": [[]],
    }
    for page in ("/docs", "/tokens/new"):
        text = as_user(site, "ada").get(page).text
        assert all(name in text for name in (A, B, C)), page


def test_the_token_page_shows_which_scopes_are_needed_together(site):
    catalogue = services_of(site).get(Catalogue)
    assert catalogue.scopes[A].summary_for(["user"]).startswith(f"GET /both (with {B})")
    assert f"GET /mixed (with {B} or {C})" in catalogue.scopes[A].descriptions_for(["user"])
    assert sorted({route.rule for route in catalogue.routes_of([B])}) == ["/either"]
    assert catalogue.uncovered(["/both", "/either"], [A, C]) == ["/both"]


def test_the_access_report_lists_all_scopes(site):
    page = as_user(site, "boss", role="super_admin").get("/admin/roles/user", headers={"Accept": "application/json"})
    assert {entry["scope"] for entry in page.json["reach"] if "/mixed" in entry["route"]} == {f"{A} {B}|{C}"}


@pytest.mark.parametrize("text", ["a|", "|a", "a | b", "a||b", 'a"b', "a\\b", "ä"])
def test_a_malformed_scope_rule_is_an_error_at_its_declaration(text):
    with pytest.raises(ValueError, match="where a scope is expected"):
        require(scope=text)


def test_a_level_required_for_a_scope_applies_to_all_rules_with_it():
    ada = principal()
    for text in (C, f"{A} {C}", f"{B}|{C}"):
        requirement = Requirement(scope=text).raised_by(Demands(scopes={C: Level.TWO}), ada)
        assert decide(ada, requirement, ada.auth_time) is Decision.RAISE
