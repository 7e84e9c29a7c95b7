"""What apps read is signed as they want it: ID tokens, userinfo and logout tokens; access tokens are not."""

import jwt
import pytest

from tests.oauth.app import registered, status
from tests.oauth.logout_receiver import URL, Receiver, log_in
from tests.script import Script
from webapp.core import id_token_keys
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.jwt import sign
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
    key = services_of(app).get(IdTokenKeys).ring(is_rs256=True).current()
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
    keys = services_of(make_app(**settings)).get(IdTokenKeys)
    assert list(keys.algorithms) == expected
    made = keys.ring(is_rs256=True).current().algorithm
    assert made == expected[-1]


def test_the_rsa_key_follows_the_rules_of_the_others(app, tmp_path):
    settings = services_of(app).get(Settings)
    running, command = services_of(app).get(IdTokenKeys), IdTokenKeys.of(settings)
    assert len(command.rings()) == 1
    first = running.ring(is_rs256=True).current().kid
    assert command.rings()[1].current().kid == first
    second = command.rings()[1].rotate(settings.token_lifetime_max).kid
    assert running.ring(is_rs256=True).current().kid == second
    assert running.holding(first) is running.holding(second) is running.ring(is_rs256=True)
    assert running.holding("x") is running.site
    running.ring(is_rs256=True).retire(first)
    assert [key["kid"] for key in command.jwks()["keys"][1:]] == [second]
    assert (settings.instance / f"{id_token_keys.NAME}.json").stat().st_mode & 0o777 == 0o600
