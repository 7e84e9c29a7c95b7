"""The limits of a token: asked for on its form, kept by its row, said in words."""

import re
from datetime import UTC, datetime

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents
from tests.tokens.mint_calls import by_json, mint, token_in
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.tokens.models import ApiToken
from webapp.web.registry import services_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def grant(app, name="laptop"):
    with services_of(app).get(Database).read() as db:
        entry = db.query(ApiToken).filter_by(name=name).one()
        return db.get(Credential, entry.id).grant


def test_the_levels_of_the_picker_are_scopes(person, app):
    person.open("/tokens/new")
    person.press("Create token", name="laptop", **{"scopes-profile": "profile:read", "scopes-tokens": "tokens:read"})
    assert grant(app).scopes == {"profile:read", "tokens:read"}


def test_write_includes_read(app):
    factories.user(app, "root", role="super_admin")
    root = Person(app)
    root.log_in("root")
    page = root.open("/tokens/new").text
    assert 'value="admin:read admin:write"' in page
    root.press("Create token", name="laptop", **{"scopes-admin": "admin:read admin:write"})
    assert grant(app).scopes == {"admin:read", "admin:write"}


def test_scopes_that_the_user_lacks_are_disabled_with_the_reason(person):
    page = person.open("/tokens/new").text
    level = re.search(r'<input type="radio" id="scopes-admin-1"[^>]*>', page)[0]
    assert "disabled" in level
    assert "It requires the role admin or super admin." in page


def test_a_scope_that_the_user_lacks_is_refused(person, app):
    person.open("/tokens/new")
    before = contents(app)
    answer = person.press("Create token", name="laptop", **{"scopes-admin": "admin:read"})
    assert answer.status_code == 422
    assert contents(app) == before


LIMITS = {
    "resources": ["/protected"],
    "methods": ["GET"],
    "networks": ["10.0.0.0/8", "2001:db8::/32"],
    "per_minute": 2,
    "note": "for the wall",
}


def test_every_limit_is_enforced_by_the_guard(person, app):
    token = by_json(person, scopes=["protected:read", "profile:read"], **LIMITS).json["access_token"]
    inside, outside = Script(app, token), Script(app, token, ip_address="192.0.2.7")
    assert inside.get("/protected").status_code == 200
    assert outside.get("/protected").json["code"] == "token_limited"
    assert inside.get("/dashboard").json["code"] == "token_limited"
    assert inside.get("/protected").status_code == 200
    assert inside.get("/protected").status_code == 429


def test_a_form_has_the_same_result_as_json(person, app):
    fields = {
        "scopes": "protected:read",
        "networks": " 10.0.0.0/8, 2001:db8::/32\n",
        "per_minute": "2",
        "note": "for the wall",
    }
    assert mint(person, resources="/protected", methods="GET", **fields).status_code == 201
    by_json(person, name="other", scopes=["protected:read"], **LIMITS)
    assert grant(app) == grant(app, "other")


def test_the_new_token_is_described_in_words(person):
    answer = by_json(person, scopes=["protected:read"], networks=["10.0.0.0/8"])
    assert answer.json["summary"][0].startswith("Can read Protected examples until ")
    assert "from 10.0.0.0/8" in answer.json["summary"][0]
    shown = mint(person, name="shown", scopes="protected:read", networks="10.0.0.0/8").text
    assert "from 10.0.0.0/8." in shown
    assert "Cannot change anything" in shown


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"networks": ["10.0.0.0/33"]}, id="no network"),
        pytest.param({"networks": ["10.0.0.5/8"]}, id="an address that claims to be a network"),
        pytest.param({"networks": ["::ffff:0:0/90"]}, id="IPv4 dressed as IPv6, and more"),
        pytest.param({"networks": [f"10.0.{n}.0/24" for n in range(256)]}, id="too many networks"),
        pytest.param({"methods": ["BREW"]}, id="a method that there is none of"),
        pytest.param({"methods": ["get"]}, id="a method in small letters"),
        pytest.param({"resources": ["/nowhere"]}, id="an address that there is none of"),
        pytest.param({"resources": ["/admin/users"]}, id="an address of another role"),
        pytest.param({"resources": ["/protected"]}, id="an address that no chosen scope opens"),
        pytest.param({"resources": ["/x"] * 900}, id="a huge list"),
        pytest.param({"per_minute": 0}, id="no request a minute"),
        pytest.param({"per_minute": -1}, id="less than none"),
        pytest.param({"per_minute": 10**30}, id="more than can be counted"),
        pytest.param({"per_minute": "many"}, id="a number in words"),
        pytest.param({"note": "x" * 201}, id="a note too long"),
        pytest.param({"note": "two\nlines"}, id="a note of two lines"),
        pytest.param({"note": "\u202e"}, id="a note that turns the line around"),
        pytest.param({"expires_in": "never"}, id="never, where that is not allowed"),
        pytest.param(
            {"expires_in": "never", "reason": "because I want it so"}, id="never, for a reason that helps nothing"
        ),
        pytest.param({"scopes": [f"made-up:{n}" for n in range(900)]}, id="hundreds of scopes that do not exist"),
        pytest.param({"name": "👩‍💻" * 17}, id="names made of joined emoji"),
    ],
)
def test_invalid_limits_have_messages_and_create_nothing(person, app, fields):
    before = contents(app)
    answer = by_json(person, **fields)
    assert answer.status_code == 422, answer.text
    assert set(answer.json["errors"]) <= {*fields, "expires_in"}
    assert contents(app) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"networks": "10.0.0.0/8"}, {"networks": {"a": 1}}, {"networks": [1]}, {"networks": [None]},
        {"networks": [["x"]]},
        {"methods": "GET"}, {"methods": [True]}, {"resources": 1}, {"per_minute": [1]}, {"per_minute": True},
        {"per_minute": 1.5}, {"note": ["x"]}, {"note": 1}, {"scopes": 1}, {"reason": {}},
    ],
    ids=str,
)  # fmt: skip
def test_malformed_values_are_refused(person, app, fields):
    before = contents(app)
    answer = by_json(person, **fields)
    assert answer.status_code == 400
    assert contents(app) == before


def test_null_is_the_same_as_a_missing_member(person):
    nothing = dict.fromkeys(
        ("networks", "methods", "resources", "per_minute", "note", "reason", "expires_on", "expires_in")
    )
    answer = by_json(person, **nothing)
    assert answer.status_code == 201


def test_a_name_of_fifty_emoji_is_accepted(person):
    assert by_json(person, name="🔑" * 50).json["name"] == "🔑" * 50
    assert "🔑" * 50 in person.open("/tokens").text
    assert by_json(person, name="🔑" * 51).status_code == 422


def test_scopes_are_compared_with_those_of_the_user_at_creation(person, app):
    shown = mint(person, scopes="protected:read", methods="GET")
    assert Script(app, token_in(shown)).get("/protected").status_code == 200
