"""Passkeys: what a registration and an assertion must prove, with real keys; and what is kept of them."""

import json
import os
from contextlib import suppress

import pytest

from tests import factories
from tests.passkey import Authenticator, unb64
from webapp.core.db import Database
from webapp.mfa import passkeys, webauthn_ceremonies
from webapp.mfa.authenticator_names import suggested
from webapp.mfa.models import Passkey
from webapp.mfa.passkeys import AlreadyKnown, CounterNotIncreased, InvalidPasskeyName
from webapp.mfa.relying_party import RelyingParty
from webapp.mfa.webauthn_ceremonies import CeremonyRefused
from webapp.web.registry import services_of

SITE = RelyingParty("localhost", "http://localhost", "Latchkey")
CHALLENGE = b"a challenge of thirty-two bytes!"


def made(device, user, challenge=CHALLENGE):
    asked = webauthn_ceremonies.creation_options(SITE, challenge, user_id=user.id, username="ada", known_passkeys=[])
    return webauthn_ceremonies.registered(SITE, CHALLENGE, device.make(asked))


def shown(device, public_key, challenge=CHALLENGE):
    answer = webauthn_ceremonies.parse_assertion(device.show(webauthn_ceremonies.request_options(SITE, challenge)))
    return webauthn_ceremonies.verify_assertion(
        SITE, CHALLENGE, answer, public_key=public_key, is_synced=device.is_synced
    )


@pytest.fixture
def device():
    return Authenticator()


def test_a_registration_stores_a_key_and_an_assertion_is_verified_with_it(user, device):
    found = made(device, user)
    assert found.credential_id == device.credential_id
    assert shown(device, found.public_key).sign_count == 1


def test_the_options_require_a_discoverable_credential_with_user_verification(user):
    asked = webauthn_ceremonies.creation_options(SITE, CHALLENGE, user_id=user.id, username="ada", known_passkeys=[])
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["rp"]["id"] == "localhost"


def test_the_options_list_the_existing_passkeys(user, device):
    known = [webauthn_ceremonies.KnownPasskey(device.credential_id, ("internal",))]
    asked = webauthn_ceremonies.creation_options(SITE, CHALLENGE, user_id=user.id, username="ada", known_passkeys=known)
    assert asked["excludeCredentials"][0]["id"] == webauthn_ceremonies.text_of(device.credential_id)


@pytest.mark.parametrize(
    ("is_synced", "amr"), [pytest.param(True, "swk user", id="synced"), pytest.param(False, "hwk user", id="bound")]
)
def test_the_amr_tells_synced_and_device_bound_passkeys_apart(user, is_synced, amr):
    device = Authenticator(is_synced=is_synced)
    found = made(device, user)
    assert found.is_synced == is_synced
    assert shown(device, found.public_key).amr == amr


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"origin": "http://evil.example"}, id="another origin"),
        pytest.param({"origin": "http://localhost:8000"}, id="another port"),
        pytest.param({"origin": "https://localhost"}, id="another scheme"),
        pytest.param({"rp_id": "evil.example"}, id="another relying party"),
        pytest.param({"verifies_user": False}, id="nobody was verified"),
    ],
)
def test_both_ceremonies_refuse_forged_data(user, device, lie):
    with pytest.raises(CeremonyRefused):
        made(Authenticator(**lie), user)
    key = made(device, user).public_key
    for name, value in lie.items():
        setattr(device, name, value)
    with pytest.raises(CeremonyRefused):
        shown(device, key)


def test_both_ceremonies_refuse_an_answer_to_another_challenge(user, device):
    with pytest.raises(CeremonyRefused):
        made(Authenticator(), user, challenge=os.urandom(32))
    with pytest.raises(CeremonyRefused):
        shown(device, made(device, user).public_key, challenge=os.urandom(32))


def test_a_signature_of_another_key_is_refused(user, device):
    key = made(device, user).public_key
    device.key = Authenticator().key
    with pytest.raises(CeremonyRefused):
        shown(device, key)


def test_assertions_and_registrations_are_not_interchangeable(user, device):
    asked = webauthn_ceremonies.creation_options(SITE, CHALLENGE, user_id=user.id, username="ada", known_passkeys=[])
    registration = device.make(asked)
    with pytest.raises(CeremonyRefused):
        webauthn_ceremonies.registered(
            SITE, CHALLENGE, device.show(webauthn_ceremonies.request_options(SITE, CHALLENGE))
        )
    with pytest.raises(CeremonyRefused):
        webauthn_ceremonies.parse_assertion(registration)


BROKEN = [
    *("", "null", "[]", "{}", "1", '"x"', "{", "[" * 5000, '{"id":"a","rawId":"a","type":"public-key","response":{}}'),
    '{"id":"a","rawId":"a","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"AA"}}',
    '{"id":"a","rawId":"a","type":"x","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}',
    '{"id":1,"rawId":{},"type":[],"response":"x"}',
    '{"id":"é","rawId":"é","type":"public-key","response":{"clientDataJSON":"é","attestationObject":"é"}}',
]


