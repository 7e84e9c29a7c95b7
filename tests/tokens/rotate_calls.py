"""Tokens rotated: by themselves, and by a person with the cookie of a session."""

from datetime import timedelta
from uuid import UUID

from tests.script import Script
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.web.registry import services_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RENEWS = TokenGrant(scopes=frozenset({"protected:read", "self:rotate", "tokens:read"}))


def rotate_self(app, token, **body):
    return Script(app, token).post("/tokens/self/rotate", json=body)


def status(app, token):
    return Script(app, token).get("/protected").status_code


def row(app, token_id):
    with services_of(app).get(Database).read() as db:
        return db.get_one(Credential, UUID(str(token_id)))


def by_json(person, issued, **body):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    return person.ask("POST", f"/tokens/{issued.entry.id}/rotate", json={"overlap": 3600} | body, headers=headers)
