"""WebAuthn Level 3, §7.1 and §7.2, step by step: what a bad client sends is refused in every ceremony."""

from dataclasses import replace

import pytest

from tests import factories
from tests.browser import Person
from tests.mfa.passkey_ceremonies import confirm, login, second_step, used
from tests.passkey import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator, b64
from tests.prepared_user import moved
from tests.second_factors import is_in, options, passkey_login, register, stored, with_passkey

OTHER_CHALLENGE = b64(b"y" * 32)


def utf16(text):
    return text.encode("utf-16")


def twice(text):
    return text.replace('"origin"', '"origin": "http://evil.example", "origin"').encode()


def padded(text):
    """The same bytes in another spelling."""
    start = text.index('"challenge": "') + 14
    end = text.index('"', start)
    return (text[:end] + "=" + text[end:]).encode()


def broken(text):
    return text.encode() + b"\xff"


# §7.1 steps 5 to 17, and 8 to 18 of §7.2: what both ask of the client data and the authenticator data.
OF_BOTH = [
    pytest.param({"writes": utf16}, id="client data in UTF-16"),
    pytest.param({"writes": broken}, id="client data that is no UTF-8"),
    pytest.param({"writes": lambda text: text.encode()[:-1]}, id="client data that is no JSON"),
    pytest.param({"writes": lambda text: f"[{text}]".encode()}, id="client data that is no object"),
    pytest.param({"writes": twice}, id="an origin that comes twice"),
    pytest.param({"says": {"type": "payment.get"}}, id="another type"),
    pytest.param({"says": {"type": None}}, id="no type"),
    pytest.param({"says": {"challenge": OTHER_CHALLENGE}}, id="another challenge"),
    pytest.param({"says": {"challenge": None}}, id="no challenge"),
    pytest.param({"says": {"challenge": 5}}, id="a challenge that is a number"),
    pytest.param({"says": {"challenge": ""}}, id="an empty challenge"),
    pytest.param({"writes": padded}, id="the challenge in another spelling"),
    pytest.param({"origin": "http://evil.example"}, id="another origin"),
    pytest.param({"origin": "http://localhost:81"}, id="another port"),
    pytest.param({"origin": "https://localhost"}, id="another scheme"),
    pytest.param({"origin": "http://LOCALHOST"}, id="the origin in capital letters"),
    pytest.param({"origin": "http://localhost/"}, id="the origin with a path"),
    pytest.param({"origin": "http://a.localhost"}, id="a host below ours"),
    pytest.param({"says": {"origin": None}}, id="no origin"),
    pytest.param({"says": {"origin": ["http://localhost"]}}, id="a list of origins"),
    pytest.param({"says": {"crossOrigin": True}}, id="in a frame of another origin"),
    pytest.param({"says": {"crossOrigin": 1}}, id="crossOrigin that is no boolean"),
    pytest.param({"says": {"crossOrigin": "false"}}, id="crossOrigin that is a text"),
    pytest.param({"says": {"crossOrigin": True, "topOrigin": "http://evil.example"}}, id="in a page of another"),
    pytest.param({"says": {"topOrigin": "http://evil.example"}}, id="a foreign topOrigin alone"),
    pytest.param({"says": {"crossOrigin": True, "topOrigin": "http://localhost"}}, id="in a frame of ours"),
    pytest.param({"rp_id": "evil.example"}, id="another relying party"),
    pytest.param({"lowered": PRESENT}, id="nobody was there"),
    pytest.param({"lowered": VERIFIED}, id="nobody was verified"),
    pytest.param({"lowered": PRESENT | VERIFIED}, id="nobody was there or verified"),
    pytest.param({"raised": BACKED_UP}, id="backed up, and not eligible for it"),
    pytest.param({"wraps": {"type": "password"}}, id="no passkey by its type"),
    pytest.param({"wraps": {"id": b64(b"z" * 32)}}, id="two ids"),
    pytest.param({"wraps": {"response": {}}}, id="no response"),
]

# §7.1 steps 19 to 26.
OF_REGISTRATION = [
    pytest.param({"cose": {3: -35}}, id="an algorithm that was not asked for"),
    pytest.param({"cose": {3: -7, -1: 2}}, id="ES256 on another curve"),
    pytest.param({"cose": {-2: b"\1" * 32}}, id="a point that is on no curve"),
    pytest.param({"cose": {1: 1, 3: -8, -1: 6, -2: b"\1" * 31}}, id="an Ed25519 key that is too short"),
    pytest.param({"cose": {1: 1, 3: -8, -1: 7, -2: b"\1" * 57}}, id="EdDSA on another curve"),
    pytest.param({"cose": {1: 3, 3: -257, -1: b"\xff" * 128, -2: b"\1\0\1"}}, id="an RSA key of 1024 bits"),
    pytest.param({"cose": {1: 9}}, id="a kind of key that there is not"),
    pytest.param({"fmt": "unheard-of"}, id="an attestation of an unknown format"),
    pytest.param({"statement": {"sig": b"x"}}, id="the format none with a signature"),
    pytest.param({"statement": {"x": 1}}, id="the format none with a statement"),
    pytest.param({"fmt": "packed", "statement": {"alg": -7, "sig": b"x" * 70}}, id="a self attestation that is wrong"),
    pytest.param({"credential_id": b"x" * 1024}, id="a credential id of 1024 bytes"),
    pytest.param({"credential_id": b""}, id="no credential id"),
    pytest.param({"says": {"type": "webauthn.get"}}, id="the type of an assertion"),
]

