"""Writes of apps that log their users in here (OAuth)."""

import re
from typing import Any

import httpx

from tests.crashes.writes import ByOwner, bearer
from tests.oauth.app import App, registered
from webapp.audit.log import Event
from webapp.core.digests import digest
from webapp.oauth.models import AuthorizationCode

SCOPES = "openid profile offline_access"


class Consented(ByOwner):
    """The user allows the app, which gets a code."""

    event = Event.APP_ALLOWED
    app: App

    def prepare(self) -> None:
        super().prepare()
        self.app = registered(self.site.app, f"App of {self.user.username}")

    def request(self, client: httpx.Client) -> httpx.Response:
        asked = self.app.url(scope=SCOPES).partition("?")[2]
        return client.post("/oauth/consent", data={"request": asked, "decision": "allow"})

    def is_done(self, response: httpx.Response | None) -> bool:
        is_allowed = self.site.events(self.user, self.event) > 0
        if response is not None:
            assert self.site.read(lambda db: db.get(AuthorizationCode, digest(code_in(response)))) is not None
        return is_allowed


def code_in(response: httpx.Response) -> str:
    found = re.search(r"[?&;]code=([\w.~-]+)", response.headers.get("Location", "") + response.text)
    assert found, response.text
    return found[1]


class Redeemed(Consented):
    """A code is for one use (RFC 6749 §4.1.2): who had no answer lets the user log in again."""

    event = Event.APP_LOGGED_IN
    when_repeated = 400

    def prepare(self) -> None:
        super().prepare()
        with self.site.client(**self.headers) as client:
            self.code = code_in(Consented.request(self, client))

    def request(self, client: httpx.Client) -> httpx.Response:
        given = {"grant_type": "authorization_code", "code": self.code, "redirect_uri": self.app.redirect_uri}
        return self.ask(client, given | {"code_verifier": self.app.verifier})

    def ask(self, client: httpx.Client, given: dict[str, Any]) -> httpx.Response:
        client.headers.pop("Cookie", None)
        return client.post("/oauth/token", data=given, auth=(self.app.client_id, self.app.secret or ""))

    def is_done(self, response: httpx.Response | None) -> bool:
        if response is not None:
            assert self.opens_userinfo(response.json()["access_token"])
        used = self.site.read(lambda db: db.get_one(AuthorizationCode, digest(self.code)).used_at)
        families, tokens = self.live("refresh"), self.live("token")
        assert families == tokens == (used is not None), "the code is used up for nothing"
        return families > 0

    def opens_userinfo(self, token: str) -> bool:
        with self.site.client(**bearer(token)) as client:
            return client.get("/oauth/userinfo").status_code == 200


class AppRefreshed(Redeemed):
    event = Event.APP_REFRESHED
    when_repeated = None

    def prepare(self) -> None:
        super().prepare()
        with self.site.client() as client:
            self.former = Redeemed.request(self, client).json()["refresh_token"]

    def request(self, client: httpx.Client) -> httpx.Response:
        return self.ask(client, {"grant_type": "refresh_token", "refresh_token": self.former})

    def is_done(self, response: httpx.Response | None) -> bool:
        if response is not None:
            assert self.opens_userinfo(response.json()["access_token"])
        assert self.live("refresh") == 1
        return self.live("token") > 1
