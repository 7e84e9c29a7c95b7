"""abort() in a view: descriptions of the app reach people and scripts; defaults of Werkzeug do not."""

import pytest
from flask import abort
from markupsafe import escape

from webapp.guard import public
from webapp.testing import as_nobody

WORDS = "There is no report for <May>."


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 415, 422, 429])
def test_a_description_is_the_detail(app, status):
    app.add_url_rule("/aborted", "aborted", public(lambda: abort(status, description=WORDS)))
    script = as_nobody(app).get("/aborted", headers={"Accept": "*/*"})
    assert (script.status_code, script.json["detail"]) == (status, WORDS)
    page = as_nobody(app).get("/aborted")
    assert (page.status_code, str(escape(WORDS)) in page.text) == (status, True)


@pytest.mark.parametrize("status", [500, 501, 503])
def test_an_internal_error_is_not_described(app, status):
    app.add_url_rule("/aborted", "aborted", public(lambda: abort(status, description=WORDS)))
    script = as_nobody(app).get("/aborted", headers={"Accept": "*/*"})
    assert script.status_code == status
    assert script.json.get("detail") != WORDS


def test_without_a_description_the_default_is_used(app):
    app.add_url_rule("/aborted", "aborted", public(lambda: abort(404)))
    elsewhere = as_nobody(app).get("/nowhere", headers={"Accept": "*/*"}).json
    here = as_nobody(app).get("/aborted", headers={"Accept": "*/*"}).json
    assert {**here, "instance": ""} == {**elsewhere, "instance": ""}
