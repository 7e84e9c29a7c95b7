"""Write: a request during which a server is killed; what it has changed then, and what its client does afterwards."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

import httpx
from sqlalchemy import func, select

from tests import factories
from tests.crashes.sites import CrashSite
from tests.served_session import session_headers
from webapp.accounts.models import User
from webapp.audit.log import Event
from webapp.core.clock import now
from webapp.credentials.models import Credential

Headers = dict[str, str]
WHY = {"reason": "a test of crashes"}


class Sending:
    response: httpx.Response | None = None


class Write(ABC):
    """A request that changes something of a user of its own."""

    event: ClassVar[Event]
    """Recorded once if it is done, else not at all."""
    path = ""
    when_repeated: ClassVar[int | None] = None
    """The status for a client that sends it once more although it was done; None for the same as the first time."""

    def __init__(self, site: CrashSite) -> None:
        self.site = site
        self.user = factories.user(site.app)
        self.prepare()

    def prepare(self) -> None:  # noqa: B027 - not all need anything
        """Make what the request needs."""

    @property
    def headers(self) -> Headers:
        return {}

    @property
    def body(self) -> dict[str, Any]:
        return {}

    def send(self, **headers: str) -> httpx.Response | None:
        """The response, or None if the server ended before it."""
        with self.site.client(**self.headers | headers) as client:
            try:
                return self.request(client)
            except httpx.TransportError:
                return None

    @contextmanager
    def in_thread(self) -> Iterator["Sending"]:
        """Send it meanwhile."""
        sending = Sending()
        thread = threading.Thread(target=lambda: setattr(sending, "response", self.send()))
        thread.start()
        yield sending
        thread.join()

    def request(self, client: httpx.Client) -> httpx.Response:
        return client.post(self.path, json=self.body)

    @abstractmethod
    def is_done(self, response: httpx.Response | None) -> bool:
        """Whether the database holds the change; all of what a response promised holds too."""

    def stored(self) -> User:
        found: User = self.site.read(lambda db: db.get(User, self.user.id))
        return found

    def credential(self, credential_id: UUID) -> Credential:
        found: Credential = self.site.read(lambda db: db.get_one(Credential, credential_id))
        return found

    def live(self, kind: str) -> int:
        is_live = Credential.user_id == self.user.id, Credential.kind == kind, Credential.revoked_at.is_(None)
        found: int = self.site.read(
            lambda db: db.scalar(
                select(func.count()).select_from(Credential).where(*is_live, Credential.expires_at > now())
            )
        )
        return found

    def opens(self, headers: Headers) -> bool:
        with self.site.client(**headers) as client:
            return client.get("/protected").status_code == 200

    def check(self, response: httpx.Response | None) -> bool:
        """After the crash. Returns whether the change was made."""
        if response is not None:
            assert response.status_code < 400, response.text
        is_done = self.is_done(response)
        assert is_done or response is None, "acknowledged, and not there"
        assert self.site.events(self.user, self.event) == is_done
        return is_done

    def repeat(self, was_done: bool) -> None:
        """What a client does that had no answer."""
        response = self.send()
        assert response is not None
        if was_done and self.when_repeated is not None:
            assert response.status_code == self.when_repeated, response.text
        else:
            assert response.status_code < 400, response.text
            assert self.is_done(response)


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


class ByOwner(Write):
    """From a browser of the user."""

    browser: Headers

    def prepare(self) -> None:
        self.browser = session_headers(self.site.app, self.user)

    @property
    def headers(self) -> Headers:
        return self.browser


class WithToken(ByOwner):
    def prepare(self) -> None:
        super().prepare()
        issued = factories.api_token(self.site.app, self.user, "protected:read", "self:rotate")
        self.token, self.token_id = issued.token, issued.entry.id
