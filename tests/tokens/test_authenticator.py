"""Every malformed token there is, at the door of /protected: 401 with the right code, never 422, never 500."""

import hashlib
import hmac
import json
from datetime import timedelta
from uuid import UUID

import jwt as pyjwt
import pytest
import time_machine
from sqlalchemy import delete

from tests import factories
from tests.kernel.forging import encode
from tests.script import Script
from tests.tables import events
from tests.tokens.forging import claims_of, signed
from webapp.accounts import closing
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.credentials.models import Credential
from webapp.guard.authority import Authority
from webapp.kernel.clock import now
from webapp.kernel.key_material import private_pem, public_pem
from webapp.kernel.signing_keys import generate
from webapp.sessions import lifecycle as sessions
from webapp.sessions.lifecycle import Browser, Ends
from webapp.settings import Settings
from webapp.tokens import authenticator, lifecycle

NOON = "2026-11-22T12:00:00Z"
SECOND = timedelta(seconds=1)
NOBODY = "5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111"
PLACE = "http://127.0.0.1:8000"


def is_refused(app, token, code="token_invalid"):
    answer = Script(app, token).get("/protected")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["code"] == code
    challenge = f'Bearer realm="Latchkey", error="invalid_token", error_description="{code}"'
    assert answer.headers["WWW-Authenticate"] == challenge
    return True


def stripped(app, claims):
    return signed(app, claims).rpartition(".")[0] + "."


def unsigned(alg):
    return lambda app, claims: f"{encode({'alg': alg, 'typ': 'at+jwt', 'kid': kid(app)})}.{encode(claims)}."


def kid(app):
    return app.extensions["keys"].current().kid


def by_public_key(app, claims):
    """CVE-2017-11424, CVE-2022-29217: the public key taken for an HMAC secret."""
    secret = public_pem(app.extensions["keys"].current().public).encode()
    text = f"{encode({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid(app)})}.{encode(claims)}"
    return f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def by_foreign_key(app, claims):
    foreign = private_pem(generate("ES256", now()).private)
    return pyjwt.encode(claims, foreign, algorithm="ES256", headers={"typ": "at+jwt", "kid": kid(app)})


def by_cookie_key(app, claims):
    return pyjwt.encode(claims, app.secret_key.ljust(32), algorithm="HS256", headers={"typ": "at+jwt", "kid": kid(app)})


def with_own_key(app, claims):
    """CVE-2026-27962: the key that the token brings along."""
    key = generate("ES256", now())
    jwk = json.loads(pyjwt.algorithms.ECAlgorithm.to_jwk(key.public))
    head = {"typ": "at+jwt", "kid": kid(app), "jwk": jwk}
    return pyjwt.encode(claims, private_pem(key.private), algorithm="ES256", headers=head)


def header(**members):
    return lambda app, claims: signed(app, claims, members)


def claim(**members):
    return lambda app, claims: signed(app, claims | members)


def without(name):
    return lambda app, claims: signed(app, {key: value for key, value in claims.items() if key != name})


def raw(change):
    """A change to the text of a good token."""
    return lambda app, claims: change(*signed(app, claims).split("."))


