"""Everything that the description says is tried with hostile input: by nobody, by a script, by a person."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import filterfalse
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import schemathesis
from flask import session
from flask_wtf.csrf import generate_csrf
from hypothesis import HealthCheck, Phase, settings
from schemathesis.auths import AuthStorage
from schemathesis.python._constants.orchestrator import build_constants_pool
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from tests import example_counts, factories, secret_keys
from tests.database_file import file_of
from tests.site import alike_cases
from tests.site.alike_cases import has_boxes
from tests.site.described_site import read
from webapp.app import close
from webapp.cli import schema
from webapp.core.db import Database
from webapp.guard.routes import routes
from webapp.sessions.lifecycle import Browser, SessionLifetimes, start
from webapp.settings import Settings
from webapp.testing import build
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of

FEW = settings(max_examples=example_counts.times(1), suppress_health_check=list(HealthCheck))
# Each value is tried by itself; what is made up beside that is for make explore.
EACH_VALUE = (
    settings(FEW, max_examples=example_counts.times(3))
    if example_counts.EXPLORES
    else settings(FEW, phases=[Phase.explicit])
)
# Rules such as "that name is taken" or "that day is over" are more than JSON Schema can say: what fits the schema may
# still be refused. Where a form is sent to, people find the page that holds it: no part of the JSON side, and yet a GET
# that stands in ``Allow``, and that answers to whoever may come in.
EXCLUDED = [positive_data_acceptance, allow_header_conformance]
JSON = {"Accept": "application/json"}

# Each operation becomes a test, so there must be somebody to describe them when the tests are collected.
folder = tempfile.TemporaryDirectory(prefix="described")
instance = Path(folder.name, "instance")
secret_keys.new_site(instance)
site = build(instance)


def as_described(path: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


PAGES = {as_described(route.path) for route in routes(site) if "GET" in route.methods}
OPEN = {
    f"{method} {as_described(route.path)}"
    for route in routes(site)
    for method in route.methods
    if route.requirement is not None and route.requirement.is_public
}
PATHS = site.test_client().get("/openapi.json").json["paths"]
OPERATIONS = [f"{method.upper()} {path}" for path, methods in PATHS.items() for method in methods]
# A body has many values to try by themselves; the few that there are without one, others below have tried.
WITH_BODY = {
    f"{m.upper()} {path}" for path, methods in PATHS.items() for m, said in methods.items() if "requestBody" in said
}


# A thousand requests and more, by a generator that takes its time.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def descriptions() -> Iterator[dict[str, schemathesis.BaseSchema]]:
    schema.upgrade(services_of(site).get(Settings))
    both = {"in full": read(site, coverage=True), "briefly": read(site, coverage=False)}
    for description in both.values():
        # Its own code is read for texts to try; it keeps what was found, also for the copies that each test is given.
        build_constants_pool(description)
    yield both
    close(site)
    folder.cleanup()


@pytest.fixture(scope="module")
def empty(descriptions: dict[str, schemathesis.BaseSchema]) -> bytes:
    """The database as the first start leaves it."""
    return file_of(site).content()


@pytest.fixture
def described(
    descriptions: dict[str, schemathesis.BaseSchema],
    empty: bytes,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> schemathesis.BaseSchema:
    how, operation = request.param
    # What one operation has made is not there for the next: the order in which they come changes nothing.
    file_of(site).replace(empty)
    monkeypatch.setitem(ASKED, "operation", operation)
    monkeypatch.setitem(ASKED, "empty", empty)
    alike_cases.tried.clear()
    return descriptions[how]


ASKED: dict[str, Any] = {"operation": "", "empty": b""}


def is_asked(context: schemathesis.HookContext) -> bool:
    return context.operation is not None and context.operation.label == ASKED["operation"]


# What is tried with an operation is thought of when it is its turn: all of it would have to be when the tests are
# collected, by each process.
lazily = schemathesis.pytest.from_fixture("described").include(is_asked)


def of_each(operations: Iterable[str], how: str) -> pytest.MarkDecorator:
    chosen = [pytest.param((how, operation), id=operation) for operation in operations]
    return pytest.mark.parametrize("described", chosen, indirect=True)


def excluded(case: schemathesis.Case) -> list[Any]:
    more = [(unsupported_method, case.path in PAGES), (negative_data_rejection, has_boxes(case))]
    return [*EXCLUDED, *(check for check, is_so in more if is_so)]


class Admin(NamedTuple):
    """What an administrator has, and the database in which it is known."""

    token: str
    cookie: str
    csrf_token: str
    database: bytes


@cache
def admin_of(empty: bytes) -> Admin:
    file_of(site).replace(empty)
    admin = factories.user(site, role="super_admin")
    scopes = services_of(site).get(Catalogue).held_by(("user", "admin", "super_admin"))
    token = factories.api_token(site, admin, *scopes).token
    with site.test_request_context(), services_of(site).get(Database).write() as db:
        started = start(db, admin.id, Browser("", None), services_of(site).get(SessionLifetimes), amr="pwd")
        session["_user_id"], csrf_token = started.secret, generate_csrf()
        cookie = site.session_interface.get_signing_serializer(site).dumps(dict(session))
    return Admin(token, cookie, csrf_token, file_of(site).content())


@pytest.fixture
def by_token(described: schemathesis.BaseSchema, empty: bytes) -> dict[str, str]:
    admin = admin_of(empty)
    file_of(site).replace(admin.database)
    return {"Authorization": f"Bearer {admin.token}"}


class LoggedIn:
    """What a browser sends that has just logged in; once for each operation, because one of them logs out."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> tuple[str, str]:
        admin = admin_of(ASKED["empty"])
        file_of(site).replace(admin.database)
        return admin.cookie, admin.csrf_token

    def set(self, case: schemathesis.Case, data: tuple[str, str], context: schemathesis.AuthContext) -> None:
        case.cookies["session"], case.headers["X-CSRF-Token"] = data


