"""What WebAuthn Level 3 requires of an answer beyond the checks of the library, one function per requirement.

§7.1 is the registration of a passkey, §7.2 an assertion; the numbers are those of their steps.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from webapp.core.lazy_import import lazily

LONGEST_CREDENTIAL_ID = 1023
WEAKEST_RSA = 2048
# The curve of each algorithm (§5.8.5, RFC 9053 §2); RSA has none.
CURVES = {-7: 1, -8: 6, -257: None}


class CheckFailed(Exception):
    """A requirement is not met. The message names it, for the log."""


def client_data(raw: bytes) -> dict[str, Any]:
    """Parse ``clientDataJSON``: one JSON object in UTF-8 without duplicate members (§7.1 steps 5 and 6, §7.2 8 and 9).

    Raises:
        CheckFailed
    """
    try:
        # From text, because from bytes json reads UTF-16 and UTF-32 too. A byte order mark is allowed (§7.1 step 5).
        found = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=without_duplicates)
    except (ValueError, RecursionError) as error:
        raise CheckFailed("client data is not JSON") from error
    if not isinstance(found, dict):
        raise CheckFailed("client data is not an object")
    return found


def without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(members)
    if len(table) != len(members):
        raise CheckFailed("the client data has a member twice")
    return table


def challenge_in(client: Mapping[str, Any]) -> bytes:
    """The challenge in base64url as we encode it (§7.1 step 8 and §7.2 step 11 compare strings).

    Raises:
        CheckFailed
    """
    text = client.get("challenge")
    if not isinstance(text, str) or not text.isascii():
        raise CheckFailed("challenge is not a string")
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise CheckFailed("challenge is not base64url") from error
    if urlsafe_b64encode(found).decode().rstrip("=") != text:
        raise CheckFailed("challenge is not canonical base64url")
    return found


def requires_same_origin_with_ancestors(client: Mapping[str, Any]) -> None:
    """The page was not embedded in a frame of another origin (§7.1 steps 10 and 11, §7.2 steps 13 and 14)."""
    if client.get("crossOrigin", False) is not False:
        raise CheckFailed("crossOrigin is not false")
    if "topOrigin" in client:
        raise CheckFailed("topOrigin is present")


def requires_usable_key(cose: bytes) -> None:
    """The key is on the curve of its algorithm and sufficiently strong (§7.1 step 19, §5.8.5)."""
    helpers = lazily("webauthn.helpers")
    decoded = helpers.decode_credential_public_key(cose)
    if decoded.alg not in CURVES or getattr(decoded, "crv", None) != CURVES[decoded.alg]:
        raise CheckFailed("the curve does not match the algorithm")
    # Raises if the point is not on the curve.
    key = helpers.decoded_public_key_to_cryptography(decoded)
    if isinstance(key, RSAPublicKey) and key.key_size < WEAKEST_RSA:
        raise CheckFailed("the RSA key is too short")


def requires_empty_statement(attestation_object: bytes) -> None:
    """The attestation format ``none`` has an empty statement (§7.1 step 22, §8.7)."""
    found = lazily("webauthn.helpers.parse_cbor").parse_cbor(attestation_object)
    if found["fmt"] == "none" and found["attStmt"] != {}:
        raise CheckFailed("the statement of the format none is not empty")


def requires_short_credential_id(credential_id: bytes) -> None:
    """The credential id has at most 1023 bytes (§7.1 step 25)."""
    if len(credential_id) > LONGEST_CREDENTIAL_ID:
        raise CheckFailed("the credential id is too long")


def requires_user_handle(user_handle: bytes | None, user_id: bytes, *, is_identified: bool) -> None:
    """The user handle is the one of the passkey's user; it may be missing after a password has identified the user
    (§7.2 step 6)."""
    # Browsers send an empty one for authenticators that store none.
    if not user_handle and is_identified:
        return
    if user_handle != user_id:
        raise CheckFailed("userHandle does not match the owner" if user_handle else "userHandle is missing")


def requires_same_backup_eligibility(now: bool, *, at_registration: bool) -> None:
    """Backup eligibility never changes after registration (§7.2 step 20, §6.1.3)."""
    if now != at_registration:
        raise CheckFailed("the backup eligibility has changed")
