"""The audit log is searched by the request ID that a refusal names."""

import pytest

from tests import factories
from tests.script import Script


@pytest.mark.parametrize("form", ["{}", "urn:uuid:{}", " URN:UUID:{} "])
def test_events_are_found_by_the_request_id_of_a_refusal(app, script, user, form):
    Script(app, factories.api_token(app, user).token).get("/admin/users")
    refused = Script(app, factories.api_token(app, user).token).get("/admin/users").json
    number = refused["instance"].removeprefix("urn:uuid:")
    query = {"request": form.format(number)}
    (found,) = script.get("/admin/audit", query_string=query).json["events"]
    assert (found["event"], found["request_id"]) == ("access.refused", number)
    assert number in script.get("/admin/audit.jsonl", query_string=query).text
    assert len(script.get("/admin/audit.csv", query_string=query).text.splitlines()) == 2
    assert script.get("/admin/audit?request=nothing").json["events"] == []


def test_the_page_has_a_field_for_the_request_id(ines):
    page = ines.open("/admin/audit?request=4f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d").text
    assert "No entries match these filters" in page
    assert 'name="request" maxlength="64"' in page
