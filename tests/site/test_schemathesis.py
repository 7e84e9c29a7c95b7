"""Everything that the description says is tried with hostile input: by nobody, by a script, by a person."""

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from hypothesis import HealthCheck, settings
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.config._checks import NegativeDataRejectionConfig
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from tests import factories
from webapp import testing
from webapp.app import close
from webapp.cli import schema
from webapp.guard.routes import routes
from webapp.sessions.lifecycle import Browser, start
from webapp.settings import Settings

EXAMPLES = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
FEW = settings(EXAMPLES, max_examples=8)
# Rules such as "that name is taken" or "that day is over" are more than JSON Schema can say: what fits the schema may
# still be refused. Where a form is sent to, people find the page that holds it: no part of the JSON side, and yet a GET
# that stands in ``Allow``, and that answers to whoever may come in.
EXCLUDED = [positive_data_acceptance, allow_header_conformance]
JSON = {"Accept": "application/json"}

# Made when the tests are collected: each operation becomes a test, so the description must be there before any fixture.
folder = tempfile.TemporaryDirectory(prefix="described")


def build() -> Flask:
    chosen = Settings.from_env({"WEBAPP_INSTANCE": str(Path(folder.name, "instance"))})
    schema.upgrade(chosen)
    return testing.build(chosen.instance)


def as_described(path: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def is_open(context: schemathesis.HookContext) -> bool:
    return context.operation is not None and (context.operation.method.upper(), context.operation.path) in OPEN


house = build()
PAGES = {as_described(route.path) for route in routes(house) if "GET" in route.methods}
OPEN = {
    (method, as_described(route.path))
    for route in routes(house)
    for method in route.methods
    if route.need is not None and route.need.is_public
}
# What is too much is refused before it is read.
REFUSED = NegativeDataRejectionConfig(expected_statuses=[*NegativeDataRejectionConfig().expected_statuses, "413"])


def read(*, coverage: bool) -> schemathesis.BaseSchema:
    """
    Args:
        coverage: whether each value is tried by itself as well, with all that could be wrong with it.
    """
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=coverage))
    chosen = ProjectConfig(phases=phases, checks=ChecksConfig(negative_data_rejection=REFUSED))
    config = SchemathesisConfig(projects=ProjectsConfig(default=chosen))
    return schemathesis.openapi.from_wsgi("/openapi.json", house, config=config)


described, briefly = read(coverage=True), read(coverage=False)


def excluded(case: schemathesis.Case) -> list[Any]:
    more = [(unsupported_method, case.path in PAGES), (negative_data_rejection, has_boxes(case))]
    return [*EXCLUDED, *(check for check, is_so in more if is_so)]


def has_boxes(case: schemathesis.Case) -> bool:
    """In a form all is text: a "0" is a box that is not ticked, and no number that was sent in its place."""
    form = "application/x-www-form-urlencoded"
    bodies = [body.definition for body in case.operation.body if body.media_type == form]
    return case.media_type == form and any('"boolean"' in json.dumps(body) for body in bodies)


@pytest.fixture(scope="module", autouse=True)
def _tidy() -> Iterator[None]:
    yield
    close(house)
    folder.cleanup()


@pytest.fixture
def by_token() -> dict[str, str]:
    admin = factories.user(house, role="super_admin")
    scopes = house.extensions["catalogue"].held_by(("user", "admin", "super_admin"))
    return {"Authorization": f"Bearer {factories.api_token(house, admin, *scopes).token}"}


class LoggedIn:
    """What a browser sends that has just logged in; once for each operation, because one of them logs out."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> tuple[str, str]:
        admin = factories.user(house, role="super_admin")
        with house.test_request_context(), house.extensions["database"].write() as db:
            started = start(db, admin.id, Browser("", None), house.extensions["session_ends"], amr="pwd")
            session["_user_id"], csrf_token = started.secret, generate_csrf()
            return house.session_interface.get_signing_serializer(house).dumps(dict(session)), csrf_token

    def set(self, case: schemathesis.Case, data: tuple[str, str], context: schemathesis.AuthContext) -> None:
        case.cookies["session"], case.headers["X-CSRF-Token"] = data


@described.include(is_open).parametrize()
@EXAMPLES
def test_nobody_finds_an_answer_that_is_not_described(case: schemathesis.Case) -> None:
    case.call_and_validate(headers=JSON, excluded_checks=excluded(case))


@briefly.exclude(is_open).parametrize()
@FEW
def test_nobody_is_turned_away_as_described(case: schemathesis.Case) -> None:
    answer = case.call_and_validate(headers=JSON, excluded_checks=excluded(case))
    assert answer.status_code in (401, 404, 405)


@briefly.exclude(is_open).parametrize()
@FEW
def test_a_script_that_may_everything_finds_no_answer_that_is_not_described(
    case: schemathesis.Case, by_token: dict[str, str]
) -> None:
    case.call_and_validate(headers=JSON | by_token, excluded_checks=excluded(case))


# What is generated beside a login is long to write out, which Hypothesis does where it gives up on an example.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@described.auth(LoggedIn, cache_by_key=lambda case, _: case.operation.label)
@described.parametrize()
@EXAMPLES
def test_a_person_finds_no_answer_that_is_not_described(case: schemathesis.Case) -> None:
    case.call_and_validate(headers=JSON, excluded_checks=excluded(case))
