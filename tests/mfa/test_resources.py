"""Second factors and passkeys required for a resource: of users, and of tokens by how they were created."""

from datetime import timedelta

import pytest
from flask import Blueprint

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.second_factors import JSON, NAMED, with_app
from tests.statements import statements
from tests.tables import events
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard import require
from webapp.guard.token_grant import TokenGrant
from webapp.settings import SettingsError
from webapp.tokens.issuing import TokenIssuer, TokenRequest
from webapp.web.registry import services_of


@pytest.fixture
def vault(make_app):
    """A site with a page that takes two factors, and one that takes a passkey."""
    app = make_app(**NAMED)
    bp = Blueprint("vault", __name__)

    @bp.get("/vault")
    @require(scope="vault:read", aal=2)
    def two():
        return "gold"

    @bp.get("/vault/inner")
    @require(scope="vault:read", acr="phr")
    def inner():
        return "more gold"

    app.register_blueprint(bp)
    return app


def token(app, owner, amr, *scopes):
    requested = TokenRequest(
        name="script", grant=TokenGrant(scopes=frozenset(scopes)), lifetime=timedelta(days=1), origin="page"
    )
    with services_of(app).get(Database).write() as db:
        return services_of(app).get(TokenIssuer).issue(db, owner.id, requested, AuthenticationProof(now(), amr)).token


@pytest.mark.parametrize(
    ("amr", "two", "inner"),
    [("pwd", 401, 401), ("pwd otp", 200, 401), ("pwd recovery", 200, 401), ("hwk user", 200, 200), ("cli", 401, 401)],
)
def test_a_token_has_the_level_of_the_login_in_which_it_was_created(vault, amr, two, inner):
    script = Script(vault, token(vault, factories.user(vault, "ada"), amr, "vault:read"))
    assert (script.get("/vault").status_code, script.get("/vault/inner").status_code) == (two, inner)


def test_a_token_below_the_level_gets_the_required_one(vault):
    answer = Script(vault, token(vault, factories.user(vault, "ada"), "pwd", "vault:read")).get("/vault")
    assert (answer.json["code"], answer.json["required"]) == ("mfa_required", ["aal2"])
    assert 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]
    assert len(events(vault, "access.refused")) <= 1


def test_a_user_is_redirected_to_the_step_up_and_back(make_app, vault):
    app = make_app(**NAMED, WEBAPP_TRUST_BROWSERS="true", WEBAPP_SECOND_FACTOR_FOR="protected:read")
    mine, person = with_app(app, factories.user(app, "ada")), Person(app)
    person.log_in("ada")
    person.press("Continue", code=mine.code(), trust="y")
    person.open("/logout")
    person.press("Log out")
    person.log_in("ada")
    answer = person.open("/protected")
    assert (answer.request.path, "To continue, you need a second factor." in answer.text) == ("/confirm", True)
    assert person.press("Confirm", code=mine.code()).request.path == "/protected"


def test_an_unknown_scope_in_the_setting_stops_the_start(make_app):
    with pytest.raises(SettingsError, match="admin:writ"):
        make_app(WEBAPP_SECOND_FACTOR_FOR="admin:writ")


@pytest.mark.parametrize("value", ["Admin", "admin:", ":x", "a b!", "admin/users", "*"])
def test_a_value_that_is_neither_role_nor_scope_stops_the_start(make_app, value):
    with pytest.raises(SettingsError):
        make_app(WEBAPP_PASSKEY_FOR=value)


def test_a_request_without_a_required_level_needs_no_more_queries(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="admin")
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    person.open("/dashboard")
    with statements(app) as asked:
        person.ask("GET", "/protected", headers=JSON)
    assert len(asked) == 1
