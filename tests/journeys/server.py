"""The site as it is really served: granian, on loopback; and Chromium in front of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests import forked_servers
from tests.factories import HASHED
from tests.ports import free_port
from tests.served_session import session_headers
from webapp.accounts.registration import NewUser, add
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.testing import api_token, user_named

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90
ONE_WORKER = {"WEBAPP_WORKERS": "1"}
"""For tests that do not need two: each takes seconds to start."""
# The first takes a third less processor time for the same pages.
BROWSERS = "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next((path for name in BROWSERS if (path := shutil.which(name))), None)
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


@dataclass
class ServedSite:
    url: str
    instance: Path
    environ: dict[str, str]
    log: Path
    pid: int = 0
    """Of its main process."""

    def wait(self, is_alive: Callable[[], bool], *conditions: Callable[[], bool]) -> None:
        """Until it is ready and the conditions are met."""
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE and is_alive():
            if is_ready(self.url) and all(condition() for condition in conditions):
                return
            time.sleep(0.05)
        raise AssertionError(f"it does not serve:\n{self.log.read_text()}")

    @property
    def setup_link(self) -> str:
        """Printed after the first answer, so it may come a little later than that."""
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            if link := re.search(r"(http\S+/setup/\S+)\n", self.log.read_text()):
                return link[1]
            time.sleep(0.05)
        raise AssertionError(f"no setup link:\n{self.log.read_text()}")

    @property
    def settings(self) -> Settings:
        return Settings.from_env({name: value for name, value in self.environ.items() if name.startswith("WEBAPP_")})

    def add_user(self, name: str, role: str = "user", email: str | None = None) -> None:
        """As the command does, whose start would take seconds; the password is ``PASSWORD``."""
        database = Database(self.settings.database)
        email = email or f"{name}@example.org"
        new = NewUser(username=name, email=email, password_hash=HASHED, role=role)
        with database.write() as db:
            add(db, new, origin="test")
        database.close()

    def api_token(self, name: str, scope: str = "protected:read") -> str:
        """As the command mints it, likewise."""
        app = create_app(self.settings)
        try:
            return api_token(app, user_named(app, name), scope).token
        finally:
            close(app)

    def begin_session(self, browser: BrowserContext, name: str) -> None:
        """As after a login with the password a moment ago, whose two pages would take most of a second."""
        app = create_app(self.settings)
        try:
            cookie, _, value = session_headers(app, user_named(app, name))["Cookie"].partition("=")
        finally:
            close(app)
        browser.add_cookies([{"name": cookie, "value": value, "url": self.url, "httpOnly": True, "sameSite": "Lax"}])

    def command(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """One of the operator's commands, beside the running server."""
        return subprocess.run(
            [sys.executable, "-m", "webapp", *arguments],
            cwd=ROOT,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[ServedSite]:
    """The site by ``serve``, which takes seconds to start."""
    site = prepared(folder, "localhost", settings)
    with site.log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp", "serve"], cwd=ROOT, env=site.environ, stdout=output, stderr=output
        )
    site.pid = process.pid
    try:
        # It says so right after its own first request.
        site.wait(lambda: process.poll() is None, lambda: "is running at" in site.log.read_text())
        yield site
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


@contextmanager
def forked(folder: Path, *, host: str = "localhost", **settings: str) -> Iterator[ServedSite]:
    """The site by a worker of ``serve`` that is there at once.

    Args:
        host: another one for a second site, as all ports of one host share their cookies.
    """
    site = prepared(folder, host, settings)
    site.pid = forked_servers.shared().start(site.environ, site.log)
    try:
        site.wait(lambda: Path(f"/proc/{site.pid}").exists())
        yield site
    finally:
        with suppress(ProcessLookupError):
            os.kill(site.pid, signal.SIGKILL)


def prepared(folder: Path, host: str, settings: dict[str, str]) -> ServedSite:
    port = free_port()
    url = f"http://{host}:{port}"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")} | {
        "WEBAPP_INSTANCE": str(folder / "instance"),
        "WEBAPP_BIND": f"127.0.0.1:{port}",
        "WEBAPP_BASE_URL": url,
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    # Faster than the first start does it; that is a test of its own.
    schema.upgrade(CommandContext(environ).settings)
    return ServedSite(url, folder / "instance", environ, folder / "log")


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
