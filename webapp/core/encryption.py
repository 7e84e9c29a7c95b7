"""Keeping what must be read again unreadable at rest: AES-256-GCM, a key for each purpose."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from webapp.core.digests import derive

NONCE = 12


class DecryptionFailed(Exception):
    """It was sealed with another key, for another purpose, or changed since."""


class Encryptor:
    """Seals with the current secret key; opens what a former one has sealed."""

    def __init__(self, secret_key: str, purpose: str, *, former: tuple[str, ...] = ()) -> None:
        self._ciphers = [AESGCM(derive(key, f"sealing: {purpose}")) for key in (secret_key, *former)]

    def seal(self, content: bytes, *, belongs_to: str = "") -> bytes:
        """
        Args:
            belongs_to: what it may not be taken away from, such as the id of its row.
        """
        nonce = os.urandom(NONCE)
        return nonce + self._ciphers[0].encrypt(nonce, content, belongs_to.encode())

    def open(self, sealed: bytes, *, belongs_to: str = "") -> bytes:
        """
        Raises:
            Broken
        """
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], belongs_to.encode())
            except (InvalidTag, ValueError):
                continue
        raise DecryptionFailed
