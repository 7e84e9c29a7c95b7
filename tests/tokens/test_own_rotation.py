"""Restrictions that exclude the rotation of a token by itself are refused, however it is created or edited."""

import msgspec
import pytest

from tests import factories
from tests.script import Script
from tests.tables import contents
from tests.tokens import mint_calls
from tests.tokens.edit_calls import edit
from tests.tokens.rotate_calls import by_json as rotate_by_owner
from tests.tokens.rotate_calls import rotate_self
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.web.registry import services_of

SCOPES = ["protected:read", "self:rotate"]
ROTATE = "/tokens/self/rotate"

# Restrictions, and the fields with an error.
TABLE = [
    pytest.param({}, set(), id="none"),
    pytest.param({"methods": ["GET"]}, {"methods"}, id="another method"),
    pytest.param({"methods": ["GET", "POST"]}, set(), id="its method too"),
    pytest.param({"resources": ["/protected"]}, {"resources"}, id="another path"),
    pytest.param({"resources": ["/protected", ROTATE]}, set(), id="its path too"),
    pytest.param({"methods": ["GET"], "resources": ["/protected"]}, {"methods", "resources"}, id="both"),
    pytest.param({"methods": ["POST"], "resources": ["/protected"]}, {"resources"}, id="the method alone"),
    pytest.param({"networks": ["10.0.0.0/8"]}, set(), id="a network"),
    pytest.param({"per_minute": 1}, set(), id="a rate"),
]


@pytest.mark.parametrize(("limits", "wrong"), TABLE)
def test_restrictions_that_exclude_rotation_are_refused_in_json(app, person, limits, wrong):
    before = contents(app)["api_token"]
    answer = mint_calls.by_json(person, scopes=SCOPES, **limits)
    assert (answer.status_code, set(answer.json.get("errors", ()))) == (422 if wrong else 201, wrong)
    assert (contents(app)["api_token"] == before) == bool(wrong)
    if not wrong:
        assert rotate_self(app, answer.json["access_token"]).status_code == 201


@pytest.mark.parametrize(("limits", "wrong"), TABLE)
def test_without_the_scope_any_restriction_is_allowed(person, limits, wrong):
    assert mint_calls.by_json(person, scopes=["protected:read"], **{**limits, "resources": []}).status_code == 201


def test_on_the_page_the_fields_show_what_rotation_needs(person):
    page = mint_calls.mint(person, scopes=SCOPES, methods=["GET"], resources=["/protected"])
    assert page.status_code == 422
    assert "needs the method POST. Select it too" in page.text
    assert f"needs the path {ROTATE}. Select it too" in page.text


def test_the_summary_of_the_form_has_the_same_message(person):
    csrf = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": csrf}
    answer = person.ask("POST", "/tokens/summary", json={"scopes": SCOPES, "methods": ["GET"]}, headers=headers)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"methods"})


@pytest.mark.parametrize(("limits", "wrong"), TABLE)
def test_adding_restrictions_that_exclude_rotation_is_refused(app, user, person, limits, wrong):
    issued = factories.api_token(app, user, *SCOPES)
    answer = edit(person, issued, **limits)
    assert (answer.status_code, set(answer.json.get("errors", ()))) == (422 if wrong else 200, wrong)


def test_adding_the_scope_to_a_restricted_token_is_refused(app, user, person):
    grant = TokenGrant(frozenset({"protected:read"}), methods=frozenset({"GET"}))
    issued = factories.api_token(app, user, grant=grant)
    assert set(edit(person, issued, scopes=SCOPES).json["errors"]) == {"methods"}
    assert edit(person, issued, scopes=SCOPES, methods=["GET", "POST"]).status_code == 200


def test_an_older_token_can_still_be_edited_and_rotated_by_its_owner(app, user, person):
    grant = TokenGrant(frozenset(SCOPES), methods=frozenset({"GET"}))
    issued = factories.api_token(app, user, grant=grant)
    assert edit(person, issued, note="since last year").status_code == 200
    assert set(edit(person, issued, resources=["/protected"]).json["errors"]) == {"resources"}
    rotated = rotate_by_owner(person, issued).json["id"]
    with services_of(app).get(Database).read() as db:
        new = db.get_one(Credential, type(issued.entry.id)(rotated)).grant
    assert msgspec.structs.replace(new, counted_as=None) == grant


def test_a_script_login_has_no_restrictions_to_exclude_it(app, user):
    body = {"username": user.username, "password": factories.PASSWORD, "scope": "self:rotate"}
    answer = Script(app).post("/api/auth", json=body)
    assert (answer.status_code, answer.json["scope"]) == (200, "self:rotate")


def test_an_exchanged_token_never_has_the_scope_and_restrictions(make_app, user):
    app = make_app(WEBAPP_EXCHANGE_AUDIENCES="https://reports.example.org")
    grant = TokenGrant(frozenset(SCOPES), methods=frozenset({"GET"}))
    issued = factories.api_token(app, user, grant=grant)
    body = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": issued.token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "https://reports.example.org",
    }
    assert Script(app, issued.token).post("/api/auth/exchange", data=body).status_code in (400, 403)
