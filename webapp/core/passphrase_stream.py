"""Encrypt a stream with a passphrase: scrypt (RFC 7914), then ChaCha20-Poly1305 (RFC 8439) in chunks, as age does.

After the header (magic, log2 of the work factor, salt) come chunks of 64 KiB, each with a tag. The nonce of a chunk is
its number and whether it is the last one, so that none can be dropped, moved or appended. The header is associated
data of every chunk.
"""

import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"latchkey encrypted 1\n"
SALT = 16
WORK = 17
"""log2 of scrypt's N: 128 MiB and about half a second."""
MOST_WORK = 20
"""The header of a file of others must not take all the memory."""
CHUNK, TAG = 64 * 1024, 16


class WrongPassphrase(Exception):
    """The first chunk cannot be decrypted: another passphrase, or the beginning of the file is damaged."""


class StreamDamaged(Exception):
    """A later chunk was changed, is missing, or does not belong here."""


def cipher_for(passphrase: str, header: bytes) -> ChaCha20Poly1305:
    salt, work = header[-SALT:], header[len(MAGIC)]
    return ChaCha20Poly1305(Scrypt(salt=salt, length=32, n=2**work, r=8, p=1).derive(passphrase.encode()))


def nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


class EncryptingWriter:
    """Writes to ``target``, which is complete only after ``close``."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        self._target, self._pending, self._number = target, bytearray(), 0
        self._header = MAGIC + bytes([WORK]) + os.urandom(SALT)
        self._cipher = cipher_for(passphrase, self._header)
        target.write(self._header)

    def write(self, content: bytes) -> int:
        self._pending += content
        # The last chunk stays until ``close``, even if it is full.
        while len(self._pending) > CHUNK:
            self._write_chunk(bytes(self._pending[:CHUNK]), is_last=False)
            del self._pending[:CHUNK]
        return len(content)

    def close(self) -> None:
        self._write_chunk(bytes(self._pending), is_last=True)

    def _write_chunk(self, chunk: bytes, *, is_last: bool) -> None:
        self._target.write(self._cipher.encrypt(nonce(self._number, is_last=is_last), chunk, self._header))
        self._number += 1


class DecryptingReader:
    """Reads what an ``EncryptingWriter`` wrote. What it returned is proven only when it has been read to its end.

    Raises:
        WrongPassphrase, StreamDamaged
    """

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source, self._number, self._ready = source, 0, bytearray()
        self._header = source.read(len(MAGIC) + 1 + SALT)
        if len(self._header) != len(MAGIC) + 1 + SALT or not self._header.startswith(MAGIC):
            raise StreamDamaged
        if not 1 <= self._header[len(MAGIC)] <= MOST_WORK:
            raise StreamDamaged
        self._cipher = cipher_for(passphrase, self._header)
        self._next = source.read(CHUNK + TAG)

    def read(self, size: int = -1) -> bytes:
        while (size < 0 or len(self._ready) < size) and self._decrypt_next():
            pass
        piece = bytes(self._ready[:size] if size >= 0 else self._ready)
        del self._ready[: len(piece)]
        return piece

    def _decrypt_next(self) -> bool:
        """Decrypt the next chunk; False after the last one."""
        if self._number and not self._next:
            return False
        chunk, self._next = self._next, self._source.read(CHUNK + TAG)
        try:
            opened = self._cipher.decrypt(nonce(self._number, is_last=not self._next), chunk, self._header)
        except InvalidTag as error:
            raise (StreamDamaged if self._number or self._is_cut_off(chunk) else WrongPassphrase) from error
        self._ready += opened
        self._number += 1
        return True

    def _is_cut_off(self, chunk: bytes) -> bool:
        """Whether the first chunk is intact, but is not the last one, as the file pretends."""
        try:
            return bool(self._cipher.decrypt(nonce(0, is_last=False), chunk, self._header))
        except InvalidTag:
            return False
