"""Where a second factor or a passkey is demanded: of a role, for a resource, of a token; who has none is led to it."""

import re
from datetime import UTC, datetime, timedelta

import jwt as pyjwt
import pytest
import time_machine
from flask import Blueprint
from sqlalchemy import event, select

from tests import factories
from tests.browser import Person
from tests.passkey import Authenticator
from tests.script import Script
from tests.second_factors import NAMED, App, passkey_login, register, with_app, with_passkey, with_sheet
from tests.tables import events
from webapp.credentials.lifecycle import Proof
from webapp.credentials.models import Credential
from webapp.guard import require
from webapp.guard.authority import Authority
from webapp.kernel.clock import now
from webapp.settings import SettingsError
from webapp.tokens.issuing import Wish

NEEDED = "/account/security/second-factor"
JSON = {"Accept": "application/json"}


@pytest.fixture
def strict(make_app):
    """A house that demands a second factor of its admins."""
    return make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="admin")


@pytest.fixture
def admin(strict):
    return factories.user(strict, "mara", role="admin")


# Of a role.


@pytest.mark.parametrize("path", ["/dashboard", "/admin", "/tokens", "/tokens/new", "/account", "/account/security"])
def test_an_admin_without_a_second_factor_is_led_to_set_one_up_and_reaches_nothing_else(strict, admin, path):
    person = Person(strict)
    assert person.log_in("mara").request.path == NEEDED
    assert person.open(path).request.path == NEEDED
    answer = person.ask("GET", path, headers=JSON)
    assert (answer.status_code, answer.json["code"], answer.json["required"]) == (401, "mfa_required", ["aal2"])
    assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
    assert 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]


def test_once_an_app_is_set_up_they_go_where_they_wanted(strict, admin):
    person = Person(strict)
    person.open("/login?next=/admin")
    person.press("Log in", username="mara", password=factories.PASSWORD)
    person.follow("Set up an app")
    mine = App(re.search(r"secret=([A-Z2-7]+)", person.page.text)[1])
    person.press("Turn it on", code=mine.code())
    person.press("Make ten codes")
    assert person.follow("I have stored them").request.path == "/admin"


def test_they_may_always_leave(strict, admin):
    person = Person(strict)
    person.log_in("mara")
    assert person.press("Log out").request.path == "/login"


def test_others_are_asked_nothing(strict):
    factories.user(strict, "ada")
    assert Person(strict).log_in("ada").request.path == "/dashboard"


def test_the_demand_meets_a_session_that_was_there_before_it(make_app):
    lax, strict = make_app(**NAMED), make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="user")
    factories.user(lax, "ada")
    person = Person(lax)
    person.log_in("ada")
    other = Person(strict)
    other.client.set_cookie("session", person.cookie)
    assert other.open("/dashboard").request.path == NEEDED


def test_whoever_becomes_admin_meets_it_on_the_next_request(strict):
    user = factories.user(strict, "ada")
    person = Person(strict)
    person.log_in("ada")
    with strict.extensions["database"].write() as db:
        db.get_one(type(user), user.id).role = "admin"
    assert person.open("/dashboard").request.path == NEEDED


def test_the_only_second_factor_of_an_admin_has_to_stay(strict, admin):
    mine, person = with_app(strict, admin), Person(strict)
    person.log_in("mara")
    person.press("Go on", code=mine.code())
    assert "your only one" in person.open("/account/security").text
    assert "your only one" in person.open("/account/security/totp/remove").text
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    assert person.ask("POST", "/account/security/totp/remove", data={"csrf_token": token}).status_code == 409


def test_trust_spares_no_admin_the_second_factor(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="admin", WEBAPP_TRUST_BROWSERS="true")
    mine, person = with_app(app, factories.user(app, "mara", role="admin")), Person(app)
    person.log_in("mara")
    assert "Trust this browser" not in person.page.text
    person.press("Go on", code=mine.code(), trust="y")
    person.open("/logout")
    person.press("Log out")
    assert person.log_in("mara").request.path == "/login/second-step"


# A passkey.


@pytest.fixture
def strictest(make_app):
    return make_app(**NAMED, WEBAPP_PASSKEY_FOR="admin")


def test_where_a_passkey_is_demanded_a_code_is_not_enough(strictest):
    mara = factories.user(strictest, "mara", role="admin")
    mine, person = with_app(strictest, mara), Person(strictest)
    person.log_in("mara")
    answer = person.press("Go on", code=mine.code())
    assert (answer.request.path, "Set up a passkey" in answer.text) == (NEEDED, True)
    assert 'acr_values="phr"' in person.ask("GET", "/admin", headers=JSON).headers["WWW-Authenticate"]
    register(person, Authenticator())
    assert person.open("/admin").status_code == 200


