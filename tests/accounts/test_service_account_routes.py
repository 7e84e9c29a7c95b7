"""Every route of service accounts by every credential: who may, who is refused, and that a refusal changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask import Flask

from tests import factories
from tests.accounts.service_account_calls import JSON, OWN, REASON, USERS, add_owners, made, session_of
from tests.prepared_states import PreparedStates, same_client, with_csrf_token
from tests.tables import contents
from webapp.accounts.models import User
from webapp.testing import HeaderClient, as_nobody, as_user, with_token

numbers = count(1)


def token_of(name: str, *scopes: str) -> Callable[[Flask, User], HeaderClient]:
    return lambda app, service: with_token(app, scopes=scopes, of=name or service.username)


EVERYTHING = ("admin:read", "admin:write", "tokens:read", "profile:read", "resources:read")
# The owner is Ada, who has nothing but `user`; Ops owns another one, by the role `ops`; Eve owns none.
CREDENTIALS: Mapping[str, Callable[[Flask, User], HeaderClient]] = {
    "nobody": lambda app, _service: nobody(app),
    "owner": session_of("ada"),
    "owner, stale": session_of("ada", is_stale=True),
    "owner's token": token_of("ada", "tokens:read"),
    "owner's token without scope": token_of("ada", "protected:read"),
    "non-owner": session_of("eve"),
    "non-owner's token": token_of("eve", "tokens:read"),
    "of another role": session_of("ops"),
    "admin": session_of("ines"),
    "admin, stale": session_of("ines", is_stale=True),
    "admin's token": token_of("ines", *EVERYTHING),
    "admin's token without scope": token_of("ines", "protected:read"),
    "admin's token that reads": token_of("ines", "admin:read"),
    "super admin": session_of("mara"),
    "super admin's token": token_of("mara", *EVERYTHING),
    "its own token": token_of("", *EVERYTHING),
}


def nobody(app: Flask) -> HeaderClient:
    found = as_nobody(app)
    found.sends = JSON
    return found


OK, NEW, GONE = 200, 201, 204
OWNS_NONE = {"non-owner": 404, "of another role": 404, "admin": 404, "admin, stale": 404, "super admin": 404}
# What is answered to those who are not named: 401 without a credential, 403 to everybody else.
READS_OWN = {"owner": OK, "owner, stale": OK, "owner's token": OK}
READS_NOTHING = {"non-owner's token": 404, "admin's token": 404, "super admin's token": 404, "its own token": 404}
ADMINS = {"admin": OK, "super admin": OK}
STALE = {"admin, stale": 401}
TOKENS = {"admin's token": OK, "super admin's token": OK}


@dataclass(frozen=True)
class Row:
    call: str
    allowed: Mapping[str, int]
    """By credential; the others get 403, or 401 without one."""
    sent: Mapping[str, Any] | None = None


TOKEN = {"name": "disk {n}", "scopes": ["protected:read"]}
NEW_ACCOUNT = {"name": "made{n}", "purpose": "a test", "role": "user", "owner": "ada"}
ROWS = (
    Row(
        f"GET {OWN}",
        dict.fromkeys(CREDENTIALS, OK)
        | {"nobody": 401, "owner's token without scope": 403}
        | {"admin's token without scope": 403, "admin's token that reads": 403},
    ),
    Row(f"GET {OWN}/SERVICE", READS_OWN | OWNS_NONE | READS_NOTHING),
    Row(f"GET {OWN}/SERVICE/tokens/new", {"owner": OK, "owner, stale": 401} | OWNS_NONE | {"admin, stale": 401}),
    Row(
        f"POST {OWN}/SERVICE/tokens/new",
        {"owner": NEW, "owner, stale": 401} | OWNS_NONE | {"admin, stale": 401},
        TOKEN,
    ),
    Row(f"GET {OWN}/SERVICE/tokens/TOKEN/revoke", {"owner": OK, "owner, stale": OK} | OWNS_NONE),
    Row(f"POST {OWN}/SERVICE/tokens/TOKEN/revoke", {"owner": OK, "owner, stale": OK} | OWNS_NONE, {}),
    Row(
        f"GET {USERS}/service-accounts",
        ADMINS | TOKENS | {"admin, stale": OK, "admin's token that reads": OK},
    ),
    Row(f"GET {USERS}/service-accounts/new", ADMINS | STALE),
    Row(f"POST {USERS}/service-accounts/new", {"admin": NEW, "super admin": NEW} | STALE, NEW_ACCOUNT),
    Row(f"GET {USERS}/SERVICE", ADMINS | TOKENS | {"admin, stale": OK, "admin's token that reads": OK}),
    Row(f"GET {USERS}/SERVICE/tokens/new", ADMINS | STALE),
    Row(f"POST {USERS}/SERVICE/tokens/new", {"admin": NEW, "super admin": NEW} | STALE, TOKEN),
    Row(f"GET {USERS}/SERVICE/hand-over", ADMINS | STALE),
    Row(f"POST {USERS}/SERVICE/hand-over", ADMINS | STALE, REASON | {"owner": "eve"}),
    Row(f"POST {USERS}/SERVICE/role", ADMINS | STALE | TOKENS, REASON | {"role": "user"}),
    Row(f"POST {USERS}/SERVICE/enable", ADMINS | STALE, REASON),
    Row(f"POST {USERS}/SERVICE/disable", ADMINS | STALE | TOKENS, REASON),
    Row(f"POST {USERS}/SERVICE/tokens/TOKEN/end", ADMINS | STALE | TOKENS, REASON),
    Row(
        f"POST {USERS}/SERVICE/delete",
        {"admin": GONE, "super admin": GONE, "admin's token": GONE, "super admin's token": GONE} | STALE,
        REASON | {"username": "{service}"},
    ),
)


@pytest.fixture
def site(app: Flask, prepared_states: PreparedStates) -> Flask:
    prepared_states.once(app, lambda: add_owners(app), "owners")
    return app


def ask(caller: HeaderClient, row: Row, service: User, token_id: object) -> int:
    method, _, path = row.call.partition(" ")
    path = path.replace("SERVICE", str(service.id)).replace("TOKEN", str(token_id))
    sent = {name: said(value, service) for name, value in (row.sent or {}).items()} if row.sent is not None else None
    return caller.open(path, method=method, json=sent).status_code


def said(value: Any, service: User) -> Any:
    return value.format(n=next(numbers), service=service.username) if isinstance(value, str) else value


@pytest.mark.parametrize("row", [pytest.param(row, id=row.call) for row in ROWS])
def test_what_each_credential_is_answered(site: Flask, prepared_states: PreparedStates, row: Row) -> None:
    begun = prepared_states.once(site, lambda: begin(site), "callers")
    service, token_id = begun.service, begun.token_id
    callers = {name: same_client(client, site) for name, client in begun.callers.items()}
    found, before = {}, lasting(site)
    for name in CREDENTIALS:
        found[name] = ask(callers[name], row, service, token_id)
        if found[name] >= 400 or row.sent is None:
            assert lasting(site) == before, name
        else:
            service, token_id = new_service(site)
            callers["its own token"] = CREDENTIALS["its own token"](site, service)
            before = lasting(site)
    assert found == {name: row.allowed.get(name, 401 if name == "nobody" else 403) for name in CREDENTIALS}


class PreparedState(NamedTuple):
    service: User
    token_id: UUID
    callers: dict[str, HeaderClient]


def begin(site: Flask) -> PreparedState:
    service, token_id = new_service(site)
    # First those whose sessions become stale, because all that there are become so.
    order = sorted(CREDENTIALS, key=lambda name: "stale" not in name)
    callers = {name: CREDENTIALS[name](site, service) for name in order}
    told = {name: with_csrf_token(client) if client.sends_csrf else client for name, client in callers.items()}
    return PreparedState(service, token_id, told)


def new_service(site: Flask) -> tuple[User, UUID]:
    """A service account of Ada's, and the ID of its token."""
    service = made(site, f"deploy{next(numbers)}")
    return service, factories.api_token(site, service).entry.id


def lasting(app: Flask) -> dict[str, list[str]]:
    """A form that a step-up interrupts is kept."""
    return {name: rows for name, rows in contents(app).items() if name != "saved_form"}


def test_every_route_that_names_service_accounts_is_in_the_table(site: Flask) -> None:
    found = {rule.rule for rule in site.url_map.iter_rules() if "service-accounts" in rule.rule}
    names = {"<uuid:user_id>": "SERVICE", "<uuid:token_id>": "TOKEN"}
    for rule, name in names.items():
        found = {path.replace(rule, name) for path in found}
    assert found <= {row.call.partition(" ")[2] for row in ROWS}


def test_changes_of_a_session_need_a_csrf_token(site: Flask) -> None:
    """The same table, without it: no owner and no admin changes anything."""
    service, token_id = new_service(site)
    callers = {name: as_user(site, name) for name in ("ada", "ines", "mara")}
    before = contents(site)
    for row in (row for row in ROWS if row.sent is not None):
        for name, caller in callers.items():
            caller.sends, caller.sends_csrf = {"Accept": "application/json"}, False
            assert ask(caller, row, service, token_id) == 403, (row.call, name)
            assert contents(site) == before
