"""WebAuthn registration and authentication as values: options for the browser, and what its answer proves."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from webapp.core.lazy_import import lazily
from webapp.mfa import webauthn_checks as checks
from webapp.mfa.relying_party import RelyingParty

# How long the browser waits for the user, in milliseconds.
TIMEOUT = 300_000
# ES256, EdDSA and RS256, which authenticators support (RFC 9053 §2, RFC 8812 §2).
ALGORITHMS = (-7, -8, -257)
MULTI_DEVICE = "multi_device"


class CeremonyRefused(Exception):
    """The answer of the authenticator is not accepted. The message is for the log."""


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """A passkey as WebAuthn options name it."""

    credential_id: bytes
    transports: tuple[str, ...] = ()
    rp_id: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredPasskey:
    """A verified registration."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    is_synced: bool
    transports: tuple[str, ...]
    rp_id: str


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """A verified assertion."""

    sign_count: int
    is_synced: bool

    @property
    def amr(self) -> str:
        # A key that is copied between devices counts as a software key (RFC 8176 §2).
        return "swk user" if self.is_synced else "hwk user"


def creation_options(
    party: RelyingParty, challenge: bytes, *, user_id: UUID, username: str, known_passkeys: Iterable[KnownPasskey]
) -> dict[str, Any]:
    """Options for ``parseCreationOptionsFromJSON`` (WebAuthn §5.1.9): a discoverable passkey with user verification.

    Args:
        known_passkeys: passkeys of the user, which the authenticator must not register again.
    """
    return {
        "rp": {"id": party.id, "name": party.name},
        "user": {"id": text_of(user_id.bytes), "name": username, "displayName": username},
        "challenge": text_of(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": TIMEOUT,
        "excludeCredentials": [credential_descriptor(passkey) for passkey in known_passkeys],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def request_options(
    party: RelyingParty, challenge: bytes, known_passkeys: Iterable[KnownPasskey] = ()
) -> dict[str, Any]:
    """Options for ``parseRequestOptionsFromJSON`` (WebAuthn §5.1.10).

    Args:
        known_passkeys: passkeys to choose from; empty for any discoverable passkey of this site.
    """
    return {
        "rpId": party.id,
        "challenge": text_of(challenge),
        "timeout": TIMEOUT,
        "allowCredentials": [credential_descriptor(passkey) for passkey in known_passkeys],
        "userVerification": "required",
    }


def credential_descriptor(passkey: KnownPasskey) -> dict[str, Any]:
    return {"type": "public-key", "id": text_of(passkey.credential_id), "transports": list(passkey.transports)}


def text_of(content: bytes) -> str:
    """Base64url, as the JSON form of WebAuthn encodes bytes."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def registered(party: RelyingParty, challenge: bytes, answer: str) -> RegisteredPasskey:
    """Verify a registration (WebAuthn §7.1).

    Args:
        challenge: the one that this browser was given.
        answer: ``PublicKeyCredential.toJSON()`` as text.

    Raises:
        CeremonyRefused
    """
    try:
        credential = lazily("webauthn.helpers").parse_registration_credential_json(answer)
        checks.requires_same_origin_with_ancestors(checks.client_data(credential.response.client_data_json))
        proven = lazily("webauthn").verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
        checks.requires_usable_key(proven.credential_public_key)
        checks.requires_empty_statement(proven.attestation_object)
        checks.requires_short_credential_id(proven.credential_id)
        transport_names = json.loads(answer)["response"].get("transports") or []
        transports = tuple(name for name in transport_names if isinstance(name, str))[:10]
    except Exception as error:
        raise ceremony_refused(error) from error
    return RegisteredPasskey(
        credential_id=proven.credential_id,
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        aaguid=proven.aaguid,
        is_synced=proven.credential_device_type == MULTI_DEVICE,
        transports=transports,
        rp_id=party.id,
    )


@dataclass(frozen=True, slots=True)
class AssertionAnswer:
    """What an assertion claims, before it is verified."""

    text: str
    credential_id: bytes
    challenge: bytes
    user_handle: bytes | None


def parse_assertion(answer: str) -> AssertionAnswer:
    """Parse an assertion without verifying it.

    Args:
        answer: ``PublicKeyCredential.toJSON()`` as text.

    Raises:
        CeremonyRefused: it is not an assertion.
    """
    try:
        helpers = lazily("webauthn.helpers")
        credential = helpers.parse_authentication_credential_json(answer)
        client = checks.client_data(credential.response.client_data_json)
        checks.requires_same_origin_with_ancestors(client)
        challenge = checks.challenge_in(client)
    except Exception as error:
        raise ceremony_refused(error) from error
    return AssertionAnswer(answer, credential.raw_id, challenge, credential.response.user_handle)


def challenge_of(answer: str) -> bytes:
    """The challenge in the answer to a registration, before it is verified.

    Raises:
        CeremonyRefused
    """
    try:
        helpers = lazily("webauthn.helpers")
        text = json.loads(answer)["response"]["clientDataJSON"]
        return checks.challenge_in(checks.client_data(helpers.base64url_to_bytes(text)))
    except Exception as error:
        raise ceremony_refused(error) from error


def verify_assertion(
    party: RelyingParty, challenge: bytes, answer: AssertionAnswer, *, public_key: bytes, is_synced: bool
) -> VerifiedAssertion:
    """Verify an assertion (WebAuthn §7.2), except for its signature counter, which ``passkeys.use`` checks.

    Args:
        public_key: of the passkey, in COSE.
        is_synced: backup eligibility (BE) at registration.

    Raises:
        CeremonyRefused
    """
    try:
        proven = lazily("webauthn").verify_authentication_response(
            credential=answer.text,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            # The library compares the counter before it verifies the signature, so a request without the key could
            # cause a false alarm.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        found = VerifiedAssertion(proven.new_sign_count, proven.credential_device_type == MULTI_DEVICE)
        checks.requires_same_backup_eligibility(found.is_synced, at_registration=is_synced)
    except Exception as error:
        raise ceremony_refused(error) from error
    return found


def ceremony_refused(error: Exception) -> CeremonyRefused:
    # The library parses binary formats from the network, and not all of its failures are exceptions of its own.
    return CeremonyRefused(f"{type(error).__name__}: {error}"[:200])
