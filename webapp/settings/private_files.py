"""Files with mode 600, written atomically, by one process at a time."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.settings.fields import SettingsError

OTHERS = stat.S_IRWXG | stat.S_IRWXO


SECRET_KEY = "secret_key"


class InstanceError(SettingsError):
    """The instance folder, or a file in it, cannot be used."""


class SecretKeyMissing(SettingsError):
    """There is no secret key, neither in the settings nor in the instance folder."""


def make_folder(folder: Path) -> None:
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # It is often created in the repository of an app, where its secrets must not be committed.
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        # In a checkout the folder is readable by all, and the database will be created in it.
        if (state := folder.stat()).st_mode & OTHERS and state.st_uid == os.geteuid():
            folder.chmod(0o700)
    except OSError as error:
        raise InstanceError(f"The instance folder {folder} cannot be created: {error.strerror}.") from error


@contextmanager
def locked(folder: Path, purpose: str) -> Iterator[None]:
    """Hold an exclusive file lock on the folder for one purpose, across processes and threads. Do not nest."""
    try:
        descriptor = os.open(folder / f".{purpose}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InstanceError(f"The instance folder {folder} cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read(path: Path) -> str | None:
    """The text of the file; None if there is no such file.

    Raises:
        InstanceError: other users can read it, or it cannot be read.
    """
    try:
        refuse_open_to_others(path)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InstanceError(f"{path} cannot be read.") from error


def stamp(path: str) -> tuple[int, ...]:
    """A value that changes whenever the file changes. One system call, because it is called on every request."""
    try:
        state = os.stat(path)
    except OSError:
        return ()
    # The change time (ctime), because unlike the modification time it cannot be set.
    return state.st_ino, state.st_ctime_ns


def refuse_open_to_others(path: Path) -> None:
    if path.stat().st_mode & OTHERS:
        raise InstanceError(f"{path} contains secrets and other users can read it. Run: chmod 600 {path}")


def write(path: Path, text: str) -> None:
    """Replace the file in one step: a reader, also after a power cut, sees the old text or the new."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InstanceError(f"{path} cannot be written: {error.strerror}.") from error


def flush_folder(folder: Path) -> None:
    # After a power cut, a file exists only if the entry in its folder was written too.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def secret_key(instance: Path) -> str:
    """The secret key of the instance folder.

    Raises:
        SecretKeyMissing
    """
    path = instance / SECRET_KEY
    if (content := read(path)) is None:
        raise SecretKeyMissing(
            f"{path} is missing, and WEBAPP_SECRET_KEY is not set. For a new site: python -m webapp db upgrade"
        )
    return content.strip()


def make_secret_key(instance: Path) -> None:
    """Create the folder, and the secret key in it if there is none."""
    make_folder(instance)
    with locked(instance, SECRET_KEY):
        if read(instance / SECRET_KEY) is None:
            write(instance / SECRET_KEY, secrets.token_urlsafe(32) + "\n")