FORGERIES = [
    pytest.param(unsigned("none"), id="alg none"),
    pytest.param(unsigned("None"), id="alg None"),
    pytest.param(unsigned("nOnE"), id="alg nOnE"),
    pytest.param(unsigned("ES256"), id="no signature"),
    pytest.param(stripped, id="a stripped signature"),
    pytest.param(by_public_key, id="the public key as an HMAC secret"),
    pytest.param(by_cookie_key, id="the key of the cookies"),
    pytest.param(by_foreign_key, id="a foreign key under the name of ours"),
    pytest.param(with_own_key, id="a key that the token brings"),
    *(
        pytest.param(header(alg=alg), id=f"alg {alg}")
        for alg in ("HS256", "RS256", "ES384", "EdDSA", "", None, 5, ["ES256"])
    ),
    *(
        pytest.param(header(typ=typ), id=f"typ {typ}")
        for typ in ("JWT", "at+JWT", "application/at+jwt", "rt+jwt", "id_token", "reset+jwt", "", None, ["at+jwt"])
    ),
    *(
        pytest.param(header(kid=kid), id=f"kid {kid!r}")
        for kid in ("unknown", "", None, 0, "../../etc/passwd", "x' OR 1=1", [])
    ),
    pytest.param(header(crit=["exp"]), id="crit"),
    pytest.param(header(jku="https://evil.example/jwks"), id="jku"),
    pytest.param(header(x5u="https://evil.example/cert"), id="x5u"),
    pytest.param(header(b64=False), id="b64"),
    pytest.param(header(zip="DEF"), id="zip"),
    *(
        pytest.param(claim(iss=iss), id=f"iss {iss!r}")
        for iss in ("https://evil.example", f"{PLACE}/", PLACE[:-5], "", None, 5, [PLACE])
    ),
    *(
        pytest.param(claim(aud=aud), id=f"aud {aud!r}")
        for aud in ("https://evil.example", "http://127.0.0.1:8000/x", "", None, 5, ["http://127.0.0.1:8000"], [], {})
    ),
    *(pytest.param(without(name), id=f"no {name}") for name in ("exp", "iat", "iss", "aud", "sub", "jti")),
    *(
        pytest.param(claim(exp=exp), id=f"exp {exp!r}")
        for exp in ("4102444800", "never", None, True, [], {}, -1, 10**20, "2099-01-01T00:00:00Z")
    ),
    *(pytest.param(claim(iat=iat), id=f"iat {iat!r}") for iat in ("0", None, True, [], -1, 10**20)),
    *(pytest.param(claim(nbf=nbf), id=f"nbf {nbf!r}") for nbf in ("0", None, True, [], -1)),
    *(
        pytest.param(claim(jti=jti), id=f"jti {jti!r}")
        for jti in ("", "x", None, 5, [], {}, NOBODY, NOBODY.replace("-", ""), "' OR 1=1 --", "\0", "é", "0" * 32)
    ),
    *(pytest.param(claim(sub=sub), id=f"sub {sub!r}") for sub in ("", "ada", None, 5, [], NOBODY, "' OR 1=1 --", "\0")),
    *(
        pytest.param(claim(scope=scope), id=f"scope {scope!r}")
        for scope in (["protected:read"], {"protected:read": 1}, 5)
    ),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}"), id="two parts"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}.{s}"), id="four parts"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}.x.y"), id="five parts, as an encrypted one has"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}="), id="padding"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s[:-1]}"), id="a letter less"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}A"), id="a letter more"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s.swapcase()}"), id="another signature"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{encode(bytes(64))}"), id="a signature of zeros"),
    pytest.param(raw(lambda h, c, s: f"{h}..{s}"), id="no claims"),
    pytest.param(raw(lambda h, c, s: f".{c}.{s}"), id="no header"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}".replace("-", "+").replace("_", "/") + "+"), id="another base64"),
    pytest.param(lambda app, claims: "a.b.c", id="three letters"),
    pytest.param(lambda app, claims: "...", id="dots alone"),
    pytest.param(lambda app, claims: f"{encode([])}.{encode([])}.{encode(b'x')}", id="arrays"),
    pytest.param(lambda app, claims: f"{encode('null')}.{encode('null')}.{encode(b'x')}", id="nulls"),
    pytest.param(lambda app, claims: f"{encode('5')}.{encode('5')}.{encode(b'x')}", id="numbers"),
    pytest.param(lambda app, claims: f"{encode(b'{' * 3000)}.x.y", id="brackets without an end"),
    pytest.param(lambda app, claims: signed(app, claims | {"x": "y" * 20_000}), id="20 kB under a good signature"),
    pytest.param(lambda app, claims: "A" * 20_000, id="20 kB of letters"),
    pytest.param(lambda app, claims: f"{'A' * 4}.{'A' * 8000}.{'A' * 4}", id="8 kB of claims"),
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_malformed_token_is_401_and_said_to_be_invalid(app, user, forge):
    assert is_refused(app, forge(app, claims_of(app, user)))


def test_what_the_forgeries_begin_with_is_good(app, user):
    assert Script(app, signed(app, claims_of(app, user))).get("/protected").status_code == 200


def test_claims_that_come_twice_are_refused(app, user):
    good = claims_of(app, user)
    twice = json.dumps(good)[:-1] + f', "sub": "{NOBODY}"}}'
    assert is_refused(app, signed(app, twice))


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_of_tomorrow_is_not_good_today(app, user, name):
    with time_machine.travel(NOON, tick=False):
        tomorrow = int((now() + timedelta(days=1)).timestamp())
        assert is_refused(app, signed(app, claims_of(app, user, **{name: tomorrow})))


