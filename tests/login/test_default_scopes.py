"""POST /api/auth without a scope gives reading of resources and of the own profile, and says what was given."""

import pytest

from tests import factories
from tests.login.scripts import claims, log_in, refresh
from tests.script import Script

GIVEN = "profile:read protected:read resources:read"


@pytest.mark.parametrize("role", ["user", "admin", "super_admin"])
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="left out"),
        pytest.param({"scope": ""}, id="empty"),
        pytest.param({"scope": None}, id="null"),
        pytest.param({"scopes": []}, id="an empty list"),
    ],
)
def test_a_login_without_a_scope_can_read_resources_and_its_profile_only(app, role, fields):
    factories.user(app, "root", role="super_admin")
    factories.user(app, "ada", role=role)
    first = log_in(app, **fields)
    assert (first["scope"], claims(first["access_token"])["scope"]) == (GIVEN, GIVEN)
    assert refresh(app, first["refresh_token"]).json["scope"] == GIVEN
    for path in ("/admin/users", "/admin/audit", "/tokens"):
        assert Script(app, first["access_token"]).get(path).json["code"] == "scope_required"


def test_requested_scopes_are_granted_and_returned(app, user):
    assert log_in(app, scope="tokens:read profile:read")["scope"] == "profile:read tokens:read"


def test_a_login_with_a_cookie_returns_the_granted_scopes_too(make_app):
    app = make_app(WEBAPP_TOKEN_LOCATIONS="header,cookie")
    factories.user(app, "ada")
    assert log_in(app, cookie=True)["scope"] == GIVEN


def test_another_grant_type_is_unsupported_grant_type(app, user):
    sent = {"username": "ada", "password": factories.PASSWORD, "grant_type": "client_credentials"}
    answer = Script(app).post("/api/auth", data=sent)
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")
    assert Script(app).post("/api/auth", data=sent | {"grant_type": "password", "client_id": "cli"}).status_code == 200
