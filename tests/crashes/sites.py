"""A site whose server is killed and started again, on SQLite or PostgreSQL."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from sqlalchemy import func, text
from sqlalchemy import select as query
from sqlalchemy.orm import Session

from tests.cli.serving import UNUSED
from tests.crashes.crash_points import FILE, HEADER
from tests.journeys.mail_server import MailServer
from tests.ports import free_port
from webapp.accounts.models import User
from webapp.audit import chain
from webapp.audit.log import Event
from webapp.audit.models import AuditEvent
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.db import Database
from webapp.testing import build
from webapp.web.registry import services_of

PATIENCE = 60
SETTINGS = {
    "WEBAPP_BLUEPRINTS": "tests.crashes.crash_points:bp",
    "WEBAPP_LOG_LEVEL": "error",
    "WEBAPP_REGISTRATION": "open",
    "WEBAPP_TRUSTED_PROXIES": "127.0.0.1",
}
networks = count(1)


@dataclass
class CrashSite:
    settings: dict[str, str]
    mail_server: MailServer
    run: Callable[[dict[str, str]], int]
    """Starts a server; its process ID."""
    app: Flask = field(init=False)
    pid: int = field(init=False)
    end: int = field(init=False)
    """File descriptor that can be read once the server has ended."""

    def __post_init__(self) -> None:
        own = {name: value for name, value in self.settings.items() if name not in (FILE, "WEBAPP_BLUEPRINTS")}
        schema.upgrade(CommandContext(own).settings)
        self.app = build(Path(own.pop("WEBAPP_INSTANCE")), **own)

    @property
    def database(self) -> Database:
        return services_of(self.app).get(Database)

    def start(self) -> None:
        self.pid = self.run(self.settings)
        self.end = os.pidfd_open(self.pid)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self.client() as client:
                    assert client.get("/healthz").status_code == 200
                return
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.005)

    @contextmanager
    def client(self, **headers: str) -> Iterator[httpx.Client]:
        """A client from a network of its own, so that no limit is shared."""
        number = next(networks)
        sent = {"X-Forwarded-For": f"10.{number // 250 % 250}.{number % 250}.7", "Accept": "application/json"}
        url = f"http://{self.settings['WEBAPP_BIND']}"
        with httpx.Client(base_url=url, headers=sent | headers, timeout=PATIENCE, verify=UNUSED) as client:
            yield client

    def wait_for_end(self) -> None:
        assert select.select([self.end], [], [], PATIENCE)[0], "it lives on"
        os.close(self.end)

    def kill(self) -> None:
        signal.pidfd_send_signal(self.end, signal.SIGKILL)
        self.wait_for_end()

    def places(self) -> list[str]:
        """Those that were reached since the last call, in their order."""
        found = self.places_so_far()
        Path(self.settings[FILE]).unlink(missing_ok=True)
        return found

    def places_so_far(self) -> list[str]:
        file = Path(self.settings[FILE])
        return file.read_text().splitlines() if file.exists() else []

    def eventually(self, is_so: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while not (found := is_so()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return found

    def read(self, ask: Callable[[Session], Any]) -> Any:
        with self.database.read() as db:
            return ask(db)

    def events(self, user: User, event: Event) -> int:
        counted = query(func.count()).select_from(AuditEvent)
        found: int = self.read(
            lambda db: db.scalar(counted.where(AuditEvent.user_id == user.id, AuditEvent.event == event))
        )
        return found

    def check_integrity(self) -> None:
        with self.database.read() as db:
            assert chain.verify(db).broken_at is None
            if db.get_bind().dialect.name == "sqlite":
                assert db.scalar(text("PRAGMA integrity_check")) == "ok"
                assert db.execute(text("PRAGMA foreign_key_check")).all() == []


def settings_for(folder: Path, mail_server: MailServer, **more: str) -> dict[str, str]:
    bind = f"127.0.0.1:{free_port()}"
    named = {"WEBAPP_INSTANCE": str(folder / "instance"), "WEBAPP_BIND": bind, "WEBAPP_BASE_URL": f"http://{bind}"}
    return SETTINGS | named | {"WEBAPP_SMTP_URL": mail_server.url, FILE: str(folder / "places")} | more


def at(place: int) -> dict[str, str]:
    return {HEADER: str(place)}
