"""What apps read is signed as they want it: ID tokens, userinfo and logout tokens; access tokens are not."""

from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from time_machine import travel

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered, status
from tests.oauth.logout_receiver import URL, Receiver, log_in
from tests.script import Script
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.jwt import sign
from webapp.core.key_table import KeyTable
from webapp.oauth.id_token import at_hash
from webapp.settings import Settings
from webapp.web.registry import services_of


@pytest.fixture
def wiki(app):
    given = {"wants_rs256": True, "signs_userinfo": True, "backchannel_logout_uri": URL}
    return registered(app, is_first_party=True, scopes=["protected:read"], **given)


def verified(app, token, audience, algorithm):
    head = jwt.get_unverified_header(token)
    assert head["alg"] == algorithm
    key = jwt.PyJWKSet.from_dict(Script(app).get("/.well-known/jwks.json").json)[head["kid"]]
    return jwt.decode(token, key, algorithms=[algorithm], audience=audience, issuer=app.config["BASE_URL"])


def algorithms(app):
    return [key["alg"] for key in Script(app).get("/.well-known/jwks.json").json["keys"]]


def test_an_app_reads_rs256_where_it_wants_it_and_others_the_algorithm_of_the_site(app, person, user, wiki):
    other = registered(app, "Other", is_first_party=True)
    assert algorithms(app) == ["ES256"], "made when it is first needed"
    tokens = log_in(wiki, person, "openid protected:read")
    said = verified(app, tokens["id_token"], wiki.client_id, "RS256")
    key = services_of(app).get(IdTokenKeys).ring(is_rs256=True).current()
    assert said["at_hash"] == at_hash(tokens["access_token"], key)
    verified(app, log_in(other, person)["id_token"], other.client_id, "ES256")
    assert algorithms(app) == ["ES256", "RS256"]
    metadata = Script(app).get("/.well-known/openid-configuration").json
    assert metadata["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]
    answer = Script(app, tokens["access_token"]).get("/oauth/userinfo")
    assert answer.content_type == "application/jwt"
    assert verified(app, answer.text, wiki.client_id, "RS256")["sub"] == str(user.id)
    plain = Script(app, log_in(other, person)["access_token"]).get("/oauth/userinfo")
    assert plain.json["sub"] == str(user.id)
    # The hint of a logout is understood, and ends the session at once.
    receiver, hint = Receiver(app), tokens["id_token"]
    person.ask("GET", f"/oauth/end-session?id_token_hint={hint}", headers={"Sec-Fetch-Site": "none"})
    assert person.ask("GET", "/dashboard").status_code == 303
    (token,) = receiver.received()
    verified(app, token, wiki.client_id, "RS256")


@pytest.mark.parametrize("typ", ["at+jwt", "JWT"])
def test_no_access_token_is_accepted_with_the_key_of_id_tokens(app, person, wiki, typ):
    token = log_in(wiki, person, "protected:read")["access_token"]
    assert jwt.get_unverified_header(token)["alg"] == "ES256"
    assert status(app, token) == 200
    claims = jwt.decode(token, options={"verify_signature": False})
    with services_of(app).get(Database).write() as db:
        key = services_of(app).get(IdTokenKeys).signing_key(db, is_rs256=True)
    assert status(app, sign(claims, typ=typ, key=key)) == 401


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"WEBAPP_SIGNING_ALGORITHM": "EdDSA"}, ["EdDSA", "RS256"]),
        ({"WEBAPP_SIGNING_ALGORITHM": "RS256"}, ["RS256"]),
        ({"WEBAPP_SIGNING_ALGORITHM": "HS256"}, ["HS256"]),
    ],
    ids=str,
)
def test_what_apps_can_choose_depends_on_the_site(make_app, settings, expected):
    app = make_app(**settings)
    keys = services_of(app).get(IdTokenKeys)
    assert list(keys.algorithms) == expected
    with services_of(app).get(Database).write() as db:
        assert keys.signing_key(db, is_rs256=True).algorithm == expected[-1]


def test_the_rsa_key_follows_the_rules_of_the_others(app):
    settings, database = services_of(app).get(Settings), services_of(app).get(Database)
    table = KeyTable(database, settings)
    running, command = services_of(app).get(IdTokenKeys), IdTokenKeys.of(settings, table)
    assert len(command.rings()) == 1
    with database.write() as db:
        first = running.signing_key(db, is_rs256=True).kid
        # Another process that needs it at the same moment waits for this one and finds its key.
        assert command.signing_key(db, is_rs256=True).kid == first
    table.look_again()
    with database.write() as db:
        second = command.rings()[1].rotate(db, settings.token_lifetime_max).kid
    running.further._table.look_again()
    assert running.ring(is_rs256=True).current().kid == second
    assert running.holding(first) is running.holding(second) is running.ring(is_rs256=True)
    assert running.holding("x") is running.site
    with database.write() as db:
        running.ring(is_rs256=True).retire(db, first)
    table.look_again()
    assert [key["kid"] for key in command.jwks()["keys"][1:]] == [second]


def test_the_private_keys_of_both_rings_are_forgotten_once_they_retire(app):
    keys, database = services_of(app).get(IdTokenKeys), services_of(app).get(Database)
    with database.write() as db:
        keys.signing_key(db, is_rs256=True)
    with travel(now(), tick=False) as clock:
        with database.write() as db:
            for ring in keys.rings():
                ring.rotate(db, timedelta(days=1), signs_after=timedelta(hours=1))
        clock.shift(timedelta(hours=1))
        with database.write() as db:
            assert [keys.forget_private_keys(db) for _ in range(2)] == [2, 0]


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_an_app_reads_rs256_also_where_the_signing_key_is_a_setting(make_app, algorithm):
    site = make_app(WEBAPP_SIGNING_ALGORITHM=algorithm, WEBAPP_SIGNING_KEY=pem_of(algorithm))
    factories.user(site, "ada")
    person = Person(site)
    person.log_in("ada")
    for wants_rs256 in (True, False):
        wiki = registered(site, f"App {wants_rs256}", is_first_party=True, wants_rs256=wants_rs256)
        tokens = log_in(wiki, person, "openid")
        verified(site, tokens["id_token"], wiki.client_id, "RS256" if wants_rs256 else algorithm)
        assert jwt.get_unverified_header(tokens["access_token"])["alg"] == algorithm


def pem_of(algorithm):
    made = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
    }[algorithm]()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