def test_a_passkey_opens_it_at_once(strictest):
    device, person = with_passkey(strictest, factories.user(strictest, "mara", role="admin")), Person(strictest)
    passkey_login(person, device)
    assert person.open("/admin").status_code == 200


# For a resource.


@pytest.fixture
def vault(make_app):
    """A house with a page that takes two factors, and one that takes a passkey."""
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
    wish = Wish(name="script", authority=Authority(scopes=frozenset(scopes)), lifetime=timedelta(days=1), origin="page")
    with app.extensions["database"].write() as db:
        return app.extensions["issuer"].issue(db, owner.id, wish, Proof(now(), amr)).token


@pytest.mark.parametrize(
    ("amr", "two", "inner"),
    [("pwd", 401, 401), ("pwd otp", 200, 401), ("pwd recovery", 200, 401), ("hwk user", 200, 200), ("cli", 401, 401)],
)
def test_a_token_reaches_as_far_as_its_birth(vault, amr, two, inner):
    script = Script(vault, token(vault, factories.user(vault, "ada"), amr, "vault:read"))
    assert (script.get("/vault").status_code, script.get("/vault/inner").status_code) == (two, inner)


def test_a_script_that_falls_short_hears_what_it_takes(vault):
    answer = Script(vault, token(vault, factories.user(vault, "ada"), "pwd", "vault:read")).get("/vault")
    assert (answer.json["code"], answer.json["required"]) == ("mfa_required", ["aal2"])
    assert 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]
    assert len(events(vault, "access.refused")) <= 1


def test_a_person_steps_up_to_it_and_comes_back(make_app, vault):
    app = make_app(**NAMED, WEBAPP_TRUST_BROWSERS="true", WEBAPP_SECOND_FACTOR_FOR="protected:read")
    mine, person = with_app(app, factories.user(app, "ada")), Person(app)
    person.log_in("ada")
    person.press("Go on", code=mine.code(), trust="y")
    person.open("/logout")
    person.press("Log out")
    person.log_in("ada")
    answer = person.open("/protected")
    assert (answer.request.path, "takes a second factor" in answer.text) == ("/confirm", True)
    assert person.press("Confirm", code=mine.code()).request.path == "/protected"


def test_a_scope_that_no_route_has_stops_the_start(make_app):
    with pytest.raises(SettingsError, match="admin:writ"):
        make_app(WEBAPP_SECOND_FACTOR_FOR="admin:writ")


@pytest.mark.parametrize("value", ["Admin", "admin:", ":x", "a b!", "admin/users", "*"])
def test_what_is_neither_role_nor_scope_stops_the_start(make_app, value):
    with pytest.raises(SettingsError):
        make_app(WEBAPP_PASSKEY_FOR=value)


def test_a_request_that_needs_no_factor_asks_the_database_no_more(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="admin")
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    asked = []
    database = app.extensions["database"]
    event.listen(database.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    rows = []
    original = database.row
    database.row = lambda *a: rows.append(a) or original(*a)
    person.ask("GET", "/protected", headers=JSON)
    assert (len(rows), asked) == (1, [])


# Tokens are minted as well as they are wanted.


def test_a_token_for_what_takes_a_second_factor_is_minted_with_one(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="protected:read")
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    person.open("/tokens/new")
    answer = person.press("Create token", name="script", scopes="protected:read", expires_in="604800")
    assert (answer.status_code, 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]) == (401, True)
    person.open("/tokens/new")
    assert person.press("Create token", name="script", scopes="profile:read", expires_in="604800").status_code == 201


def test_a_token_says_how_and_when_its_owner_was_proven(app, user):
    device, person = with_passkey(app, user), Person(app)
    before = int(datetime.now(UTC).timestamp())
    passkey_login(person, device)
    person.open("/tokens/new")
    page = person.press("Create token", name="script", scopes="profile:read", expires_in="604800").text
    claims = pyjwt.decode(re.search(r"eyJ[\w.-]+", page)[0], options={"verify_signature": False})
    assert (claims["amr"], claims["acr"]) == (["hwk", "user"], "phr")
    assert before <= claims["auth_time"] <= before + 5


def sent(app, **fields):
    return Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD} | fields)


