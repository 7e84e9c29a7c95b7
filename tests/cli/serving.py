"""The program as it really runs: in processes of its own, on a free port, ended by their id."""

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.ports import free_port
from webapp.settings.urls import default_url

ROOT = Path(__file__).resolve().parents[2]
# Nothing here is encrypted, and httpx would read all the certificates there are for each request.
UNUSED = ssl.create_default_context()
PATIENCE = 240
"""Seconds; a machine may be busy, and the first start makes the tables."""


@dataclass
class Server:
    process: subprocess.Popen[str]
    url: str
    settings: dict[str, str]
    said: str = field(default="", init=False)
    complained: str = field(default="", init=False)

    def ready(self) -> "Server":
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if get(f"{self.url}/healthz").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError(self.complained)

    def open(self, path: str, token: str | None = None) -> httpx.Response:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return get(self.url + path, headers=headers)

    def stop(self) -> int:
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        said, complained = self.process.communicate(timeout=30)
        self.said, self.complained = self.said + said, self.complained + complained
        return self.process.returncode


def get(url: str, **more: Any) -> httpx.Response:
    """On a connection of its own."""
    return httpx.get(url, timeout=20, verify=UNUSED, **more)


def start(instance: Path, *options: str, **settings: str) -> Server:
    """With one worker, where the settings do not say otherwise: each takes seconds to start."""
    bind = f"127.0.0.1:{free_port()}"
    said = {"WEBAPP_INSTANCE": str(instance), "WEBAPP_BIND": bind, "WEBAPP_WORKERS": "1"} | settings
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp", "serve", *options],
        cwd=ROOT,
        env=bare_environ() | said,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Server(process, default_url(bind), said)


@contextmanager
def serving(*servers: Server) -> Iterator[list[Server]]:
    """Waits for each, and ends them all, whatever happens between."""
    try:
        yield [server.ready() for server in servers]
    finally:
        for server in servers:
            if server.process.poll() is None:
                server.stop()


def bare_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
