"""A key ring in a database, as each of several processes has it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from webapp.core.db import Base, Database
from webapp.core.key_table import KeyTable
from webapp.core.models import SecretKeyMark, StoredKeys
from webapp.core.table_ring import TableRing
from webapp.settings import Settings

SECRET = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"
DAY = timedelta(days=1)


class ProcessRing:
    """A ring with transactions and a connection of its own, which looks at the table each time it is used."""

    def __init__(self, database: Database, settings: Settings, algorithm: str) -> None:
        self.database, self.table = database, KeyTable(database, settings)
        self.ring = TableRing(self.table, algorithm=algorithm, overlap=DAY)
        self.written("ensure")

    def written(self, method: str, *given: Any, **more: Any) -> Any:
        with self.database.write() as db:
            return getattr(self.ring, method)(db, *given, **more)

    def rotate(self, *given: Any, **more: Any) -> Any:
        return self.written("rotate", *given, **more)

    def replace(self) -> Any:
        return self.written("replace")

    def retire(self, kid: str) -> None:
        self.written("retire", kid)

    def stored(self) -> str | None:
        """What the database holds, decrypted."""
        with self.database.write() as db:
            return self.table.stored(db, "signing_keys")

    def __getattr__(self, name: str) -> Any:
        self.table.look_again()
        return getattr(self.ring, name)


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Callable[..., ProcessRing]]:
    """Makes rings on one database."""
    with ExitStack() as stack:

        def make(algorithm: str = "ES256", secret_key: str = SECRET, **settings: Any) -> ProcessRing:
            database = stack.enter_context(closing(Database(f"sqlite:///{tmp_path / 'keys.db'}")))
            tables: Any = [StoredKeys.__table__, SecretKeyMark.__table__]
            Base.metadata.create_all(database.engine, tables)
            return ProcessRing(database, Settings(instance=tmp_path, secret_key=secret_key, **settings), algorithm)

        yield make
