"""/metrics on the site: only where it is set, only for tokens of admins with the scope for it."""

import pytest

from tests import factories
from tests.script import Script
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_METRICS="true")


@pytest.fixture
def admin(app):
    return factories.user(app, "grace", role="admin")


def test_by_default_there_is_no_such_page_and_no_such_scope(make_app):
    app = make_app()
    admin = factories.user(app, "grace", role="admin")
    assert Script(app, factories.api_token(app, admin).token).get("/metrics").status_code == 404
    assert "metrics:read" not in services_of(app).get(Catalogue).scopes


def test_with_an_address_of_its_own_the_site_has_no_such_page(make_app):
    app = make_app(WEBAPP_METRICS_BIND="127.0.0.1:9464")
    assert Script(app).get("/metrics").status_code == 404


def test_a_token_of_an_admin_with_the_scope_reads_them(app, admin):
    answer = Script(app, factories.api_token(app, admin, "metrics:read").token).get("/metrics")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert answer.text.startswith("# HELP latchkey_")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("role", "scope", "status", "code"),
    [
        pytest.param(None, None, 401, "token_missing", id="nobody"),
        pytest.param("admin", "admin:read", 403, "scope_required", id="an admin without the scope"),
        pytest.param("user", "metrics:read", 403, "role_required", id="a user with the scope"),
    ],
)
def test_nobody_else_reads_them(app, role, scope, status, code):
    token = factories.api_token(app, factories.user(app, "eve", role=role), scope).token if role else None
    answer = Script(app, token).get("/metrics")
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_hostile_headers_change_nothing(app, admin):
    token = factories.api_token(app, admin, "metrics:read").token
    for accept in ("application/openmetrics-text; version=x.y", "text/plain; version=99999999999", ";;;,,,"):
        answer = Script(app, token).get("/metrics", headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
