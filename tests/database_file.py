"""The file of a SQLite database, replaced under its open connections.

To open a connection takes a millisecond, because each parses the schema, and a site has three of them. The file is
read and written by descriptors that stay open: to close one gives up all locks that the process has on the file.
"""

import os
import sqlite3
from pathlib import Path
from weakref import WeakKeyDictionary, finalize

from flask import Flask

from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of

FILE = "latchkey.db"
# In the header of the file (SQLite, Database File Format §1.3): the number of pages, and the schema cookie.
PAGES, SCHEMA = slice(28, 32), slice(40, 44)
# In the header of the WAL index (SQLite, WAL-mode File Format §2.1): the pages of the database after the last commit.
PAGES_AT_COMMIT = 20
MORE_PAGES = 16
"""How many a file may lack before a checkpoint takes it for corrupt."""


class ConnectionOpen(Exception):
    """Connections of others, or one in a transaction, would not notice that the file is replaced."""


class DatabaseFile:
    """The file of one site."""

    def __init__(self, app: Flask) -> None:
        self._database = services_of(app).get(Database)
        self.path = services_of(app).get(Settings).instance / FILE
        self._open: dict[Path, int] = {}
        # It does nothing but checkpoints, and so never has a page in memory that was replaced.
        self._connection: sqlite3.Connection | None = None
        finalize(self, close_all, self._open)

    @property
    def is_written(self) -> bool:
        """Whether anything was committed since ``content`` or ``replace``."""
        log = beside(self.path, "wal")
        return log.exists() and log.stat().st_size > 0

    def content(self) -> bytes:
        """All that is committed."""
        if not self._checkpoint():
            self.close()
        return self.current()

    def current(self) -> bytes:
        """The file, without what is in the log."""
        file = self._descriptor(self.path)
        return os.pread(file, os.fstat(file).st_size, 0)

    def replace(self, content: bytes) -> None:
        """Write another content, which each connection finds in its next transaction.

        Raises:
            ConnectionOpen: where that cannot be.
        """
        if not self._checkpoint():
            self._close_last()
        current = self.current()
        if current == content:
            return
        if current[SCHEMA] != content[SCHEMA] or not self._fits(content):
            self._close_last()
        file = self._descriptor(self.path)
        os.pwrite(file, content, 0)
        os.truncate(file, len(content))
        # With it the connections find that the WAL index has changed, and read their pages anew.
        assert self._checkpoint()

    def close(self) -> None:
        """All connections, of the site too."""
        self._database.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        close_all(self._open)

    def _close_last(self) -> None:
        self.close()
        if beside(self.path, "wal").exists():
            raise ConnectionOpen

    def _checkpoint(self) -> bool:
        """Bring everything from the log into the file, and begin the log anew; not where somebody reads or writes."""
        self._descriptor(self.path)
        if not beside(self.path, "wal").exists():
            return True
        if self._connection is None:
            self._connection = sqlite3.connect(self.path, timeout=0, check_same_thread=False)
        try:
            ((is_busy, *_),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            return False
        return not is_busy

    def _fits(self, content: bytes) -> bool:
        """Whether the WAL index has as many pages, or few more; where nothing was committed, the file's size counts."""
        index = beside(self.path, "shm")
        if not index.exists():
            return True
        known = int.from_bytes(os.pread(self._descriptor(index), 4, PAGES_AT_COMMIT), "little")
        return known == 0 or 0 <= known - int.from_bytes(content[PAGES], "big") <= MORE_PAGES

    def _descriptor(self, path: Path) -> int:
        if path in self._open and os.fstat(self._open[path]).st_ino != path.stat().st_ino:
            self.close()
        if path not in self._open:
            self._open[path] = os.open(path, os.O_RDWR)
        return self._open[path]


files: WeakKeyDictionary[Flask, DatabaseFile] = WeakKeyDictionary()


def file_of(app: Flask) -> DatabaseFile:
    if app not in files:
        files[app] = DatabaseFile(app)
    return files[app]


def beside(path: Path, kind: str) -> Path:
    return path.with_name(f"{path.name}-{kind}")


def close_all(descriptors: dict[Path, int]) -> None:
    while descriptors:
        os.close(descriptors.popitem()[1])
