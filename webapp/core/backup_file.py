"""The file that ``db backup`` writes: a tar archive with checksums, encrypted with a passphrase if one is given.

Without encryption, ``tar xf FILE`` and ``sha256sum -c SHA256SUMS`` read it too.
"""

import hashlib
import os
import tarfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

import msgspec

from webapp.core.backup import flush
from webapp.core.passphrase_stream import MAGIC, DecryptingReader, EncryptingWriter, StreamDamaged, WrongPassphrase

MANIFEST, SUMS, SECRET_KEYS = "manifest.json", "SHA256SUMS", "secret_keys"
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
SETTINGS = ("config.toml", "providers.toml")
"""Files of the instance folder that belong to a site."""
NAMES = {MANIFEST, SUMS, SECRET_KEYS, *DATABASES.values(), *SETTINGS}
SQLITE = b"SQLite format 3\0"
PIECE = 1024 * 1024

Kind = Literal["sqlite", "encrypted", "archive"]


class InvalidBackup(Exception):
    """Not a complete backup. The message is one sentence for the operator."""


class PassphraseNeeded(InvalidBackup):
    """The file is encrypted."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    format: Literal[1] = 1
    program: str
    """Version of Latchkey that made it."""
    made_at: datetime
    database: Literal["sqlite", "postgresql"]
    schema: str
    """Version of the database."""
    environment: tuple[str, ...]
    """Names of the settings that came from the environment: they are not in the backup."""


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def kind_of(file: Path) -> Kind:
    """``sqlite``: a plain copy of a SQLite database, as earlier versions made it and as an upgrade keeps it."""
    with file.open("rb") as opened:
        head = opened.read(max(len(MAGIC), len(SQLITE)))
    if head.startswith(SQLITE):
        return "sqlite"
    return "encrypted" if head.startswith(MAGIC) else "archive"


def write(to: Path, manifest: Manifest, files: dict[str, Path | bytes], *, passphrase: str | None) -> None:
    """Write a new file, which appears under its name only when it is complete and has been read again.

    Args:
        files: by their name in the archive, beside the manifest.

    Raises:
        FileExistsError, OSError, InvalidBackup: there is no such file.
    """
    draft = to.with_name(f".{to.name}.{os.urandom(6).hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            pack(file, {MANIFEST: msgspec.json.format(msgspec.json.encode(manifest)), **files}, passphrase)
            file.flush()
            os.fsync(file.fileno())
        with contents(draft, passphrase) as found:
            for _ in found:
                pass
        # Not a rename, which would replace an existing file.
        os.link(draft, to)
        flush(to.parent)
    finally:
        draft.unlink(missing_ok=True)


def pack(file: BinaryIO, members: dict[str, Path | bytes], passphrase: str | None) -> None:
    if passphrase is None:
        add_all(file, members)
        return
    with closing(EncryptingWriter(file, passphrase)) as writer:
        add_all(writer, members)


def add_all(target: Any, members: dict[str, Path | bytes]) -> None:
    with tarfile.open(fileobj=target, mode="w|") as archive:
        sums = {name: add(archive, name, content) for name, content in members.items()}
        add(archive, SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode())


def add(archive: tarfile.TarFile, name: str, content: Path | bytes) -> str:
    """Add a file to the archive. Returns the SHA-256 of its content."""
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = 0o600, int(time.time())
    with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source:
        info.size = len(content) if isinstance(content, bytes) else content.stat().st_size
        digesting = Digesting(source)
        archive.addfile(info, digesting)
    return digesting.digest.hexdigest()


class Digesting:
    """Reads from a file, and digests what it has read."""

    def __init__(self, source: Readable) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.digest.update(piece)
        return piece

    def pieces(self) -> Iterator[bytes]:
        while piece := self.read(PIECE):
            yield piece


def unpack(file: Path, folder: Path, *, passphrase: str | None) -> Manifest:
    """Write the files of a backup into a folder, after which they are proven.

    Raises:
        PassphraseNeeded, InvalidBackup
    """
    with contents(file, passphrase) as found:
        for name, pieces in found:
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                target.writelines(pieces)
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidBackup(f"{file} was made by a newer version of Latchkey, or is no backup of it.") from error


@contextmanager
def contents(file: Path, passphrase: str | None) -> Iterator[Iterator[tuple[str, Iterable[bytes]]]]:
    """The members by name; to be read to the end, where the checksums are compared.

    Raises:
        PassphraseNeeded, InvalidBackup
    """
    damaged = f"{file} is damaged or incomplete."
    try:
        with file.open("rb") as source:
            if kind_of(file) == "encrypted":
                if passphrase is None:
                    raise PassphraseNeeded(f"{file} is encrypted: its passphrase is needed.")
                yield checked(DecryptingReader(source, passphrase), damaged)
            else:
                yield checked(source, damaged)
    except WrongPassphrase as error:
        raise InvalidBackup(
            f"{file} cannot be decrypted: the passphrase is another one, or the file is damaged."
        ) from error
    except StreamDamaged as error:
        raise InvalidBackup(damaged) from error
    except tarfile.TarError as error:
        raise InvalidBackup(f"{file} is no backup of this program, or is damaged.") from error


def checked(source: Any, damaged: str) -> Iterator[tuple[str, Iterable[bytes]]]:
    sums, listed = dict[str, str](), b""
    with tarfile.open(fileobj=source, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is None or member.name not in NAMES or member.name in sums or listed:
                raise InvalidBackup(damaged)
            if member.name == SUMS:
                listed = content.read(PIECE)
                continue
            digesting = Digesting(content)
            yield member.name, digesting.pieces()
            for _ in digesting.pieces():
                pass
            sums[member.name] = digesting.digest.hexdigest()
    # tarfile stops at the mark of its end; only the end of an encrypted stream proves that it is whole.
    while source.read(PIECE):
        pass
    if listed != "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode():
        raise InvalidBackup(damaged)
