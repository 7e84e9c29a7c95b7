"""POST /api/auth/exchange: an API token for one of a few minutes that another service takes (RFC 8693)."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.dpop_client import JKT, bound_token, claims_for, proof
from tests.login.exchange_calls import ACCESS_TOKEN, REPORTS, WHOLE, exchange
from tests.login.scripts import NOON, NOON_AS_NUMBER, claims, log_in, refresh
from tests.script import Script
from tests.tables import events
from webapp.core.keys import KeyRing
from webapp.guard.token_grant import TokenGrant
from webapp.tokens import lifecycle
from webapp.verify import Key, Verifier
from webapp.verify import TokenError as NotVerified
from webapp.web.registry import services_of

JWT = "urn:ietf:params:oauth:token-type:jwt"


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_EXCHANGE_AUDIENCES=f"{REPORTS}, backup")


@pytest.fixture
def verifier(app):
    """Another service, with our public keys."""

    def key_named(kid):
        found = services_of(app).get(KeyRing).find(kid)
        return Key(found.algorithm, found.verifying)

    return Verifier("http://localhost:8000", audience=REPORTS, keys=key_named)


def test_an_exchange_returns_a_token_for_the_other_service_for_fifteen_minutes(app, user, verifier):
    with time_machine.travel(NOON, tick=False) as clock:
        given = factories.api_token(app, user, "profile:read", "protected:read")
        answer = exchange(app, given.token)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert {name: value for name, value in answer.json.items() if name != "access_token"} == {
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 900,
            "scope": "profile:read protected:read",
        }
        verified = verifier.verify(answer.json["access_token"], "protected:read")
        assert (verified.sub, dict(verified.claims)["aud"]) == (str(user.id), REPORTS)
        clock.shift(900)
        with pytest.raises(NotVerified):
            verifier.verify(answer.json["access_token"])


def test_the_exchanged_token_names_the_actor_and_the_authentication(app, user):
    with time_machine.travel(NOON, tick=False):
        given = factories.api_token(app, user, "profile:read")
        found = claims(exchange(app, given.token).json["access_token"])
    assert found.pop("jti") != given.entry.id.hex
    assert found == {
        "iss": "http://localhost:8000",
        "aud": REPORTS,
        "sub": str(user.id),
        "client_id": "latchkey",
        "iat": NOON_AS_NUMBER,
        "exp": NOON_AS_NUMBER + 900,
        "scope": "profile:read",
        "act": {"iss": "http://localhost:8000", "sub": f"http://localhost:8000/tokens/{given.entry.id}"},
        "auth_time": NOON_AS_NUMBER,
        "amr": ["pwd"],
        "acr": "aal1",
    }


@pytest.mark.parametrize(
    ("scopes", "asked", "is_told"),
    [
        pytest.param(["profile:read", "admin:read"], None, False, id="no scope for roles, however much it may read"),
        pytest.param(["profile:read", "roles:share"], "profile:read", False, id="the scope is not asked for"),
        pytest.param(["profile:read", "roles:share"], None, True, id="the scope is granted and asked for"),
    ],
)
def test_roles_are_included_only_with_the_scope_for_them(app, scopes, asked, is_told):
    chief = factories.user(app, "chief", role="super_admin")
    made = exchange(app, factories.api_token(app, chief, *scopes).token, scope=asked).json["access_token"]
    asker = Script(app, factories.api_token(app, chief, "tokens:introspect").token)
    roles = ["user", "admin", "super_admin"] if is_told else None
    assert claims(made).get("roles") == roles
    assert asker.post("/api/auth/introspect", json={"token": made}).json.get("roles") == roles


def test_a_script_login_without_scopes_includes_no_roles(app, user):
    assert "roles:share" not in log_in(app)["scope"]


def test_introspection_returns_the_actor_and_restrictions_of_the_exchanged_token(app, user):
    grant = TokenGrant(scopes=frozenset(["protected:read"]), per_minute=60)
    made = exchange(app, factories.api_token(app, user, grant=grant).token).json["access_token"]
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)
    said, introspected = claims(made), asker.post("/api/auth/introspect", json={"token": made}).json
    assert said["restrictions"] == {"requests_per_minute": 60}
    for name in ("act", "restrictions", "scope", "sub", "aud", "jti", "iss", "amr", "acr", "auth_time"):
        assert introspected[name] == said[name], name


def test_introspection_returns_restrictions_added_after_the_exchange(app, database, user):
    given = factories.api_token(app, user, "protected:read")
    made = exchange(app, given.token).json["access_token"]
    with database.write() as db:
        bound = TokenGrant(scopes=frozenset(["protected:read"]), networks=("10.0.0.0/8",))
        lifecycle.find(db, user.id, given.entry.id).credential.grant = bound
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)

    def introspected(**call):
        return asker.post("/api/auth/introspect", json={"token": made} | call).json

    assert introspected()["restrictions"] == {"networks": ["10.0.0.0/8"]}
    assert introspected(ip_address="10.1.2.3")["active"] is True
    assert introspected(ip_address="203.0.113.9") == {"active": False}


@pytest.mark.parametrize(
    "target",
    [
        pytest.param({"audience": None, "resource": REPORTS}, id="by its URI alone"),
        pytest.param({"resource": REPORTS}, id="by both, which say the same"),
    ],
)
def test_the_service_can_be_given_as_resource(app, user, target):
    answer = exchange(app, factories.api_token(app, user).token, **target)
    assert claims(answer.json["access_token"])["aud"] == REPORTS


@pytest.mark.parametrize("kind", [ACCESS_TOKEN, JWT])
def test_both_token_type_names_are_accepted(app, user, kind):
    token = factories.api_token(app, user).token
    answer = exchange(app, token, subject_token_type=kind, requested_token_type=kind)
    assert answer.json["issued_token_type"] == kind


def test_the_token_can_be_in_the_header_or_in_the_form(app, user):
    token = factories.api_token(app, user).token
    assert Script(app, token).post("/api/auth/exchange", json={"audience": "backup"}).status_code == 200
    assert Script(app, token).post("/api/auth/exchange", json=WHOLE | {"subject_token": token}).status_code == 200
    assert Script(app).post("/api/auth/exchange", data=WHOLE | {"subject_token": token}).status_code == 200


def test_two_tokens_are_refused(app, user):
    one, other = factories.api_token(app, user).token, factories.api_token(app, user).token
    answer = Script(app, one).post("/api/auth/exchange", json=WHOLE | {"subject_token": other})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_an_exchanged_token_never_outlives_the_original(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        given = factories.api_token(app, user, lifetime=timedelta(hours=1))
        clock.shift(3000)
        assert exchange(app, given.token).json["expires_in"] == 600


def test_an_exchanged_token_can_be_narrower_but_not_wider(app, user):
    given = factories.api_token(app, user, "profile:read", "protected:read")
    assert exchange(app, given.token, scope="protected:read").json["scope"] == "protected:read"
    for scope in ("tokens:read", "protected:read tokens:read", "nonsense"):
        answer = exchange(app, given.token, scope=scope)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


def test_permissions_removed_from_the_row_are_not_exchanged(app, database, user):
    given = factories.api_token(app, user, "profile:read", "protected:read")
    with database.write() as db:
        lifecycle.find(db, user.id, given.entry.id).credential.grant = TokenGrant(scopes=frozenset(["profile:read"]))
    assert exchange(app, given.token).json["scope"] == "profile:read"
    assert exchange(app, given.token, scope="protected:read").status_code == 400


def test_an_exchanged_token_is_refused_by_this_site(app, user):
    made = exchange(app, factories.api_token(app, user).token).json["access_token"]
    answer = Script(app, made).get("/protected")
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_an_exchanged_token_cannot_be_exchanged_or_refreshed(app, user):
    given = factories.api_token(app, user)
    made = exchange(app, given.token).json["access_token"]
    assert exchange(app, made).json["code"] == "token_invalid"
    assert refresh(app, made).json["code"] == "refresh_invalid"


def test_introspection_of_an_exchanged_token_ends_with_the_original(app, database, user):
    given = factories.api_token(app, user, "profile:read", "protected:read")
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)
    made = exchange(app, given.token, scope="protected:read").json["access_token"]

    def introspected():
        return asker.post("/api/auth/introspect", json={"token": made}).json

    assert (introspected()["active"], introspected()["aud"], introspected()["scope"]) == (
        True,
        REPORTS,
        "protected:read",
    )
    assert introspected()["jti"] == claims(made)["jti"]
    with database.write() as db:
        lifecycle.revoke(db, user.id, given.entry.id)
    assert introspected() == {"active": False}


def test_an_access_token_of_a_script_login_can_be_exchanged_but_not_its_refresh_token(app, user):
    answer = log_in(app)
    assert exchange(app, answer["access_token"]).status_code == 200
    assert exchange(app, answer["refresh_token"]).json["code"] == "token_invalid"


def test_an_exchanged_token_stays_bound_to_the_key(app, user, verifier):
    """A bound token is exchanged with a proof alone, and what comes of it is bound to the same key."""
    given = bound_token(app, user)
    assert exchange(app, given).status_code == 401
    headers = {"DPoP": proof(claims_for("POST", "/api/auth/exchange", given))}
    answer = Script(app).post("/api/auth/exchange", json=WHOLE | {"subject_token": given}, headers=headers)
    assert (answer.status_code, answer.json["token_type"]) == (200, "DPoP")
    with pytest.raises(NotVerified):
        verifier.verify(answer.json["access_token"])
    assert verifier.verify(answer.json["access_token"], jkt=JKT)


def test_an_exchange_is_an_audit_event(app, user):
    exchange(app, factories.api_token(app, user).token)
    (event,) = events(app, "token.exchanged")
    assert event["user_id"] == user.id.hex
    assert REPORTS in str(event["details"])
    assert "eyJ" not in str(event)
