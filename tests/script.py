"""A script: sends a token and JSON, and reads JSON."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class Script:
    app: Flask
    token: str | None = None
    ip_address: str = "10.0.0.7"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        sent = {"Accept": "*/*", "User-Agent": "curl/8.5.0"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        return self.client.open(
            path,
            method=method,
            headers=sent | (headers or {}),
            environ_overrides={"REMOTE_ADDR": self.ip_address},
            buffered=True,
            **kwargs,
        )

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, **kwargs)
