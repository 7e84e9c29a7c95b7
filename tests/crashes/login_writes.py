"""Writes that begin, continue or end logins."""

from typing import Any

import httpx
from sqlalchemy import select

from tests.crashes.writes import ByOwner, Write, bearer
from tests.factories import PASSWORD
from webapp.audit.log import Event
from webapp.core.digests import digest
from webapp.tokens.models import RefreshToken


class LoggedIn(Write):
    event, path = Event.SESSION_STARTED, "/login"

    @property
    def headers(self) -> dict[str, str]:
        return {"Sec-Fetch-Site": "same-origin"}

    @property
    def body(self) -> dict[str, Any]:
        return {"username": self.user.username, "password": PASSWORD}

    def is_done(self, response: httpx.Response | None) -> bool:
        if response is not None:
            assert self.opens({"Cookie": f"session={response.cookies['session']}"})
        return self.live("session") > 0


class ScriptLoggedIn(LoggedIn):
    event, path = Event.TOKEN_MINTED, "/api/auth"

    def is_done(self, response: httpx.Response | None) -> bool:
        if response is not None:
            assert self.opens(bearer(response.json()["access_token"]))
        families, tokens = self.live("refresh"), self.live("token")
        assert families == tokens, "a family without access token, or the reverse"
        return families > 0


class Refreshed(Write):
    event, path = Event.REFRESH_USED, "/api/auth/refresh"

    def prepare(self) -> None:
        with self.site.client() as client:
            said = {"username": self.user.username, "password": PASSWORD}
            self.former: str = client.post("/api/auth", json=said).json()["refresh_token"]

    @property
    def body(self) -> dict[str, Any]:
        return {"refresh_token": self.former}

    def is_done(self, response: httpx.Response | None) -> bool:
        if response is not None:
            assert self.opens(bearer(response.json()["access_token"]))
            assert self.tokens()[-1].digest == digest(response.json()["refresh_token"])
        tokens = self.tokens()
        assert [token.generation for token in tokens] == list(range(1, len(tokens) + 1))
        # All but the last are used, and it can be.
        assert [token.spent_at is None for token in tokens] == [False] * (len(tokens) - 1) + [True]
        return len(tokens) == 2

    def tokens(self) -> list[RefreshToken]:
        first = select(RefreshToken.family_id).where(RefreshToken.digest == digest(self.former)).scalar_subquery()
        of_family = select(RefreshToken).where(RefreshToken.family_id == first).order_by(RefreshToken.generation)
        found: list[RefreshToken] = self.site.read(lambda db: list(db.scalars(of_family)))
        return found


class LoggedOut(ByOwner):
    event, path = Event.SESSION_ENDED, "/logout"
    when_repeated = 401

    def is_done(self, response: httpx.Response | None) -> bool:
        return not self.opens(self.browser)


class EverythingEnded(LoggedOut):
    """Sessions, tokens and script logins at once."""

    event, path = Event.EVERYTHING_ENDED, "/account/security/end-everything"

    def prepare(self) -> None:
        super().prepare()
        with self.site.client() as client:
            said = {"username": self.user.username, "password": PASSWORD}
            assert client.post("/api/auth", json=said).status_code == 200

    @property
    def body(self) -> dict[str, Any]:
        return {"also_this": True}

    def is_done(self, response: httpx.Response | None) -> bool:
        live = {kind: self.live(kind) for kind in ("session", "refresh", "token")}
        assert len(set(live.values())) == 1, f"some were ended, others not: {live}"
        return super().is_done(response)
