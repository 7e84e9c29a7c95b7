"""Apps that prove themselves with a private key: private_key_jwt (RFC 7523, OpenID Connect Core §9)."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests import factories
from tests.oauth.app import App, registered
from tests.script import Script
from webapp.core.clock import now
from webapp.core.key_material import public_jwk, public_pem
from webapp.oauth import client_keys, client_secrets, clients
from webapp.oauth.client_assertion import TYPE
from webapp.oauth.client_keys import InvalidClientKeys
from webapp.oauth.client_settings import InvalidClientSettings, settings_of

KEYS: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}
OTHER = ec.generate_private_key(ec.SECP256R1())


def jwk(kind: str = "ES256", **more: Any) -> dict[str, Any]:
    return public_jwk(KEYS[kind].public_key(), algorithm=kind) | {"kid": kind} | more


def jwks(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": list(keys)})


@pytest.fixture
def bank(app) -> App:
    return registered(app, "Bank", is_first_party=True, jwks=jwks(jwk("ES256"), jwk("EdDSA"), jwk("RS256")))


def assertion(app: App, key: Any = KEYS["ES256"], alg: str = "ES256", header: Any = None, **changed: Any) -> str:
    """A valid assertion; None leaves a claim out."""
    moment = int(now().timestamp())
    claims = {
        "iss": app.client_id,
        "sub": app.client_id,
        "aud": app.site.config["BASE_URL"],
        "jti": uuid4().hex,
        "iat": moment,
        "exp": moment + 60,
    }
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": "ES256"} if header is None else header)


def call(app: App, shown: str | None, path: str = "/oauth/token", headers: Any = None, **more: Any):
    form = {"client_assertion": shown, "client_assertion_type": TYPE, "grant_type": "refresh_token", "token": "x"}
    form = {name: value for name, value in (form | more).items() if value is not None}
    return Script(app.site).post(path, data=form, headers=headers or {})


def test_an_app_with_keys_has_no_secret_and_logs_its_users_in(person, bank):
    assert bank.secret is None
    pushed = call(bank, assertion(bank), "/oauth/par", **bank.request | {"grant_type": None, "token": None})
    assert pushed.status_code == 201
    code = bank.authorize(person)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": bank.redirect_uri}
    tokens = call(bank, assertion(bank), **form, code_verifier=bank.verifier).json
    for path in ("/oauth/introspect", "/oauth/revoke"):
        assert call(bank, assertion(bank), path, token=tokens["access_token"]).status_code == 200
    assert call(bank, assertion(bank), "/oauth/introspect", token=tokens["access_token"]).json == {"active": False}


def test_an_assertion_is_accepted_once(bank):
    shown = assertion(bank)
    errors = [call(bank, shown).json["error"] for _ in range(3)]
    assert errors == ["invalid_grant", "invalid_client", "invalid_client"]
    assert call(bank, assertion(bank, jti="j" * 256)).json["error"] == "invalid_grant"


def test_what_an_assertion_may_say(bank):
    own, client = bank.site.config["BASE_URL"], bank.client_id
    moment = int(now().timestamp())
    for sent in (
        assertion(bank, aud=f"{own}/oauth/token"),
        assertion(bank, aud=[own, f"{own}/oauth/token"]),
        assertion(bank, exp=moment + 300),
        assertion(bank, iat=moment + 20, nbf=moment + 20),
        assertion(bank, iat=None),
        assertion(bank, KEYS["EdDSA"], "EdDSA", {"kid": "EdDSA"}),
        assertion(bank, KEYS["RS256"], "RS256", {"kid": "RS256"}),
        assertion(bank, KEYS["RS256"], "PS256", {"kid": "RS256", "typ": "client-authentication+jwt"}),
    ):
        assert call(bank, sent, client_id=client).json["error"] == "invalid_grant", "the client itself is accepted"


def test_other_assertions_are_refused(app, bank):
    own, moment = app.config["BASE_URL"], int(now().timestamp())
    other = registered(app, "Other", jwks=jwks(jwk("ES256")))
    pem = public_pem(KEYS["RS256"].public_key())
    confused = assertion(bank, "x" * 32, "HS256").split(".")
    for sent in (
        *(assertion(bank, **{name: None}) for name in ("iss", "sub", "aud", "exp", "jti")),
        assertion(bank, iss=other.client_id),
        assertion(bank, sub=other.client_id),
        assertion(bank, iss=own),
        assertion(bank, aud="https://other.example.org"),
        assertion(bank, aud=[own, "https://other.example.org"]),
        assertion(bank, aud=[]),
        assertion(bank, aud={}),
        assertion(bank, aud=own + "/"),
        assertion(bank, aud=f"{own}/oauth/revoke"),
        assertion(bank, exp=moment - 1),
        assertion(bank, exp=moment + 400),
        assertion(bank, exp=True),
        assertion(bank, exp=float("9" * 300)),
        assertion(bank, iat=moment + 60),
        assertion(bank, nbf=moment + 60),
        assertion(bank, jti=""),
        assertion(bank, jti="j" * 257),
        assertion(bank, OTHER),
        assertion(bank, KEYS["RS256"], "RS256"),
        assertion(bank, header={}),
        assertion(bank, header={"kid": "unknown"}),
        assertion(bank, OTHER, header={"kid": "x", "jwk": public_jwk(OTHER.public_key(), algorithm="ES256")}),
        assertion(bank, header={"kid": "ES256", "crit": ["exp"]}),
        assertion(bank, KEYS["RS256"], "RS512", {"kid": "RS256"}),
        assertion(bank, None, "none"),
        jwt.api_jws.PyJWS().encode(b"{}", "x" * 32, algorithm="HS256", headers={"kid": "RS256"}),
        ".".join([*confused[:2], "x"]),
        assertion(bank)[:-4],
        assertion(bank) + ".x",
        "x" * 9000,
        "\x00",
        "",
        pem,
    ):
        answer = call(bank, sent)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), (sent, answer.json)
        assert "Traceback" not in answer.text
        assert answer.text.isascii()


def test_a_surrogate_in_a_claim_is_no_server_error(bank):
    for name in ("jti", "sub", "iss", "aud"):
        header, _claims, _signature = assertion(bank).split(".")
        said = jwt.utils.base64url_encode(b'{"%s": "\\ud800", "exp": 1}' % name.encode()).decode()
        assert call(bank, f"{header}.{said}.x").status_code == 401


def test_secrets_and_keys_do_not_stand_in_for_each_other(app, bank, wiki):
    basic = App(app, bank.client_id, "x" * 43)
    assert basic.post("/oauth/token", grant_type="refresh_token").json["error"] == "invalid_client"
    assert call(wiki, assertion(wiki)).json["error"] == "invalid_client"
    public = registered(app, "Phone", is_public=True)
    assert call(public, assertion(public)).json["error"] == "invalid_client"
    right = {"client_id": bank.client_id}
    for more, status in (
        ({"client_secret": "x"}, 400),
        ({"client_id": wiki.client_id}, 400),
        ({"client_assertion_type": "x"}, 401),
        ({"client_assertion_type": None}, 401),
        ({"client_assertion": None}, 401),
        (right, 400),
    ):
        assert call(bank, assertion(bank), **more).status_code == status, more
    assert call(bank, assertion(bank), headers={"Authorization": "Basic eDp5"}).status_code == 400
    assert Script(app).post("/oauth/token", data=right | {"grant_type": "refresh_token"}).status_code == 401


def test_new_keys_count_at_once_and_end_the_secrets(app, wiki):
    with factories.database_of(app).write() as db:
        client = clients.by_name_or_id(db, "Wiki")
        clients.edit(db, client, replace(settings_of(client), jwks=jwks(jwk())))
        with pytest.raises(InvalidClientSettings):
            client_secrets.add_secret(db, client)
    assert wiki.post("/oauth/token", grant_type="refresh_token").json["error"] == "invalid_client"
    assert call(wiki, assertion(wiki, header={})).json["error"] == "invalid_grant", "the only key needs no kid"
    with factories.database_of(app).write() as db:
        client = clients.by_name_or_id(db, "Wiki")
        clients.edit(db, client, replace(settings_of(client), jwks=""))
    assert call(wiki, assertion(wiki)).json["error"] == "invalid_client"
    assert wiki.post("/oauth/token", grant_type="refresh_token").json["error"] == "invalid_client"


def test_which_keys_can_be_entered():
    weak = rsa.generate_private_key(65537, 1024).public_key()
    private = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(OTHER))
    assert client_keys.checked("  \n ") == ""
    assert json.loads(client_keys.checked(json.dumps(jwk(x5c=["x"]))))["keys"][0] == jwk(use="sig", alg="ES256")
    assert client_keys.stored(client_keys.checked(jwks(jwk("RS256", alg="PS256"))))[0].algorithms == ("PS256",)
    for text in (
        "x",
        "[]",
        "{}",
        jwks(),
        '{"keys": {}}',
        '{"keys": [1]}',
        jwks(jwk(), jwk()),
        jwks(jwk(), jwk("EdDSA", kid=None)),
        jwks(jwk(kid="")),
        jwks(jwk(kid=7)),
        jwks(jwk(kid="k" * 201)),
        jwks(jwk(kid="\ud800")),
        jwks(jwk(alg="RS256")),
        jwks(jwk("RS256", alg="RS512")),
        jwks(jwk(use="enc")),
        jwks(jwk(crv="P-384")),
        jwks(private),
        jwks({"kty": "oct", "k": "eA"}),
        jwks(public_jwk(weak, algorithm="RS256")),
        jwks(*(jwk(kid=str(number)) for number in range(11))),
        "[" * 5000,
    ):
        with pytest.raises(InvalidClientKeys):
            client_keys.checked(text)