def test_a_script_with_the_password_alone_hears_what_is_missing(app, user):
    with_app(app, user)
    with_sheet(app, user)
    answer = sent(app)
    assert (answer.status_code, answer.json["code"]) == (401, "mfa_required")
    assert answer.json["required"] == ["totp", "recovery_code"]
    assert "/tokens/new" in answer.json["fix"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_script_logs_in_with_a_code_of_the_app_once(app, user):
    mine = with_app(app, user)
    code = mine.code()
    found = sent(app, code=f"{code[:3]} {code[3:]}")
    claims = pyjwt.decode(found.json["access_token"], options={"verify_signature": False})
    assert (claims["amr"], claims["acr"]) == (["pwd", "otp"], "aal2")
    assert sent(app, code=code).json["code"] == "credentials_invalid"


def test_a_script_logs_in_with_a_recovery_code_once(app, user):
    with_app(app, user)
    codes = with_sheet(app, user)
    assert sent(app, code=codes[0]).status_code == 200
    assert sent(app, code=codes[0]).status_code == 401


def test_a_script_of_somebody_with_a_passkey_alone_is_sent_to_the_token_page(app, user):
    with_passkey(app, user)
    assert "make a token in a browser" in sent(app).json["detail"]
    assert sent(app, code="123456").status_code == 401


def test_the_codes_of_scripts_are_counted_with_those_of_people(app, user):
    mine = with_app(app, user)
    for _ in range(10):
        assert sent(app, code="000000").status_code == 401
    assert sent(app, code=mine.code()).status_code == 429


def test_a_code_changes_nothing_for_who_has_no_second_factor(app, user):
    assert sent(app, code="123456").status_code == 200


@pytest.mark.parametrize("code", [1, True, ["1"], {"a": 1}, "x" * 101])
def test_a_code_of_another_shape_is_400(app, user, code):
    assert sent(app, code=code).status_code == 400


def test_a_script_whose_role_demands_what_it_has_not_is_told_to_set_it_up(strict, admin):
    answer = Script(strict).post("/api/auth", json={"username": "mara", "password": factories.PASSWORD})
    assert (answer.status_code, answer.json["code"], answer.json["required"]) == (401, "mfa_required", [])
    assert "Set one up in a browser" in answer.json["detail"]


def test_asked_for_a_scope_that_takes_more_a_script_is_refused_and_otherwise_does_without(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="protected:read")
    factories.user(app, "ada")
    assert sent(app, scope="protected:read").json["code"] == "mfa_required"
    assert "protected:read" not in sent(app).json["scope"].split()


# Shorter passwords, where they are never enough.


SHORT = "otter-42-x"


@pytest.mark.parametrize(("role", "status"), [("admin", 303), ("user", 422)])
def test_a_password_of_eight_is_long_enough_where_a_second_factor_is_demanded(strict, role, status):
    user = factories.user(strict, "mara", role=role)
    mine, person = with_app(strict, user), Person(strict)
    person.log_in("mara")
    person.press("Go on", code=mine.code())
    page = person.open("/account/password").text
    assert ("At least 8 characters" in page) == (role == "admin")
    sent = {"password": factories.PASSWORD, "new_password": SHORT, "csrf_token": person.csrf_token}
    assert person.ask("POST", "/account/password", data=sent).status_code == status


def test_even_there_seven_are_too_few(strict, admin):
    mine, person = with_app(strict, admin), Person(strict)
    person.log_in("mara")
    person.press("Go on", code=mine.code())
    person.open("/account/password")
    assert "at least 8" in person.press("Change password", password=factories.PASSWORD, new_password="otter-4").text


def test_a_new_password_makes_no_better_proof_fresh(strict, admin):
    mine, person = with_app(strict, admin), Person(strict)
    person.log_in("mara")
    person.press("Go on", code=mine.code())
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        person.open("/account/password")
        person.press("Change password", password=factories.PASSWORD, new_password="umbrella otter lantern 9")
        assert person.open("/admin").status_code == 200
        assert person.open("/account/security/totp/remove").request.path == "/confirm"


def test_nor_does_the_session_live_longer_by_it(strict, admin):
    mine, person = with_app(strict, admin), Person(strict)
    person.log_in("mara")
    person.press("Go on", code=mine.code())
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        person.open("/account/password")
        person.press("Change password", password=factories.PASSWORD, new_password="umbrella otter lantern 9")
    with strict.extensions["database"].read() as db:
        old, new = db.scalars(select(Credential).where(Credential.kind == "session"))
        assert old.expires_at == new.expires_at
