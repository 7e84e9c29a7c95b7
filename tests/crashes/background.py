"""A script that goes on writing while a server is killed, and remembers all that was acknowledged."""

import threading
from types import TracebackType

import httpx

from tests import factories
from tests.crashes.sites import CrashSite
from tests.factories import PASSWORD

OFTEN = 40
"""Refreshes of one login: more in ten minutes are refused."""


class BackgroundScript:
    """Refreshes its login and revokes the former access token, again and again; ``with`` runs it in a thread.

    After a crash it sends again what was not answered, as a client does.
    """

    def __init__(self, site: CrashSite) -> None:
        self.site, self.user = site, factories.user(site.app)
        self.access = self.refresh = ""
        self.revoked: list[str] = []
        self.failure: BaseException | None = None
        self.log_in()

    def __enter__(self) -> None:
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self.thread.join()
        if self.failure is not None:
            raise self.failure

    def run(self) -> None:
        with self.site.client() as client:
            try:
                while not self.stopped.is_set() and self.refreshes < OFTEN:
                    self.write(client)
            except httpx.TransportError:
                pass
            except BaseException as error:
                self.failure = error

    def write(self, client: httpx.Client) -> None:
        former = self.access
        self.renew(client)
        assert client.post("/api/auth/revoke", json={"token": former}).status_code == 200
        self.revoked.append(former)

    def log_in(self) -> None:
        with self.site.client() as client:
            self.take(client.post("/api/auth", json={"username": self.user.username, "password": PASSWORD}))
        self.refreshes = 0

    def renew(self, client: httpx.Client) -> None:
        self.take(client.post("/api/auth/refresh", json={"refresh_token": self.refresh}))
        self.refreshes += 1

    def take(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        self.access, self.refresh = answer.json()["access_token"], answer.json()["refresh_token"]

    def check(self) -> None:
        """What was revoked last is refused, and what was acknowledged last can be used."""
        self.check_refused(self.revoked[-3:])
        with self.site.client() as client:
            self.renew(client)
        if self.refreshes >= OFTEN:
            self.log_in()

    def check_refused(self, tokens: list[str]) -> None:
        with self.site.client() as client:
            answers = [client.get("/protected", headers={"Authorization": f"Bearer {token}"}) for token in tokens]
        assert [answer.status_code for answer in answers] == [401] * len(tokens)
