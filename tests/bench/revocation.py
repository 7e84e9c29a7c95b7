"""Whether a revocation at one machine is seen by the very next request at another: none may be let in.

Two servers with instance folders of their own share one PostgreSQL. Each credential is accepted at one of them, so that
all that is remembered there is; it is revoked at the other, and then shown to the first again.

Part of ``make bench``; alone: ``python -m tests.bench.revocation [REVOCATIONS]``.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import Flask

from tests import factories
from tests.cli.serving import serving, start
from tests.cli.two_nodes import HOST
from tests.journeys.postgresql import served
from tests.secret_keys import OTHER
from tests.served_session import session_headers
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.settings import Settings

TRIES = 10_000
CALM = {"WEBAPP_LOG_LEVEL": "error", "WEBAPP_BASE_URL": f"http://{HOST}", "WEBAPP_SECRET_KEY": OTHER}
Headers = dict[str, str]


class Machine:
    """A server, on a connection that is kept."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=30)

    def send(self, method: str, path: str, headers: Headers, body: dict[str, Any] | None = None) -> int:
        """The status of the answer."""
        sent = {"Host": HOST, "Content-Type": "application/json"} | headers
        self.connection.request(method, path, None if body is None else msgspec.json.encode(body), sent)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def lets_in(self, credential: Headers) -> bool:
        status = self.send("GET", "/protected", credential)
        if status not in (200, 401):
            raise SystemExit(f"/protected: {status}")
        return status == 200


@dataclass
class Revocation:
    credentials: list[Headers]
    """What it ends."""
    path: str
    by: Headers
    body: dict[str, Any]


class Site:
    """Makes credentials directly in the database, which is much faster than logging in."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.owner, admin = factories.user(app), factories.user(app, role="admin")
        self.browser = session_headers(app, self.owner)
        self.admin = bearer(factories.api_token(app, admin, "admin:write").token)

    def revoked_by_holder(self) -> Revocation:
        token = factories.api_token(self.app, self.owner, "protected:read").token
        return Revocation([bearer(token)], "/api/auth/revoke", {}, {"token": token})

    def revoked_by_owner(self) -> Revocation:
        issued = factories.api_token(self.app, self.owner, "protected:read")
        return Revocation([bearer(issued.token)], f"/tokens/{issued.entry.id}/revoke", self.browser, {})

    def logged_out(self) -> Revocation:
        browser = session_headers(self.app, self.owner)
        return Revocation([browser], "/logout", browser, {})

    def everything_ended(self) -> Revocation:
        token, browser = self.credentials_of(factories.user(self.app))
        return Revocation([token, browser], "/account/security/end-everything", browser, {"also_this": True})

    def disabled(self) -> Revocation:
        user = factories.user(self.app)
        path = f"/admin/users/{user.id}/disable"
        return Revocation([*self.credentials_of(user)], path, self.admin, {"reason": "benchmark"})

    def credentials_of(self, user: User) -> tuple[Headers, Headers]:
        return bearer(factories.api_token(self.app, user, "protected:read").token), session_headers(self.app, user)


KINDS: dict[str, tuple[int, Callable[[Site], Revocation]]] = {
    "token revoked by whoever holds it": (4, Site.revoked_by_holder),
    "token revoked by its owner": (2, Site.revoked_by_owner),
    "session ended by logging out": (2, Site.logged_out),
    "everything ended by the user": (1, Site.everything_ended),
    "user disabled by an admin": (1, Site.disabled),
}
"""Each with its share of ten."""


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def let_in(revocation: Revocation, here: Machine, there: Machine) -> int:
    """How many of its credentials ``there`` accepted right after ``here`` had acknowledged the revocation."""
    if not all(there.lets_in(credential) for credential in revocation.credentials):
        raise SystemExit(f"{revocation.path}: a credential was refused before it was revoked")
    if (status := here.send("POST", revocation.path, revocation.by, revocation.body)) >= 400:
        raise SystemExit(f"{revocation.path}: {status}")
    return sum(there.lets_in(credential) for credential in revocation.credentials)


def measure(site: Site, machines: tuple[Machine, Machine], tries: int) -> dict[str, Counter[str]]:
    """For each kind: revocations, requests right after one, and how many of these were let in."""
    order = [name for name, (share, _make) in KINDS.items() for _ in range(share)]
    found, begun = {name: Counter[str]() for name in KINDS}, time.monotonic()
    for number, name in enumerate(islice(cycle(order), tries)):
        revocation = KINDS[name][1](site)
        here, there = machines if number % 2 else machines[::-1]
        found[name].update(revocations=1, requests=len(revocation.credentials), let_in=let_in(revocation, here, there))
        if (number + 1) % 1000 == 0:
            print(f"... {number + 1} revocations in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return found


def main() -> int:
    tries = int(sys.argv[1]) if sys.argv[1:] else TRIES
    with tempfile.TemporaryDirectory() as folder, served() as databases:
        shared = CALM | {"WEBAPP_DATABASE_URL": databases("revocations")}
        with serving(*(start(Path(folder, name), **shared) for name in "ab")) as (a, b):
            app = create_app(Settings.from_env(a.settings))
            found = measure(Site(app), (Machine(a.url), Machine(b.url)), tries)
            close(app)
    print(f"{'revoked at one machine, shown to another':<42}{'revoked':>9}{'requests':>10}{'let in':>8}")
    total = sum(found.values(), Counter[str]())
    for name, counted in (found | {"all": total}).items():
        print(f"{name:<42}{counted['revocations']:>9}{counted['requests']:>10}{counted['let_in']:>8}")
    return 1 if total["let_in"] else 0


if __name__ == "__main__":
    sys.exit(main())
