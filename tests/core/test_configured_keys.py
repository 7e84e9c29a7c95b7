"""Signing keys that the settings give: judged when they are loaded, and never changed by us."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy.orm import Session

from webapp.core import key_material
from webapp.core.keys import ConfiguredRing, RotationRefused
from webapp.settings import SettingsError

DAY = timedelta(days=1)
SECRET = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"


def pem(algorithm="ES256"):
    return key_material.private_pem(key_material.FAMILIES[algorithm].make())


def kids(ring):
    return [key.kid for key in tuple(ring.keys())]


def test_the_first_configured_key_signs_and_the_others_verify():
    first, second = pem(), pem()
    here = ConfiguredRing(f"{first}\n{second}", algorithm="ES256")
    assert len(here.keys()) == 2
    assert here.current() is here.keys()[0]


def test_configured_keys_can_be_on_one_line():
    assert ConfiguredRing(pem().replace("\n", "\\n"), algorithm="ES256").current().may_sign


def test_a_former_configured_key_can_be_a_public_key():
    former = key_material.public_pem(ec.generate_private_key(ec.SECP256R1()).public_key())
    here = ConfiguredRing(pem() + former, algorithm="ES256")
    assert [key.may_sign for key in tuple(here.keys())] == [True, False]


def test_configured_secrets_have_the_same_key_ids_in_every_process():
    one, two = (ConfiguredRing(f"{SECRET},{SECRET[::-1]}", algorithm="HS256") for _ in range(2))
    assert kids(one) == kids(two)
    assert SECRET not in one.current().kid


def test_configured_keys_cannot_be_rotated():
    with pytest.raises(RotationRefused, match="WEBAPP_SIGNING_KEY"):
        ConfiguredRing(pem(), algorithm="ES256").rotate(Session(), DAY)


def invalid(key):
    return key_material.private_pem(key)


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        pytest.param(lambda: "no key", "ES256", id="a text"),
        pytest.param(
            lambda: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "ES256", id="rubbish in PEM"
        ),
        pytest.param(lambda: pem("RS256"), "ES256", id="an RSA key for ES256"),
        pytest.param(lambda: pem("ES256"), "EdDSA", id="an elliptic curve key for EdDSA"),
        pytest.param(lambda: pem("EdDSA"), "RS256", id="an Ed25519 key for RS256"),
        pytest.param(lambda: invalid(ec.generate_private_key(ec.SECP384R1())), "ES256", id="P-384 for ES256"),
        pytest.param(lambda: invalid(rsa.generate_private_key(65537, 1024)), "RS256", id="an RSA key of 1024 bits"),
        pytest.param(
            lambda: key_material.public_pem(ec.generate_private_key(ec.SECP256R1()).public_key()),
            "ES256",
            id="a public key alone",
        ),
        pytest.param(lambda: "short", "HS256", id="a short secret"),
    ],
)
def test_an_invalid_configured_key_is_refused(text, algorithm):
    with pytest.raises(SettingsError, match="WEBAPP_SIGNING_KEY"):
        ConfiguredRing(text(), algorithm=algorithm)
