"""The program as it really runs: in processes of its own, on a free port, ended by their id."""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
    process: subprocess.Popen[bytes]
    url: str
    settings: dict[str, str]
    folder: Path
    """Of its output, until it has stopped."""
    output: dict[str, str] = field(default_factory=dict, init=False)
    """After it has stopped."""

    @property
    def said(self) -> str:
        """Its standard output so far."""
        return self.output_so_far()["said"]

    @property
    def complained(self) -> str:
        """What it has written to standard error so far."""
        return self.output_so_far()["complained"]

    @property
    def host(self) -> str:
        """For the header of requests that do not come through its proxy."""
        return urlsplit(self.settings.get("WEBAPP_BASE_URL", self.url)).netloc

    def output_so_far(self) -> dict[str, str]:
        return self.output or {name: (self.folder / name).read_text() for name in ("said", "complained")}

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

    def eventually(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, self.complained
            time.sleep(0.05)

    def stop(self) -> int:
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        if not self.output:
            self.output = self.output_so_far()
            shutil.rmtree(self.folder)
        return self.process.returncode


def get(url: str, **more: Any) -> httpx.Response:
    """On a connection of its own."""
    return httpx.get(url, timeout=20, verify=UNUSED, **more)


def start(instance: Path, *options: str, **settings: str) -> Server:
    """With one worker, where the settings do not say otherwise: each takes seconds to start."""
    bind = f"127.0.0.1:{free_port()}"
    said = {"WEBAPP_INSTANCE": str(instance), "WEBAPP_BIND": bind, "WEBAPP_WORKERS": "1"} | settings
    return launch([sys.executable, "-m", "webapp", "serve", *options], default_url(bind), said)


def launch(command: Sequence[str | Path], url: str, settings: dict[str, str], *, cwd: Path = ROOT) -> Server:
    """Any other server. Its output goes into files: pipes would fill up, and block it."""
    folder = Path(tempfile.mkdtemp(prefix="served"))
    with (folder / "said").open("wb") as said, (folder / "complained").open("wb") as complained:
        process = subprocess.Popen(command, cwd=cwd, env=bare_environ() | settings, stdout=said, stderr=complained)
    return Server(process, url, settings, folder)


@contextmanager
def serving(*servers: Server) -> Iterator[list[Server]]:
    """Waits for each, and ends them all, whatever happens between."""
    try:
        yield [server.ready() for server in servers]
    finally:
        for server in servers:
            server.stop()


def bare_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
