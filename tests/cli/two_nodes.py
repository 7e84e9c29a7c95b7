"""Two nodes with instance folders of their own behind nginx: one PostgreSQL, one Valkey, one secret key."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.cli.serving import UNUSED, Server, serving, start
from tests.journeys import nginx
from tests.journeys.mail_server import MailServer, listening
from tests.ports import free_port
from tests.secret_keys import OTHER
from tests.valkey import ValkeyServer, valkey_server

PASSWORD = "umbrella otter lantern"
HOST = "localhost:8000"
PROXIED = """
proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
"""
BALANCER = """
upstream nodes {{ {servers} }}
server {{
  listen 127.0.0.1:{port};
  location / {{ proxy_pass http://nodes; add_header X-Node $upstream_addr always; }}
}}
"""
"""Requests are spread in turn, whoever sends them."""


@dataclass
class Nodes:
    a: Server
    b: Server
    url: str
    """Of nginx, which sends each request to the next of both."""
    mail_server: MailServer
    valkey: ValkeyServer
    first_keys: tuple[list[str], list[str]]
    """Ids of the keys that each of them published at the start."""

    @property
    def settings(self) -> dict[str, str]:
        return self.a.settings


@contextmanager
def two_nodes(folder: Path, database_url: str) -> Iterator[Nodes]:
    """Both are started at once, on an empty database; requests reach them under one URL."""
    with listening() as mail_server, valkey_server(folder) as valkey:
        shared = {
            "WEBAPP_DATABASE_URL": database_url,
            "WEBAPP_VALKEY_URL": valkey.url,
            "WEBAPP_SECRET_KEY": OTHER,
            "WEBAPP_BASE_URL": f"http://{HOST}",
            "WEBAPP_TRUSTED_PROXIES": "127.0.0.1",
            "WEBAPP_SMTP_URL": mail_server.url,
            "WEBAPP_BLUEPRINTS": "tests.cli.short_valkey_timeouts:bp",
        }
        with serving(*(start(folder / name, **shared) for name in "ab")) as (a, b), balancing(folder, [a, b]) as url:
            yield Nodes(a, b, url, mail_server, valkey, (kids(a.url), kids(b.url)))


@contextmanager
def balancing(folder: Path, servers: Sequence[Server]) -> Iterator[str]:
    """nginx in front of the servers, without stickiness; its URL."""
    port, log = free_port(), folder / "error.log"
    upstream = " ".join(f"server {server.settings['WEBAPP_BIND']};" for server in servers)
    site = BALANCER.format(servers=upstream, port=port)
    (folder / "nginx.conf").write_text(nginx.CONFIGURATION.format(tls="", proxied=PROXIED, servers=site))
    process = subprocess.Popen([nginx.program(), "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"])
    try:
        nginx.wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(nginx.PATIENCE)


@contextmanager
def client(url: str, **headers: str) -> Iterator[httpx.Client]:
    """A client that reaches a machine, or nginx, under the URL of the site."""
    sent = {"Host": HOST, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"} | headers
    with httpx.Client(base_url=url, headers=sent, timeout=20, verify=UNUSED) as client:
        yield client


def status(url: str, **headers: str) -> int:
    with client(url, **headers) as asked:
        return asked.get("/protected").status_code


def log_in(url: str, name: str) -> str:
    """The cookies of a browser."""
    with client(url) as browser:
        token = browser.get("/login").json()["csrf_token"]
        cookies = dict(browser.cookies.items())
        fields = {"username": name, "password": PASSWORD, "csrf_token": token}
        answer = browser.post("/login", data=fields, headers={"Cookie": joined(cookies), "Accept": "text/html"})
        assert answer.status_code == 303, answer.text
        cookies |= dict(answer.cookies.items())
    return joined(cookies)


def joined(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def tokens_at(url: str, name: str, password: str = PASSWORD) -> httpx.Response:
    with client(url) as script:
        return script.post("/api/auth", json={"username": name, "password": password})


def token_at(url: str, name: str) -> str:
    token: str = tokens_at(url, name).json()["access_token"]
    return token


def kids(url: str) -> list[str]:
    with client(url) as asked:
        return [key["kid"] for key in asked.get("/.well-known/jwks.json").json()["keys"]]


def seconds_until(is_so: Callable[[], bool], most: float = 30) -> float:
    begun = time.monotonic()
    while not is_so() and time.monotonic() - begun < most:
        time.sleep(0.05)
    return time.monotonic() - begun


def third(folder: Path, nodes: Nodes) -> Server:
    """One more machine of the same site, which is starting."""
    own = {"WEBAPP_INSTANCE", "WEBAPP_BIND"}
    return start(folder / "instance", **{name: value for name, value in nodes.settings.items() if name not in own})


def kill(server: Server) -> None:
    """End all its processes at once, as a power cut does."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    for pid in (server.process.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    server.stop()
