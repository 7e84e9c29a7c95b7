"""A script that shows a key at its login: all that comes from it is bound to that key (RFC 9449 §5)."""

import jwt as pyjwt
import pytest
from sqlalchemy import text

from tests import factories
from tests.dpop_client import JKT, KEY, OTHER, call, claims_for, header_of, proof
from tests.script import Script
from webapp.core.db import Database
from webapp.web.registry import services_of

AUTH, REFRESH = "/api/auth", "/api/auth/refresh"


def shown(path=AUTH, key=KEY, **changes):
    return {"DPoP": proof(claims_for("POST", path, **changes), header_of(key), key=key)}


def log_in(app, headers=None, password=factories.PASSWORD):
    return Script(app).post(AUTH, json={"username": "ada", "password": password}, headers=headers)


def refresh(app, token, headers=None):
    return Script(app).post(REFRESH, json={"refresh_token": token}, headers=headers)


@pytest.fixture
def first(app, user):
    return log_in(app, shown()).json


def opens(app, token):
    return call(app, token, proof(claims_for(token=token))).status_code == 200


def test_a_bound_access_token_names_its_key_and_needs_a_proof(app, first):
    assert first["token_type"] == "DPoP"
    claims = pyjwt.decode(first["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": JKT}
    assert opens(app, first["access_token"])
    assert Script(app, first["access_token"]).get("/protected").status_code == 401


def test_a_login_without_a_proof_is_not_bound(app, user):
    answer = log_in(app).json
    assert answer["token_type"] == "Bearer"
    assert "cnf" not in pyjwt.decode(answer["access_token"], options={"verify_signature": False})


def test_a_bound_login_refreshes_with_the_same_key(app, first):
    second = refresh(app, first["refresh_token"], shown(REFRESH))
    assert second.json["token_type"] == "DPoP"
    assert opens(app, second.json["access_token"])
    assert refresh(app, second.json["refresh_token"], shown(REFRESH)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(dict, id="without a proof"),
        pytest.param(lambda: shown(REFRESH, OTHER), id="with a proof of another key"),
    ],
)
def test_a_refresh_token_without_the_key_is_refused_and_ends_nothing(app, first, headers):
    stolen = refresh(app, first["refresh_token"], headers())
    assert (stolen.status_code, stolen.json["code"]) == (401, "refresh_invalid")
    second = refresh(app, first["refresh_token"], shown(REFRESH))
    assert second.status_code == 200
    assert refresh(app, first["refresh_token"]).json["code"] == "refresh_invalid"
    assert opens(app, second.json["access_token"])


def test_a_login_without_a_key_is_not_bound_to_one_later(app, user):
    first = log_in(app).json
    assert refresh(app, first["refresh_token"], shown(REFRESH)).status_code == 401
    assert refresh(app, first["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(lambda: {"DPoP": ""}, id="nothing"),
        pytest.param(lambda: {"DPoP": "x" * 7000}, id="a long word"),
        pytest.param(lambda: {"DPoP": ", ".join([shown()["DPoP"]] * 2)}, id="two"),
        pytest.param(lambda: shown(REFRESH), id="one for another address"),
        pytest.param(lambda: shown(htm="GET"), id="one for another method"),
        pytest.param(lambda: shown(iat=0), id="an old one"),
        pytest.param(lambda: {"DPoP": proof(claims_for("POST", AUTH), header_of(KEY), key=OTHER)}, id="a forged one"),
    ],
)
def test_an_invalid_proof_is_refused_at_login(app, user, headers):
    answer = log_in(app, headers())
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")
    assert "access_token" not in answer.json


def test_a_proof_works_for_one_login(app, user):
    once = shown()
    assert log_in(app, once).status_code == 200
    again = log_in(app, once)
    assert (again.status_code, again.json["error"]) == (400, "invalid_dpop_proof")


def test_a_proof_with_a_wrong_password_is_refused(app, user):
    assert log_in(app, shown(), password="wrong horse battery staple").status_code == 401


def spent(app):
    """How many proofs are kept, so that they do not come twice."""
    with services_of(app).get(Database).read() as db:
        return db.scalar(text("SELECT count(*) FROM rate_bucket WHERE key LIKE 'spent-proof%'"))


def test_a_proof_with_a_foreign_key_writes_no_row(make_app):
    app = make_app(WEBAPP_EXCHANGE_AUDIENCES="https://files.example")
    factories.user(app, "ada")
    for _ in range(3):
        assert log_in(app, shown(), password="wrong horse battery staple").status_code == 401
        assert exchange(app).status_code == 401
    assert spent(app) == 0
    assert log_in(app, shown()).status_code == 200
    assert spent(app) == 1


def test_proofs_with_invalid_tokens_soon_write_no_rows(make_app):
    app = make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="3")
    answers = [refresh(app, "nonsense", shown(REFRESH)).status_code for _ in range(6)]
    assert answers == [401, 401, 401, 429, 429, 429]
    assert spent(app) == 3


def exchange(app):
    path = "/api/auth/exchange"
    headers = {"Authorization": "DPoP nonsense"} | shown(path)
    return Script(app).post(path, data={"audience": "https://files.example"}, headers=headers)