# §7.2 steps 5, 6 and 20 to 24.
OF_ASSERTION = [
    pytest.param({"says": {"type": "webauthn.create"}}, id="the type of a registration"),
    pytest.param({"credential_id": b"x" * 32}, id="an unknown credential"),
    pytest.param({"user_handle": b"\0" * 16}, id="the handle of another"),
    pytest.param({"user_handle": b"\0"}, id="a handle of another length"),
    pytest.param({"raised": ELIGIBLE}, id="eligible for backup, and was not"),
    pytest.param({"raised": ELIGIBLE | BACKED_UP}, id="backed up, and was bound"),
    pytest.param({"key": Authenticator().key}, id="a wrong signature"),
    pytest.param({"count": -1}, id="a counter that stands still"),
]
OF_A_DISCOVERABLE_ONE = [
    pytest.param({"user_handle": None}, id="no handle"),
    pytest.param({"user_handle": b""}, id="an empty handle"),
]


@pytest.fixture
def begin(app, prepared):
    """Begins one of these with a passkey that has signed once."""

    def begin(ceremony):
        found = prepared.prepare(app, ceremony)
        return replace(found, person=moved(found.person, app), device=replace(found.device))

    return begin


def forge(device, lies):
    for name, value in lies.items():
        setattr(device, name, device.count + value if name == "count" else value)


def left(app, user):
    return [(passkey.credential_id, passkey.sign_count, passkey.uses) for passkey in stored(app, user)]


@pytest.mark.parametrize("lies", [*OF_BOTH, *OF_ASSERTION, *OF_A_DISCOVERABLE_ONE])
def test_a_login_by_passkey_refuses_invalid_answers(app, begin, lies):
    assert not is_in(refused(app, begin(login), lies))


@pytest.mark.parametrize("lies", [*OF_BOTH, *OF_ASSERTION])
def test_a_second_step_refuses_invalid_answers(app, begin, lies):
    assert not is_in(refused(app, begin(second_step), lies))


@pytest.mark.parametrize("lies", [*OF_BOTH, *OF_ASSERTION])
def test_a_confirmation_refuses_invalid_answers(app, begin, lies):
    refused(app, begin(confirm), lies)


def refused(app, ceremony, lies):
    """Whoever has tried it."""
    before = left(app, ceremony.user)
    assert before
    forge(ceremony.device, lies)
    assert ceremony.send().status_code == 422
    assert left(app, ceremony.user) == before
    return ceremony.person


@pytest.mark.parametrize("lies", [*OF_BOTH, *OF_REGISTRATION])
def test_a_registration_refuses_invalid_answers(app, user, person, lies):
    device = Authenticator()
    forge(device, lies)
    assert register(person, device).status_code == 422
    assert not stored(app, user)


# Beside them honest ones, in the same ways.


@pytest.mark.parametrize("ceremony", [login, second_step, confirm])
@pytest.mark.parametrize(
    "honest",
    [
        pytest.param({}, id="as it is"),
        pytest.param({"says": {"crossOrigin": None}}, id="a browser that says nothing of frames"),
        pytest.param({"says": {"futureMember": {"x": 1}}}, id="a member that is to come"),
        pytest.param({"writes": lambda text: text.encode("utf-8-sig")}, id="a byte order mark"),
    ],
)
def test_a_valid_assertion_is_accepted(begin, ceremony, honest):
    begun = begin(ceremony)
    forge(begun.device, honest)
    assert begun.send().request.path == "/dashboard"
    assert is_in(begun.person)


@pytest.mark.parametrize("ceremony", [second_step, confirm])
def test_the_user_handle_can_be_missing_after_the_password(begin, ceremony):
    begun = begin(ceremony)
    begun.device.user_handle = None
    begun.send()
    assert is_in(begun.person)


@pytest.mark.parametrize("ceremony", [login, second_step, confirm])
def test_the_backup_state_can_change_but_not_the_eligibility(app, user, ceremony):
    device = with_passkey(app, user, is_synced=True)
    for lowered, status in ((0, 200), (BACKED_UP, 200), (ELIGIBLE | BACKED_UP, 422)):
        device.lowered = 0
        begun = ceremony(app, user, device)
        device.lowered = lowered
        assert begun.send().status_code == status


@pytest.mark.parametrize("ceremony", [second_step, confirm])
def test_the_passkey_of_another_user_is_refused(app, begin, ceremony):
    begun = begin(ceremony)
    others = with_passkey(app, factories.user(app, "grace"))
    vars(begun.device).update(vars(others))
    assert begun.send().status_code == 422


def test_a_credential_id_of_1023_bytes_is_registered(app, user, person):
    register(person, Authenticator(credential_id=b"x" * 1023))
    assert len(stored(app, user)) == 1


def test_a_challenge_of_one_ceremony_is_refused_by_another(app, user):
    person, device = Person(app), used(app, user)
    passkey_login(person, device)
    for path, button, given_by in (
        ("/confirm", "Use a passkey", "/login/passkey"),
        ("/confirm", "Use a passkey", "/account/security/passkeys/options"),
        ("/account/security/passkeys/new", "Add a passkey", "/confirm/passkey"),
    ):
        person.open(path)
        page = person.page
        asked = options(person, given_by) | {"user": {"id": b64(user.id.bytes)}}
        answer = Authenticator().make(asked) if "new" in path else device.show(asked)
        person.page = page
        assert person.press(button, response=answer).status_code == 422
