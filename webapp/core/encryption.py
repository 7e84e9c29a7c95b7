"""Encryptor: AES-256-GCM for stored secrets, with a key per purpose."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from webapp.core.digests import derive

NONCE = 12


class DecryptionFailed(Exception):
    """Encrypted with another key or for another purpose, or changed since."""


class Encryptor:
    """Encrypts with the current secret key; decrypts with the current or a former one."""

    def __init__(self, secret_key: str, purpose: str, *, former: tuple[str, ...] = ()) -> None:
        self._ciphers = [AESGCM(derive(key, f"sealing: {purpose}")) for key in (secret_key, *former)]

    def seal(self, content: bytes, *, belongs_to: str = "") -> bytes:
        """Encrypt a secret for storage.

        Args:
            belongs_to: associated data, such as the ID of the row, without which it cannot be decrypted.
        """
        nonce = os.urandom(NONCE)
        return nonce + self._ciphers[0].encrypt(nonce, content, belongs_to.encode())

    def open(self, sealed: bytes, *, belongs_to: str = "") -> bytes:
        """Decrypt a stored secret.

        Raises:
            DecryptionFailed
        """
        return self._opened(sealed, belongs_to)[1]

    def is_current(self, sealed: bytes, *, belongs_to: str = "") -> bool:
        """Whether it is encrypted with the current secret key, not with a former one.

        Raises:
            DecryptionFailed
        """
        return self._opened(sealed, belongs_to)[0] == 0

    def _opened(self, sealed: bytes, belongs_to: str) -> tuple[int, bytes]:
        """The place of the secret key that decrypts it, and the content."""
        for place, cipher in enumerate(self._ciphers):
            try:
                return place, cipher.decrypt(sealed[:NONCE], sealed[NONCE:], belongs_to.encode())
            except (InvalidTag, ValueError):
                continue
        raise DecryptionFailed
