"""Memory of a server after every page was opened and an app logged its user in: ``python -m tests.bench.memory``.

Proportional set size (PSS): a page of memory that several processes share counts in equal parts for each.
"""

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from tests import factories, secret_keys
from tests.browser import HTML
from tests.cli.serving import UNUSED, Server, serving, start
from tests.cli.two_nodes import seconds_until
from tests.oauth.app import App, registered
from tests.oauth.peers import Visitor
from webapp.app import close
from webapp.core.allocator import INTERVAL
from webapp.testing import build

LIMIT = 275.0
"""MiB for two workers with all they have started, a tenth more than was measured."""
NO_PAGES = "logout", "events"


class Site:
    """A site with an admin and an app; it is closed before it is served."""

    def __init__(self, instance: Path) -> None:
        app = build(instance)
        factories.user(app, "ada", role="admin")
        self.app: App = registered(app, scopes=["protected:read"])
        rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
        self.paths = sorted({rule.rule for rule in rules if not any(word in rule.rule for word in NO_PAGES)})
        close(app)

    def use(self, server: Server) -> None:
        """Each request has a connection of its own, so that all workers get some."""
        visitor = Visitor(server.url)
        for _ in range(2):
            self.redeem(server, parse_qs(urlsplit(visitor.open(server.url + self.app.url())).query)["code"][0])
        for path in self.paths:
            found = self.get(server, path, cookies=dict(visitor.client.cookies), headers={"Accept": HTML})
            assert found.status_code < 500, path
        login = {"username": "ada", "password": factories.PASSWORD}
        answer = httpx.post(f"{server.url}/api/auth", json=login, verify=UNUSED)
        token = answer.raise_for_status().json()["access_token"]
        for _ in range(10):
            self.get(server, "/protected", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        visitor.close()

    def get(
        self, server: Server, path: str, *, cookies: dict[str, str] | None = None, **more: object
    ) -> httpx.Response:
        with httpx.Client(verify=UNUSED, timeout=60, cookies=cookies) as client:
            return client.get(server.url + path, **more)  # type: ignore[arg-type]

    def redeem(self, server: Server, code: str) -> None:
        given = {"code": code, "redirect_uri": self.app.redirect_uri, "code_verifier": self.app.verifier}
        auth = (self.app.client_id, self.app.secret or "")
        sent = {"grant_type": "authorization_code"} | given
        answer = httpx.post(f"{server.url}/oauth/token", auth=auth, data=sent, verify=UNUSED)
        assert answer.status_code == 200, answer.text


def processes(pid: int) -> list[int]:
    """A process and all that it started, with what these started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [pid, *(each for child in children for each in processes(child))]


def memory(pids: Sequence[int]) -> float:
    """PSS in MiB."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(kib) for text in rollups for kib in re.findall(r"(?m)^Pss:\s+(\d+)", text)) / 1024


def used(server: Server, site: Site, limit: float, *, rounds: int = 1) -> list[float]:
    """MiB of each process after the requests, as soon as their sum is below ``limit`` or unused memory is returned."""
    for _ in range(rounds):
        site.use(server)
    pid = server.process.pid
    seconds_until(lambda: memory(processes(pid)) <= limit, most=INTERVAL + 2)
    return [memory([each]) for each in processes(pid)]


def main() -> int:
    sums = []
    for workers in ("1", "2", "4"):
        with tempfile.TemporaryDirectory() as folder:
            secret_keys.new_site(instance := Path(folder, "instance"))
            site = Site(instance)
            with serving(start(instance, WEBAPP_WORKERS=workers)) as (server,):
                each = used(server, site, 0.0, rounds=2)
        sums.append(sum(each))
        print(f"{workers} workers: {sum(each):.0f} MiB, of each process {', '.join(f'{one:.0f}' for one in each)}")
    return 0 if sums[1] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
