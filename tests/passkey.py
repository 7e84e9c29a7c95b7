"""An authenticator in software: makes keys, attests and asserts, as a browser's JSON would have it."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN, RP_ID = "http://localhost", "localhost"
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
UNNAMED = bytes(16)


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey; what it says of itself can be told otherwise, for those who lie."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    aaguid: bytes = UNNAMED
    is_synced: bool = False
    verifies_user: bool = True
    count: int = 0
    """How often it has signed; stays 0 in those that are synced."""
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user_handle: bytes | None = b""
    says: dict[str, Any] = field(default_factory=dict)
    """Members of the client data that are told otherwise; None leaves one out."""
    writes: Callable[[str], bytes] = str.encode
    """How the text of the client data becomes bytes."""
    raised: int = 0
    lowered: int = 0
    """Flags of the authenticator data that are set, or not, whatever is true."""
    cose: dict[int, Any] = field(default_factory=dict)
    """Members of the public key that are told otherwise."""
    fmt: str = "none"
    statement: dict[str, Any] = field(default_factory=dict)
    wraps: dict[str, Any] = field(default_factory=dict)
    """Members of the outer object that are told otherwise."""

    def make(self, options: dict[str, Any]) -> str:
        """What ``navigator.credentials.create`` answers, as text."""
        self.user_handle = unb64(options["user"]["id"])
        client = self.client("webauthn.create", options["challenge"])
        attested = self.aaguid + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.public_key()
        attestation = cbor2.dumps(
            {"fmt": self.fmt, "attStmt": self.statement, "authData": self.data(ATTESTED) + attested}
        )
        return self.answer(
            {"clientDataJSON": b64(client), "attestationObject": b64(attestation), "transports": ["internal"]}
        )

    def show(self, options: dict[str, Any]) -> str:
        """What ``navigator.credentials.get`` answers, as text."""
        if not self.is_synced:
            self.count += 1
        client, data = self.client("webauthn.get", options["challenge"]), self.data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
        return self.answer(response if self.user_handle is None else response | {"userHandle": b64(self.user_handle)})

    def client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False} | self.says
        return self.writes(json.dumps({name: value for name, value in said.items() if value is not None}))

    def data(self, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies_user else 0) | (ELIGIBLE | BACKED_UP if self.is_synced else 0)
        flags = (flags | self.raised) & ~self.lowered
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        return cbor2.dumps({1: 2, 3: -7, -1: 1} | point | self.cose)

    def answer(self, response: dict[str, Any]) -> str:
        name = b64(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response} | self.wraps)
