"""Public keys of clients that prove themselves with a private key: checked() those that were entered (RFC 7517)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webapp.core.key_material import public_jwk
from webapp.core.translation import _
from webapp.verify import Invalid, load, public_key

MAX_KEYS = 10
LONGEST = 20_000
LONGEST_KID = 200
BY_KEY = {"RS256": ("RS256", "PS256"), "ES256": ("ES256",), "EdDSA": ("EdDSA",)}
"""With which algorithms a key may sign, by that of its kind; an RSA key signs in two ways."""
ALGORITHMS = tuple(sorted(alg for algs in BY_KEY.values() for alg in algs))


class InvalidClientKeys(Exception):
    """The keys cannot be used; the message says why, for the person who enters them."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    kid: str | None
    algorithms: tuple[str, ...]
    """Algorithms with which the client may sign."""
    kind: str
    verifying: Any


def checked(text: str) -> str:
    """The public keys of a JWKS, or of a single JWK, as JSON with nothing else in it; empty for an empty text.

    Raises:
        InvalidClientKeys
    """
    if not text.strip():
        return ""
    try:
        found = load(text.encode(errors="replace"))
    except Invalid as error:
        raise InvalidClientKeys(_("Enter a JWKS: a JSON object with the public keys of the app in “keys”.")) from error
    jwks = found.get("keys", [found])
    if not isinstance(jwks, list) or not 0 < len(jwks) <= MAX_KEYS:
        raise InvalidClientKeys(_("Enter at least 1 and at most 10 public keys."))
    keys = [key_of(jwk) for jwk in jwks]
    kids = {key.kid for key in keys}
    if len(kids) < len(keys) or (len(keys) > 1 and None in kids):
        raise InvalidClientKeys(_("Each of several keys needs a kid of its own."))
    return json.dumps({"keys": [entry(key) for key in keys]}, separators=(",", ":"), sort_keys=True)


def key_of(jwk: object) -> ClientKey:
    """Check one public JWK of a client and reduce it to what verification needs.

    Raises:
        InvalidClientKeys
    """
    if not isinstance(jwk, dict):
        raise InvalidClientKeys(_("Enter a JWKS: a JSON object with the public keys of the app in “keys”."))
    kid, named_algorithm = jwk.get("kid"), jwk.get("alg")
    try:
        key = public_key({name: value for name, value in jwk.items() if name != "alg"})
    except Invalid as error:
        if str(error) == "a private key":
            raise InvalidClientKeys(
                _("This is a private key, which only the app may know. Create a new key pair and enter the public key.")
            ) from error
        raise unsupported() from error
    algorithms = BY_KEY[key.algorithm]
    if named_algorithm is not None and named_algorithm not in algorithms:
        raise unsupported()
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= LONGEST_KID and kid.isprintable()):
        raise InvalidClientKeys(_("A kid must be a string of at most 200 printable characters."))
    return ClientKey(kid, algorithms if named_algorithm is None else (named_algorithm,), key.algorithm, key.verifying)


def unsupported() -> InvalidClientKeys:
    return InvalidClientKeys(_("Enter public keys for ES256, EdDSA, RS256 or PS256; RSA keys have 2,048 bits or more."))


def entry(key: ClientKey) -> dict[str, Any]:
    """A key as a public JWK."""
    found = public_jwk(key.verifying, algorithm=key.kind) | {"use": "sig"}
    if key.kid is not None:
        found["kid"] = key.kid
    return found | ({"alg": key.algorithms[0]} if len(key.algorithms) == 1 else {})


def stored(jwks: str) -> Sequence[ClientKey]:
    """The keys of a text that was checked."""
    return [key_of(jwk) for jwk in json.loads(jwks)["keys"]] if jwks else []