def test_a_token_dies_at_its_expiry_and_not_a_second_before(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        script = Script(app, factories.api_token(app, user, lifetime=timedelta(hours=1)).token)
        clock.shift(timedelta(hours=1) - SECOND)
        assert script.get("/protected").status_code == 200
        clock.shift(SECOND)
        assert is_refused(app, script.token, "token_expired")


def test_a_token_that_says_a_later_end_than_its_row_ends_with_its_row(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        claims = claims_of(app, user, exp=int((now() + timedelta(days=3650)).timestamp()))
        clock.shift(timedelta(days=8))
        assert is_refused(app, signed(app, claims), "token_expired")


def test_a_clock_that_goes_back_revives_no_revoked_token(app, user, person):
    issued = factories.api_token(app, user)
    person.open(f"/tokens/{issued.entry.id}/revoke")
    person.press("Revoke")
    with time_machine.travel(now() - timedelta(hours=1), tick=False):
        assert Script(app, issued.token).get("/protected").status_code == 401


def test_a_token_that_names_a_session_is_refused(app, user):
    with app.extensions["database"].write() as db:
        started = sessions.start(
            db, user.id, Browser("x", None), Ends(timedelta(1), timedelta(1), timedelta(1)), amr="pwd"
        )
    assert is_refused(app, signed(app, claims_of(app, user, jti=started.credential.id.hex)))
    assert is_refused(app, signed(app, claims_of(app, user, jti=started.credential.key)))
    assert is_refused(app, signed(app, claims_of(app, user, jti=started.secret)))


def test_a_token_that_names_another_owner_under_a_good_signature_is_refused(app, user):
    other = factories.user(app, "grace")
    assert is_refused(app, signed(app, claims_of(app, user, sub=str(other.id))))


def test_a_scope_that_is_written_into_a_token_opens_nothing_that_its_row_does_not(app, user):
    claims = claims_of(app, user, scope="protected:read profile:read tokens:read admin:write")
    with app.extensions["database"].write() as db:
        db.get_one(Credential, UUID(claims["jti"])).authority = Authority()
    assert Script(app, signed(app, claims)).get("/protected").json["code"] == "scope_required"


def change(app, user, deed):
    with app.extensions["database"].write() as db:
        deed(db, db.get_one(User, user.id))


def test_a_token_of_a_disabled_user_is_refused(app, user, script):
    assert script.get("/protected").status_code == 200
    change(app, user, closing.disable)
    assert is_refused(app, script.token, "token_revoked")


def test_a_token_from_before_its_owner_was_disabled_stays_dead_when_they_are_enabled(app, user, script):
    change(app, user, closing.disable)
    change(app, user, closing.enable)
    assert is_refused(app, script.token, "token_revoked")


def test_a_token_of_a_deleted_user_is_refused(app, user, script):
    assert script.get("/protected").status_code == 200
    change(app, user, lambda db, found: db.execute(delete(User).where(User.id == found.id)))
    assert is_refused(app, script.token)


def test_a_revoked_token_is_refused_on_the_next_request_in_every_process(make_app):
    here, there = make_app(), make_app()
    user = factories.user(here, "ada")
    issued = factories.api_token(here, user)
    assert Script(there, issued.token).get("/protected").status_code == 200
    with here.extensions["database"].write() as db:
        assert lifecycle.revoke(db, user.id, issued.entry.id)
    assert is_refused(there, issued.token, "token_revoked")
    assert is_refused(here, issued.token, "token_revoked")


def test_a_token_of_another_house_is_refused(make_app, tmp_path, app, user):
    settings = Settings.from_env({"WEBAPP_INSTANCE": str(tmp_path / "other")})
    schema.upgrade(settings)
    other = create_app(settings)
    foreign = factories.api_token(other, factories.user(other, "ada")).token
    close(other)
    assert is_refused(app, foreign)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "HS256"])
def test_a_house_may_sign_in_any_of_four_ways(make_app, algorithm):
    app = make_app(WEBAPP_SIGNING_ALGORITHM=algorithm)
    token = factories.api_token(app, factories.user(app, "ada")).token
    assert pyjwt.get_unverified_header(token)["alg"] == algorithm
    assert Script(app, token).get("/protected").status_code == 200
    assert is_refused(app, token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))


def test_a_remembered_signature_is_forgotten_with_its_key(app, user, script):
    assert script.get("/protected").status_code == 200
    app.extensions["keys"].rotate(timedelta(0))
    assert is_refused(app, script.token)


def test_a_key_that_was_rotated_verifies_for_its_overlap_alone(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        script = Script(app, factories.api_token(app, user).token)
        app.extensions["keys"].rotate(timedelta(hours=1))
        assert script.get("/protected").status_code == 200
        clock.shift(timedelta(hours=1))
        assert is_refused(app, script.token)


def test_what_is_remembered_is_bounded_and_holds_no_token(app, user):
    found = app.extensions["doors"].by_token.__self__
    token = factories.api_token(app, user).token
    for _ in range(3):
        Script(app, token).get("/protected")
    assert len(found._verified) == 1
    assert authenticator.MOST_REMEMBERED < 10_000
    assert token not in repr(found._verified)


def test_forgeries_are_not_remembered(app, user):
    found = app.extensions["doors"].by_token.__self__
    for number in range(20):
        Script(app, f"a.b.{number}").get("/protected")
    assert not found._verified


def test_a_forged_token_is_logged_and_not_written_into_the_tables(app, user, logged):
    Script(app, signed(app, claims_of(app, user), {"typ": "JWT"})).get("/protected")
    assert events(app, "access.refused") == []
    assert 'code="token_invalid" reason="typ is another"' in logged()
