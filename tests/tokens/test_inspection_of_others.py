"""Inspecting text that is no token of this site: each kind gets a sentence that explains it."""

import jwt as pyjwt
import pytest

from tests.core.forged_tokens import encode
from tests.tokens.inspect_calls import changed, inspect
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.refresh_secret import first
from webapp.web.registry import services_of


def unsigned(token, **header):
    claims = pyjwt.decode(token, options={"verify_signature": False})
    return f"{encode({'typ': 'at+jwt', 'alg': 'none', 'kid': 'x'} | header)}.{encode(claims)}."


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        pytest.param(lambda _: first(), "refresh token", id="a refresh token"),
        pytest.param(lambda _: "hunter2", "This is not a token.", id="a password"),
        pytest.param(lambda _: "a.b.c.d.e", "encrypted", id="an encrypted one"),
        pytest.param(lambda _: "eyJhbGciOiJub25lIn0.e30.", "three parts", id="one without a signature"),
        pytest.param(lambda token: token[:-42], "claims to be from this site, but", id="one that was cut"),
        pytest.param(changed, "does not match the signature", id="one that was changed"),
        pytest.param(lambda token: unsigned(token) + "AA", "not signed, so anybody", id="alg none"),
        pytest.param(lambda token: unsigned(token, alg="NonE") + "AA", "not signed, so anybody", id="alg NonE"),
        pytest.param(lambda _: "x" * 9000, "the maximum is 8,192", id="one that is too long"),
        pytest.param(
            lambda _: pyjwt.encode({"iss": "https://elsewhere.example", "sub": "x"}, "k" * 32, algorithm="HS256"),
            "https://elsewhere.example, not by this site",
            id="one from elsewhere",
        ),
        pytest.param(
            lambda _: pyjwt.encode({}, "k" * 32, algorithm="HS256"), "issued by nobody", id="one that says nothing"
        ),
        pytest.param(
            lambda token: f"{encode({'alg': ['ES256'], 'typ': {}, 'kid': 7})}.{token.split('.')[1]}.AAAA",
            "claims to be from this site, but",
            id="a header of lists and numbers",
        ),
        pytest.param(
            lambda token: f"{token.split('.')[0]}.{encode({'iss': [], 'exp': '∞', 'jti': None})}.AAAA",
            "not by this site",
            id="claims of lists and nulls",
        ),
    ],
)
def test_every_other_text_gets_a_helpful_message(person, own, forge, words):
    told = inspect(person, forge(own.token), path="/protected")
    assert told.status_code == 200
    assert words in told.json["sentence"]
    assert (told.json["code"], told.json["token"], told.json["signature"] == "holds") == ("token_invalid", None, False)
    assert told.json["verdict"]["allowed"] is False


def test_a_signed_token_of_another_type_is_shown_as_not_usable(person, app, own):
    issuer = services_of(app).get(TokenIssuer)
    key = issuer.ring.current()
    claims = pyjwt.decode(own.token, options={"verify_signature": False})

    def signed(claims, typ="at+jwt"):
        return pyjwt.encode(claims, key.private, algorithm=key.algorithm, headers={"typ": typ, "kid": key.kid})

    for token, words in (
        (signed(claims, "JWT"), "another kind of token"),
        (signed(claims | {"aud": "https://other.example"}), "for another service"),
        (signed({name: value for name, value in claims.items() if name != "exp"}), "it is invalid"),
        (signed(claims | {"exp": "never"}), "it is invalid"),
    ):
        told = inspect(person, token).json
        assert words in told["sentence"], token
        assert (told["code"], told["token"]) == ("token_invalid", None)


def test_a_signed_token_without_a_row_is_refused(person, app, own):
    key = services_of(app).get(TokenIssuer).ring.current()
    claims = pyjwt.decode(own.token, options={"verify_signature": False}) | {"jti": "0" * 32}
    token = pyjwt.encode(claims, key.private, algorithm=key.algorithm, headers={"typ": "at+jwt", "kid": key.kid})
    told = inspect(person, token).json
    assert (told["code"], told["signature"]) == ("token_invalid", "holds")


def test_surrounding_text_is_ignored(person, own):
    for text in (f"  {own.token}\n", f"Bearer {own.token}", f"Authorization: Bearer {own.token}"):
        assert inspect(person, text).json["code"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"token": ""}, {"token": "x", "path": "protected"}, {"token": "x", "path": "//[", "method": "GET"},
        {"token": "x", "method": "BREW"}, {"token": "x", "path": "/x", "calling_from": "everywhere"},
        {"token": "x", "path": "/" + "x" * 600},
    ],
    ids=str,
)  # fmt: skip
def test_an_invalid_call_is_a_field_error(person, fields):
    assert inspect(person, **fields).status_code == 422
