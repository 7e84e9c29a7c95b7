"""Requests to create a token, on the page or by JSON with a session cookie."""

import re


def mint(person, button="Create token", **fields):
    person.open("/tokens/new")
    return person.press(button, **({"name": "laptop", "scopes": "profile:read", "expires_in": "604800"} | fields))


def by_json(person, **fields):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    body = {"name": "laptop", "scopes": ["profile:read"]} | fields
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    return person.ask("POST", "/tokens/new", json=body, headers=headers)


def token_in(page):
    return re.search(r"eyJ[\w.-]+", page.text)[0]
