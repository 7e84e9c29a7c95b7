"""A device that waits until its user has allowed it (RFC 8628)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from tests.browser import Person
from tests.oauth.app import App, registered
from webapp.core.clock import now
from webapp.oauth.grants.device_code import GRANT_TYPE

START = "/oauth/device_authorization"
SCOPE = "openid profile offline_access"


@dataclass
class Device:
    """A device with the codes that it was given."""

    client: App
    code: str
    user_code: str

    def poll(self, **changed: Any) -> TestResponse:
        given = {"grant_type": GRANT_TYPE, "device_code": self.code}
        return self.client.post("/oauth/token", **given | changed)

    def error(self, **changed: Any) -> str:
        answer = self.poll(**changed)
        assert answer.status_code == 400, answer.text
        return str(answer.json["error"])

    def shown_to(self, person: Person) -> str:
        """The page that somebody sees who enters the code."""
        person.open("/device")
        return person.press("Continue", user_code=self.user_code).text

    def allowed_by(self, person: Person) -> str:
        assert "wants access to your account" in self.shown_to(person)
        return person.press("Allow", decision="allow").text

    def tokens_of(self, person: Person, **changed: Any) -> dict[str, Any]:
        self.allowed_by(person)
        answer = self.poll(**changed)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)


def started(client: App, headers: dict[str, str] | None = None, **changed: Any) -> Device:
    answer = client.post(START, headers, **{"scope": SCOPE} | changed)
    assert answer.status_code == 200, answer.text
    return Device(client, answer.json["device_code"], answer.json["user_code"])


def tool(site: Flask, name: str = "Tool", **more: Any) -> App:
    """A public app without redirect URI, such as a command."""
    return registered(site, name, None, **{"is_public": True, "is_for_devices": True} | more)


@contextmanager
def later(**span: float) -> Iterator[None]:
    with time_machine.travel(now() + timedelta(**span), tick=False):
        yield
