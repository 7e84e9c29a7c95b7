"""Writes to API tokens."""

from typing import Any

import httpx

from tests.crashes.writes import ByOwner, Headers, WithToken, bearer
from webapp.audit.log import Event
from webapp.credentials.models import Credential
from webapp.tokens.models import ApiToken


class TokenCreated(ByOwner):
    event, path = Event.TOKEN_MINTED, "/tokens/new"
    when_repeated = 409
    """Its secret was shown to nobody: the owner revokes it, and creates another."""

    @property
    def body(self) -> dict[str, Any]:
        return {"name": "backup", "scopes": ["protected:read"], "once": "form-1"}

    def is_done(self, response: httpx.Response | None) -> bool:
        if response is not None:
            assert self.opens(bearer(response.json()["access_token"]))
        return self.live("token") == 1


class TokenEdited(WithToken):
    event = Event.TOKEN_EDITED

    @property
    def path(self) -> str:
        return f"/tokens/{self.token_id}/edit"

    @property
    def body(self) -> dict[str, Any]:
        return {"name": "nightly backup", "scopes": ["protected:read"]}

    def is_done(self, response: httpx.Response | None) -> bool:
        name: str = self.site.read(lambda db: db.get_one(ApiToken, self.token_id).name)
        scopes = self.site.read(lambda db: db.get_one(Credential, self.token_id).grant.scopes)
        is_renamed = name == "nightly backup"
        assert ("self:rotate" in scopes) is not is_renamed, "half of the change is there"
        return is_renamed


class TokenRevoked(WithToken):
    event = Event.TOKEN_REVOKED

    @property
    def path(self) -> str:
        return f"/tokens/{self.token_id}/revoke"

    def is_done(self, response: httpx.Response | None) -> bool:
        return not self.opens(bearer(self.token))


class TokenRevokedByHolder(TokenRevoked):
    """RFC 7009."""

    @property
    def path(self) -> str:
        return "/api/auth/revoke"

    @property
    def headers(self) -> Headers:
        return {}

    @property
    def body(self) -> dict[str, Any]:
        return {"token": self.token}


class TokenRotated(WithToken):
    """By the token itself, which may repeat it to get the same new token."""

    event = Event.TOKEN_ROTATED
    path = "/tokens/self/rotate"

    @property
    def headers(self) -> Headers:
        return bearer(self.token)

    def is_done(self, response: httpx.Response | None) -> bool:
        if response is not None:
            assert self.opens(bearer(response.json()["access_token"]))
        number = self.live("token")
        assert number in (1, 2)
        return number == 2


class AllTokensRevoked(TokenRevoked):
    @property
    def path(self) -> str:
        return "/tokens/revoke-all"