LOGGED_IN = AuthStorage()(LoggedIn, cache_by_key=lambda case, _: case.operation.label)


@of_each(filter(OPEN.__contains__, OPERATIONS), "in full")
@lazily.parametrize()
@EACH_VALUE
def test_anonymous_requests_get_only_described_responses(case: schemathesis.Case) -> None:
    if alike_cases.is_like_others(case):
        return
    case.call_and_validate(headers=JSON, excluded_checks=excluded(case))


@of_each(filterfalse(OPEN.__contains__, OPERATIONS), "briefly")
@lazily.parametrize()
@FEW
def test_anonymous_requests_are_refused_as_described(case: schemathesis.Case) -> None:
    answer = case.call_and_validate(headers=JSON, excluded_checks=excluded(case))
    assert answer.status_code in (401, 404, 405)


@of_each(filterfalse(OPEN.__contains__, OPERATIONS), "briefly")
@lazily.parametrize()
@FEW
def test_a_token_with_every_scope_gets_only_described_responses(
    case: schemathesis.Case, by_token: dict[str, str]
) -> None:
    case.call_and_validate(headers=JSON | by_token, excluded_checks=excluded(case))


def is_tried_in_full(operation: str) -> bool:
    return example_counts.EXPLORES or operation in WITH_BODY


# What is generated beside a login is long to write out, which Hypothesis does where it gives up on an example.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@of_each(filter(is_tried_in_full, OPERATIONS), "in full")
@lazily.parametrize()
@LOGGED_IN
@EACH_VALUE
def test_a_session_gets_only_described_responses(case: schemathesis.Case) -> None:
    # Each case without its login as well, and with a wrong one: the script above and nobody have tried that already.
    if alike_cases.is_like_others(case):
        return
    case.call_and_validate(headers=JSON, excluded_checks=[*excluded(case), ignored_auth])


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@of_each(filterfalse(is_tried_in_full, OPERATIONS), "briefly")
@lazily.parametrize()
@LOGGED_IN
@FEW
def test_a_session_that_sends_no_body_gets_only_described_responses(case: schemathesis.Case) -> None:
    case.call_and_validate(headers=JSON, excluded_checks=[*excluded(case), ignored_auth])
