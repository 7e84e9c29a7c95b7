"""The description of the JSON side: whole, true to the guard and the forms, and readable."""

from typing import Any

import pytest
from flask import Flask
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests import factories
from tests.browser import Person, parsed, text_of
from tests.script import Script
from webapp.guard import public
from webapp.guard.routes import routes
from webapp.site.api_reference import reference
from webapp.site.views import Description
from webapp.web.api_schema import contract_of
from webapp.web.registry import services_of

METHODS = ("get", "post")


@pytest.fixture
def anybody(app: Flask) -> Script:
    return Script(app)


@pytest.fixture
def document(anybody: Script) -> dict[str, Any]:
    return anybody.get("/openapi.json").json


def test_the_document_is_openapi_3_1(document):
    OPENAPI_31_VALIDATOR.validate(document)


def test_exactly_the_views_with_responds_are_in_the_document(app, document):
    said = {
        (method.lower(), route.endpoint)
        for route in routes(app)
        for method in route.methods
        if contract_of(app.view_functions[route.endpoint])
    }
    found = {(method, entry["operationId"]) for path in document["paths"].values() for method, entry in path.items()}
    assert found == said


def test_every_method_of_a_plug_in_view_is_an_operation(app):
    view = public(str)
    for path in ("/notes", "/notes/all"):
        app.add_url_rule(path, "notes", view, methods=["GET", "POST"])
    document = Script(app).get("/openapi.json").json
    OPENAPI_31_VALIDATOR.validate(document)
    found = [document["paths"][path][method]["operationId"] for path in ("/notes", "/notes/all") for method in METHODS]
    assert sorted(found) == ["notes.get", "notes.get.2", "notes.post", "notes.post.2"]
    # The ids are ids of the page too, which is checked for being valid.
    assert Person(app).open("/docs").status_code == 200


def test_each_operation_lists_the_credentials_that_its_rule_accepts(document):
    assert document["paths"]["/protected"]["get"]["security"] == [
        {"bearer": ["protected:read"]},
        {"dpop": ["protected:read"]},
        {"basic": ["protected:read"]},
        {"session": []},
    ]
    assert document["paths"]["/tokens/new"]["post"]["security"] == [{"session": [], "csrf": []}]
    assert document["paths"]["/api/auth"]["post"]["security"] == []


@pytest.mark.parametrize(
    ("form", "field", "schema"),
    [
        pytest.param("NewTokenForm", "name", {"minLength": 3, "maxLength": 50}, id="a length is a length"),
        pytest.param("NewTokenForm", "scopes", {"type": "array", "minItems": 1}, id="many choices are a list"),
        pytest.param("LoginForm", "password", {"type": "string", "format": "password"}, id="a password is text"),
    ],
)
def test_required_fields_are_required_in_the_schema(document, form, field, schema):
    described = document["components"]["schemas"][form]
    found = described["properties"][field]
    assert schema.items() <= found.get("anyOf", [found])[0].items()
    assert field in described["required"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/admin/audit.csv", "text/csv"),
        ("/admin/audit.jsonl", "application/jsonl"),
        ("/account/activity.csv", "text/csv"),
    ],
)
def test_downloads_have_the_described_content_type(app, document, path, kind):
    described = document["paths"][path]["get"]
    assert described["responses"]["200"]["content"] == {kind: {"schema": {"type": "string"}}}
    assert {"bearer": described["security"][0]["bearer"]} in described["security"]
    admin = factories.user(app, role="admin")
    answer = Script(app, factories.api_token(app, admin, "admin:read", "profile:read").token).get(path)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert len(answer.text.splitlines()) > 1


def test_optional_fields_can_be_empty(document):
    schema = document["components"]["schemas"]["NewTokenForm"]["properties"]["expires_on"]
    assert schema["anyOf"] == [{"type": "string", "format": "date"}, {"enum": ["", None]}]


def test_refusals_are_described_with_a_challenge(document):
    assert document["components"]["responses"]["Unauthorized"]["headers"]["WWW-Authenticate"]["required"]


def test_datetimes_have_the_format_date_time(document):
    token = document["components"]["schemas"]["Token"]["properties"]
    assert token["created_at"]["format"] == token["revoked_at"]["anyOf"][0]["format"] == "date-time"


def test_the_document_is_the_same_for_all_callers_and_can_be_cached(anybody, script):
    answer = anybody.get("/openapi.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.data == script.get("/openapi.json").data


def test_the_page_lists_every_operation_and_how_to_call_it(visitor: Person, document):
    page = text_of(parsed(visitor.open("/docs").text))
    for path, entry in document["paths"].items():
        for method, operation in entry.items():
            assert f"{method.upper()} {path} {operation['summary'].replace('`', '')}" in page
    assert 'curl -H "Authorization: Bearer $LATCHKEY_TOKEN" \\ http://localhost:8000/dashboard' in page


def test_each_curl_example_uses_an_accepted_credential(document):
    for entry in (entry for group in reference(document).groups for entry in group.operations):
        if entry.token in ("nobody", "everybody"):
            assert "Bearer" not in entry.curl
        else:
            assert 'curl -H "Authorization: Bearer $LATCHKEY_TOKEN"' in entry.curl
        is_cookie_alone = "-b cookies.txt" in entry.curl and "X-CSRF-Token" not in entry.curl
        assert not is_cookie_alone or entry.method == "GET", entry.curl


def test_the_page_works_without_javascript(visitor: Person):
    page = visitor.open("/docs").text
    assert page.count("<details") == page.count("<summary") > 100


def test_a_script_is_redirected_to_the_document(anybody):
    answer = anybody.get("/docs")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/openapi.json")


def test_an_unknown_query_parameter_is_refused(script):
    answer = script.get("/tokens?view=edned")
    assert (answer.status_code, answer.json["errors"]) == (400, {"view": ["Invalid enum value 'edned'."]})


def test_a_json_value_of_another_type_is_refused_even_if_it_is_empty(anybody):
    answer = anybody.post("/api/auth", json={"username": "ada", "password": "x", "expires_in": False})
    assert (answer.status_code, answer.json["title"]) == (400, "Bad request")


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_an_unchanged_document_is_304(visitor, path):
    first = visitor.open(path)
    again = visitor.ask("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


def test_the_reference_is_rendered_once_and_the_layout_per_caller(app, visitor, user):
    visitor.open("/docs")
    tag, described = visitor.page.headers["ETag"], services_of(app).get(Description)
    assert "Log out" not in visitor.page.text
    visitor.log_in("ada")
    page = visitor.ask("GET", "/docs", headers={"If-None-Match": tag})
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert "Log out" in page.text
    assert services_of(app).get(Description) is described
