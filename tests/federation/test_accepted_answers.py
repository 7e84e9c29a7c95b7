"""Valid variants of provider responses, beside the invalid ones: all of them log the user in."""

import json

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.signing import with_key
from tests.federation.upstream import CLIENT, linked, log_in
from tests.federation.wrong_id_tokens import RSA, claims, header, jwk, other, own, published, time
from tests.federation.wrong_responses import metadata, parameters, tokens, userinfo
from webapp.core.outgoing_http import OutgoingResponse


def keys_elsewhere(upstream):
    upstream.metadata["jwks_uri"] = "https://elsewhere.example.org/jwks"
    upstream.answers["/jwks"] = lambda: OutgoingResponse(200, json.dumps(upstream.keys()).encode())


def by_rsa(upstream):
    upstream.jwks = {"keys": [jwk(RSA, kid="k1")]}
    upstream.header["alg"], upstream.signs_with = "RS256", with_key("RS256", RSA)


ACCEPTED = {
    "token_type in lower case": tokens(token_type="bearer"),
    "further members in the token response": tokens(scope="openid", refresh_token="r", id_token_expires_in=1),
    "aud as a list of one": claims(aud=[CLIENT]),
    "aud of two with azp": claims(aud=[CLIENT, "other"], azp=CLIENT),
    "azp": claims(azp=CLIENT),
    "no at_hash": claims(at_hash=None),
    "times with a fraction": claims(exp=4102444800.5),
    "iat a little ahead": time("iat", 50),
    "exp a little ago": time("exp", -50),
    "exp far in the future": claims(exp=253402300799),
    "nbf": time("nbf", 0),
    "auth_time long ago": time("auth_time", -90_000),
    "no typ": header(typ=None),
    "further members in the header": header(x5t="x", cty="JWT"),
    "no kid, one key without kid": published(own(), kid=None),
    "no kid, one key with kid": published(own(kid="k1"), kid=None),
    "no kid, one key with an empty kid": published(own(kid=""), kid=None),
    "a kid, one key of two": published(other(kid="k2"), own(kid="k1")),
    "a key of another kind beside": published(
        own(kid="k1"), lambda _upstream: {"kty": "EC", "crv": "P-521", "kid": "k2"}
    ),
    "RS256": by_rsa,
    "keys on another host": keys_elsewhere,
    "no iss, which is not promised": lambda upstream: (
        metadata(authorization_response_iss_parameter_supported=None)(upstream),
        parameters(iss=None)(upstream),
    ),
    "further parameters": parameters(session_state="x", scope="openid"),
    "no userinfo endpoint": metadata(userinfo_endpoint=None),
    "no e-mail address": userinfo(email=None),
    "e-mail address not verified": userinfo(email_verified=False),
    "e-mail address verified as text": userinfo(email_verified="true"),
    "members of a wrong type": userinfo(email=["grace@example.org"], name={"first": "Grace"}, amr="pwd", acr=1),
    "secret in the body": metadata(token_endpoint_auth_methods_supported=["client_secret_post"]),
    "further endpoints that are no URLs": metadata(
        registration_endpoint="javascript:alert(1)", service_documentation=1
    ),
}


@pytest.mark.parametrize("change", ACCEPTED.values(), ids=ACCEPTED)
def test_it_logs_the_user_in(app, upstream, change):
    linked(app, factories.user(app, "ada"))
    change(upstream)
    person = Person(app)
    assert log_in(person, upstream).headers["Location"] == "/dashboard"
    assert "ada" in person.open("/account").text


@pytest.mark.parametrize("verified", [False, "true", "True", 1, None, ["true"]])
def test_only_the_boolean_true_verifies_an_e_mail_address(app, visitor, upstream, verified):
    """Otherwise it would be linked to the account with the address."""
    factories.user(app, "grace", email="grace@example.org")
    upstream.userinfo["email_verified"] = verified
    assert log_in(visitor, upstream).headers["Location"] == "/login/with/acme/account"
    assert visitor.ask("GET", "/account").status_code == 303
    upstream.userinfo["email_verified"] = True
    assert log_in(visitor, upstream).headers["Location"] == "/dashboard"
