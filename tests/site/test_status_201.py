"""201: each operation that is described so answers so, with ``Location`` where one is described, and only there."""

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.forward_auth.proxy import proxied
from tests.passkey import Authenticator
from tests.script import Script
from tests.second_factors import NAMED, SECURITY, with_app
from tests.tokens.rotate_calls import RENEWS
from webapp.testing import as_user, user_named

REASON = {"reason": "they asked for it"}
TOKEN = {"name": "script", "scopes": ["profile:read"], "expires_in": 604800}
HTML, JSON = "text/html", "application/json"


def posted(path: str, body: dict[str, object]) -> Callable[[Flask, str], TestResponse]:
    def by_person(app: Flask, accept: str) -> TestResponse:
        caller = as_user(app, "chief", role="super_admin", amr="hwk user")
        return caller.post(path, json=body, headers={"Accept": accept})

    return by_person


def reset_link(app: Flask, accept: str) -> TestResponse:
    path = f"/admin/users/{user_named(app, 'ada').id}/reset-link"
    return posted(path, dict(REASON))(app, accept)


def service_account(app: Flask, accept: str) -> TestResponse:
    sent = {"name": "deploy", "purpose": "deploys the site", "role": "user", "owner": "ada"}
    user_named(app, "ada")
    return posted("/admin/users/service-accounts/new", dict(sent))(app, accept)


def service_token(path: str) -> Callable[[Flask, str], TestResponse]:
    def by_owner(app: Flask, accept: str) -> TestResponse:
        chief = as_user(app, "chief", role="super_admin", amr="hwk user")
        sent = {"name": "deploy", "purpose": "deploys the site", "role": "user", "owner": "chief"}
        made = chief.post("/admin/users/service-accounts/new", json=sent, headers={"Accept": JSON})
        url = f"{path}/{made.json['id']}/tokens/new"
        return chief.post(url, json=dict(TOKEN), headers={"Accept": accept})

    return by_owner


def passkey(app: Flask, accept: str) -> TestResponse:
    caller = as_user(app, "ada", amr="hwk user")
    asked = caller.get(f"{SECURITY}/passkeys/options", headers={"Accept": JSON}).json
    answer = Authenticator().make(asked["publicKey"])
    return caller.post(f"{SECURITY}/passkeys/new", json={"response": answer}, headers={"Accept": accept})


def recovery_codes(app: Flask, accept: str) -> TestResponse:
    with_app(app, user_named(app, "ada"))
    caller = as_user(app, "ada", amr="pwd otp")
    return caller.post(f"{SECURITY}/recovery-codes", json={}, headers={"Accept": accept})


def guest_link(app: Flask, accept: str) -> TestResponse:
    proxied(app, "wiki")
    return posted("/account/owned-apps/wiki/guest-links", {"path": "/a", "note": "a guest", "days": 1})(app, accept)


def rotated(app: Flask, accept: str) -> TestResponse:
    issued = factories.api_token(app, user_named(app, "ada"), grant=RENEWS)
    path = f"/tokens/{issued.entry.id}/rotate"
    return as_user(app, "ada").post(path, json={"overlap": 3600}, headers={"Accept": accept})


def rotated_by_itself(app: Flask, accept: str) -> TestResponse:
    issued = factories.api_token(app, user_named(app, "ada"), grant=RENEWS)
    return Script(app, issued.token).post("/tokens/self/rotate", json={}, headers={"Accept": accept})


# Each described operation, and every kind of caller that may ask it.
WAYS: list[tuple[str, str, Callable[[Flask, str], TestResponse]]] = [
    ("post /account/security/passkeys/new", "a person", passkey),
    ("post /account/security/recovery-codes", "a person", recovery_codes),
    ("post /account/owned-apps/{slug}/guest-links", "an administrator", guest_link),
    ("post /admin/invitations/new", "a person", posted("/admin/invitations/new", {"role": "admin"})),
    ("post /admin/invitations/new", "a person who names an address",
     posted("/admin/invitations/new", {"role": "user", "email": "bob@example.org"})),
    ("post /admin/clients", "a person",
     posted("/admin/clients", {"name": "Wiki", "redirect_uris": ["https://wiki.example.org/cb"]})),
    ("post /admin/clients/registration", "a person", posted("/admin/clients/registration", {"uses": 1, "days": 1})),
    ("post /admin/identity-providers", "a person",
     posted("/admin/identity-providers", {"preset": "google", "client_id": "c", "client_secret": "s"})),
    ("post /admin/proxied-apps", "a person",
     posted("/admin/proxied-apps", {"name": "Notes", "host": "notes.example.org"})),
    ("post /admin/roles", "a person", posted("/admin/roles", {"name": "editor", "description": "Edits."})),
    ("post /account/service-accounts/{user_id}/tokens/new", "its owner", service_token("/account/service-accounts")),
    ("post /admin/users/{user_id}/reset-link", "a person", reset_link),
    ("post /admin/users/{user_id}/tokens/new", "a person", service_token("/admin/users")),
    ("post /admin/users/service-accounts/new", "a person", service_account),
    ("post /tokens/new", "a person", posted("/tokens/new", dict(TOKEN))),
    ("post /tokens/{token_id}/rotate", "a person", rotated),
    ("post /tokens/self/rotate", "a script", rotated_by_itself),
]  # fmt: skip


@pytest.fixture
def mailing(make_app) -> Flask:
    return make_app(**NAMED, WEBAPP_SMTP_URL="smtp://127.0.0.1:1")


@pytest.fixture
def described(mailing: Flask) -> dict[str, bool]:
    """The operations that are described with 201: whether with ``Location``."""
    paths = Script(mailing).get("/openapi.json").json["paths"]
    return {
        f"{method} {path}": "Location" in entry["responses"]["201"].get("headers", {})
        for path, methods in paths.items()
        for method, entry in methods.items()
        if "201" in entry["responses"]
    }


def test_every_operation_described_with_201_is_in_the_table(described):
    assert described.keys() == {operation for operation, _, _ in WAYS}


@pytest.mark.parametrize(
    ("operation", "ask"), [pytest.param(operation, ask, id=f"{operation} by {who}") for operation, who, ask in WAYS]
)
def test_a_location_is_sent_where_it_is_described_and_only_there(mailing, described, operation, ask):
    answer = ask(mailing, JSON)
    assert (answer.status_code, "Location" in answer.headers) == (201, described[operation]), answer.text
    if described[operation]:
        is_chiefs = (
            operation.startswith(
                (
                    "post /admin/clients",
                    "post /admin/identity-providers",
                    "post /admin/proxied-apps",
                    "post /account/owned",
                )
            )
            or operation in ("post /admin/roles", "post /tokens/new")
            or "tokens/new" in operation
        )
        is_chiefs = is_chiefs or "service-accounts" in operation or "owned-apps" in operation
        owner = as_user(mailing, "chief" if is_chiefs else "ada", amr="hwk user")
        assert owner.get(answer.headers["Location"]).status_code == 200
