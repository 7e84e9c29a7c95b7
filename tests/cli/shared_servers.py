"""Servers that several files of tests share, because each worker takes seconds to start."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli.serving import Server, get, serving, start
from tests.instance_copies import copied
from tests.ports import free_port
from tests.valkey import NOBODY
from webapp.cli.worker_start import DEBUG

QUICK = {"WEBAPP_BODY_TIMEOUT": "3s", "WEBAPP_HEADER_TIMEOUT": "3s"}
FEW = {"WEBAPP_WORKERS": "2", "WEBAPP_THREADS": "16", "WEBAPP_CONNECTIONS": "400"}
# Nobody needs Valkey but those who test what is counted without it.
ELSEWHERE = {"WEBAPP_TRUSTED_PROXIES": "127.0.0.1", "WEBAPP_VALKEY_URL": NOBODY}


def start_two_workers(instance: Path) -> Server:
    metrics = f"127.0.0.1:{free_port()}"
    return start(instance, **QUICK, **FEW, **ELSEWHERE, WEBAPP_METRICS_BIND=metrics)


def proxied_site(migrated: Path) -> Iterator[Server]:
    """A server for tests with ``xdist_group("proxied_site")``.

    It has one worker, for requests through proxies at the port of its base URL, and for others at ``url``."""
    settings = {
        "WEBAPP_BASE_URL": f"https://localhost:{free_port()}",
        "WEBAPP_TRUSTED_PROXIES": "127.0.0.1",
        "WEBAPP_BODY_TIMEOUT": "1s",
        "WEBAPP_CONNECTIONS": "64",
        "WEBAPP_ACCESS_LOG": "true",
        "WEBAPP_BLUEPRINTS": "tests.cli.failing:bp",
        # Of no effect: only --debug turns it on.
        DEBUG: "1",
    }
    with copied(migrated) as instance, serving(start(instance, **settings)) as (server,):
        yield server


@dataclass
class Replaced:
    hung: int
    other: int
    now: list[int]
    """Workers afterwards."""
    metrics: tuple[str, str]
    """Before, after ``REQUESTS`` to ``/public``; and afterwards."""


REQUESTS = 30
NO_ANSWER = 0.5
"""Seconds that are enough where a buffering proxy is expected, which answers nothing however long one waits."""


def replaced(server: Server) -> Replaced:
    for _ in range(REQUESTS):
        get(f"{server.url}/public", headers={"Accept": "application/json"})
    before = metrics_of(server)
    hung, other = workers_of(server)
    os.kill(hung, signal.SIGSTOP)
    server.eventually(lambda: hung not in workers_of(server) and len(workers_of(server)) == 2)
    server.ready()
    return Replaced(hung, other, workers_of(server), (before, metrics_of(server)))


def metrics_of(server: Server) -> str:
    return get(f"http://{server.settings['WEBAPP_METRICS_BIND']}/metrics").text


def workers_of(server: Server) -> list[int]:
    """Those processes it has started that serve; the other one keeps account of shared memory."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