@pytest.mark.parametrize("answer", BROKEN)
def test_a_malformed_answer_is_refused(answer):
    with pytest.raises(CeremonyRefused):
        webauthn_ceremonies.registered(SITE, CHALLENGE, answer)
    with pytest.raises(CeremonyRefused):
        webauthn_ceremonies.parse_assertion(answer)
    with pytest.raises(CeremonyRefused):
        webauthn_ceremonies.challenge_of(answer)


@pytest.mark.parametrize("seed", range(60))
def test_an_answer_with_any_changed_byte_is_refused_without_an_error(user, seed):
    """Every part in turn: names, client data, attestation, authenticator data, signature."""
    device = Authenticator()
    asked = webauthn_ceremonies.creation_options(SITE, CHALLENGE, user_id=user.id, username="ada", known_passkeys=[])
    registration = json.loads(device.make(asked))
    public_key = webauthn_ceremonies.registered(SITE, CHALLENGE, json.dumps(registration)).public_key
    assertion = json.loads(device.show(webauthn_ceremonies.request_options(SITE, CHALLENGE)))
    for answer, part in (
        (registration, "attestationObject"),
        (assertion, ("authenticatorData", "signature")[seed % 2]),
    ):
        raw = bytearray(unb64(answer["response"][part]))
        place = (seed * 7919) % len(raw)
        raw[place] ^= 1 << (seed % 8)
        answer["response"][part] = webauthn_ceremonies.text_of(bytes(raw))
    with suppress(CeremonyRefused):
        # The attestation says nothing of who made the key, so a changed make or counter is believed.
        webauthn_ceremonies.registered(SITE, CHALLENGE, json.dumps(registration))
    with pytest.raises(CeremonyRefused):
        webauthn_ceremonies.verify_assertion(
            SITE,
            CHALLENGE,
            webauthn_ceremonies.parse_assertion(json.dumps(assertion)),
            public_key=public_key,
            is_synced=False,
        )


# What is kept.


def kept(app, user, device, name=None):
    with services_of(app).get(Database).write() as db:
        return passkeys.add(db, user.id, made(device, user), name)


def use(app, passkey, proven):
    with services_of(app).get(Database).write() as db:
        passkeys.use(db, db.get_one(Passkey, passkey.id), proven)


def test_the_counter_must_increase(app, user, device):
    passkey = kept(app, user, device)
    first, second = shown(device, passkey.public_key), shown(device, passkey.public_key)
    use(app, passkey, second)
    for stale in (first, second):
        with pytest.raises(CounterNotIncreased):
            use(app, passkey, stale)


def test_a_counter_that_once_increased_must_keep_increasing(app, user, device):
    passkey = kept(app, user, device)
    use(app, passkey, shown(device, passkey.public_key))
    with pytest.raises(CounterNotIncreased):
        use(app, passkey, webauthn_ceremonies.VerifiedAssertion(0, is_synced=False))


def test_a_passkey_without_counter_can_be_used_repeatedly(app, user):
    device = Authenticator(is_synced=True)
    passkey = kept(app, user, device)
    for _ in range(3):
        use(app, passkey, shown(device, passkey.public_key))
    with services_of(app).get(Database).read() as db:
        assert db.get_one(Passkey, passkey.id).uses == 3


def test_a_passkey_of_another_user_cannot_be_registered(app, user, device):
    kept(app, user, device)
    with pytest.raises(AlreadyKnown):
        kept(app, factories.user(app, "grace"), device)


def test_the_suggested_name_is_that_of_the_authenticator_with_a_number_if_taken(app, user):
    bitwarden = bytes.fromhex("d548826e79b4db40a3d811116f7e8349")
    names = [kept(app, user, Authenticator(aaguid=bitwarden)).name for _ in range(3)]
    assert names == ["Bitwarden", "Bitwarden 2", "Bitwarden 3"]


def test_an_unknown_authenticator_is_named_by_its_transport():
    nothing = "00000000-0000-0000-0000-000000000000"
    assert (suggested(nothing, is_synced=True), suggested(nothing, is_synced=False)) == (
        "Synced passkey",
        "Security key",
    )


@pytest.mark.parametrize("name", ["", " ", "x" * 51, "a\nb", "a\u202eb", "\0"])
def test_an_unprintable_name_is_refused(name):
    with pytest.raises(InvalidPasskeyName):
        passkeys.checked_name(name)


def test_a_passkey_is_found_only_for_its_owner(app, user, device):
    passkey = kept(app, user, device)
    with services_of(app).get(Database).read() as db:
        assert passkeys.find(db, user.id, passkey.id)
        assert passkeys.find(db, factories.user(app, "grace").id, passkey.id) is None
