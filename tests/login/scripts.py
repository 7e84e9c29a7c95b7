"""What the tests of the scripts' login share: to log in, to refresh, to try a token."""

from datetime import timedelta
from typing import Any

import jwt as pyjwt
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import PASSWORD
from tests.script import Script
from webapp.core.clock import now

NOON = (now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
"""Tomorrow's: whatever a fixture has made is there by then."""
NOON_AS_NUMBER = int(NOON.timestamp())


def log_in(app: Flask, name: str = "ada", **fields: Any) -> dict[str, Any]:
    answer = Script(app).post("/api/auth", json={"username": name, "password": PASSWORD} | fields)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json
    return told


def refresh(app: Flask, token: str, ip_address: str = "10.0.0.7", **fields: Any) -> TestResponse:
    return Script(app, ip_address=ip_address).post("/api/auth/refresh", json={"refresh_token": token} | fields)


def works(app: Flask, token: str) -> bool:
    return Script(app, token).get("/protected").status_code == 200


def claims(token: str) -> dict[str, Any]:
    return pyjwt.decode(token, options={"verify_signature": False})


def is_over(answer: TestResponse, code: str = "refresh_invalid") -> bool:
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["code"] == code
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Latchkey"'
    return True
