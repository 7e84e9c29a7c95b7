"""Requests to inspect a token, by JSON with a session cookie; and a token that was altered."""

import jwt as pyjwt

from tests.core.forged_tokens import encode


def inspect(person, token, **fields):
    csrf = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": csrf}
    return person.ask("POST", "/tokens/inspect", json={"token": token} | fields, headers=headers)


def changed(token):
    head, _, signature = token.split(".")
    claims = pyjwt.decode(token, options={"verify_signature": False}) | {"scope": "admin:write"}
    return f"{head}.{encode(claims)}.{signature}"
