"""No query parameter, form field or member of an answer is lost, as ``docs/upgrading.md`` promises.

``tests/recorded/api_members.json`` has those of an earlier version. What is renamed keeps its former name beside the
present one; what is taken away needs an entry under *Changed*, and is deleted from that file.
"""

import json
from pathlib import Path

import pytest

from tests.script import Script
from tests.site.api_members import members_of
from webapp.core.former_names import former_names_of
from webapp.guard.routes import routes
from webapp.web.api_schema import contract_of
from webapp.web.openapi_schemas import openapi_path

RECORDED = json.loads((Path(__file__).resolve().parents[1] / "recorded" / "api_members.json").read_text())


@pytest.fixture
def accepted(app):
    """The names by operation as the document has them, and the former names of forms and queries, which it has not."""
    found = members_of(Script(app).get("/openapi.json").json)
    for route in routes(app):
        contract = contract_of(app.view_functions[route.endpoint])
        for method in route.methods if contract else ():
            if (operation := found.get(f"{method} {openapi_path(route.path)}")) is not None:
                operation["query"] += former_names_of(contract.query) if contract.query else ()
                operation["form"] += former_names_of(contract.form) if contract.form else ()
    return found


def test_every_recorded_name_is_still_accepted_or_answered(accepted):
    assert not RECORDED.keys() - accepted.keys()
    lost = {
        f"{operation} {part}": names
        for operation, parts in RECORDED.items()
        for part, recorded in parts.items()
        if (names := set(recorded) - set(accepted[operation][part]))
    }
    assert lost == {}


def test_a_member_within_a_member_is_named_and_one_within_itself_is_not_entered_again():
    tree = {"type": "object", "properties": {"size": {}, "next": {"anyOf": [{"$ref": "#/components/schemas/Tree"}]}}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}}
    query = [{"name": "page", "in": "query"}, {"name": "id", "in": "path"}]
    operation = {
        "parameters": query,
        "responses": {"200": answer, "404": answer | {"content": {"a/b": {"schema": {}}}}},
    }
    document = {"paths": {"/tree": {"get": operation}}, "components": {"schemas": {"Tree": tree}}}
    assert members_of(document) == {"GET /tree": {"query": ["page"], "form": [], "answer": ["next", "size"]}}
