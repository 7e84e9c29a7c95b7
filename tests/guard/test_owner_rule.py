"""``@require(owner=…)``: callers reach only what belongs to them, or what a role lets them reach."""

import re
from uuid import UUID

import pytest
from flask import Blueprint
from sqlalchemy import select

from tests.guard.test_policy import NOON, principal
from webapp import testing
from webapp.accounts import service_accounts, user_queries
from webapp.accounts.models import User
from webapp.accounts.service_rules import Owner
from webapp.guard import Principal, current_principal, guard_blueprint, require
from webapp.guard.access_checks import explain
from webapp.guard.access_report import accessible_routes
from webapp.guard.policy import Decision, Requirement
from webapp.guard.routes import guarded, routes
from webapp.settings import SettingsError
from webapp.testing import as_nobody, as_user, database_of, user_named, with_token
from webapp.web.transaction import db

OWNERS: dict[str, UUID] = {}
ASKED: list[str] = []


def owner_of(name: str) -> UUID | None:
    ASKED.append(name)
    return OWNERS.get(name)


def shown(name: str, principal: Principal) -> str:
    return f"{name} of {principal.username}"


def blueprint() -> Blueprint:
    box = Blueprint("box", __name__)
    box.add_url_rule("/hidden/<name>", "hidden", require(owner=owner_of)(shown), methods=["GET", "POST"])
    box.add_url_rule("/known/<name>", "known", require(owner=owner_of, not_owner=403)(shown))
    admins = require(owner=owner_of, owner_or_role="admin", scope="box:read")
    box.add_url_rule("/admins/<name>", "admins", admins(shown))
    inner = Blueprint("inner", __name__)
    guard_blueprint(inner, require(owner=owner_of))
    inner.add_url_rule("/inner/<name>", "plain", lambda name: f"{name} of {current_principal.username}")
    box.register_blueprint(inner)
    return box


@pytest.fixture(scope="module")
def site():
    with testing.app(blueprint()) as site:
        OWNERS.update({name: user_named(site, name).id for name in ("ada", "bo")})
        user_named(site, "boss", "admin")
        OWNERS["robot"] = service_account(site).id
        yield site


def service_account(site) -> User:
    """A service account whose owner is ada."""
    with database_of(site).write() as db:
        ada = Owner(user_queries.by_name_or_email(db, "ada"))
        return service_accounts.create(db, "robot", role="user", owner=ada, purpose="to test", origin="test")


# Status for: nobody, ada, ada's token, bo, bo's token, an admin, a service account of ada.
TABLE = {
    "/hidden/ada": (401, 200, 200, 404, 404, 404, 404),
    "/hidden/none": (401, 404, 404, 404, 404, 404, 404),
    "/known/ada": (401, 200, 200, 403, 403, 403, 403),
    "/known/none": (401, 404, 404, 404, 404, 404, 404),
    "/hidden/robot": (401, 404, 404, 404, 404, 404, 200),
    "/admins/ada": (401, 200, 403, 404, 403, 200, 403),
    "/admins/none": (401, 404, 403, 404, 403, 404, 403),
    "/inner/ada": (401, 200, 200, 404, 404, 404, 404),
    "/inner/none": (401, 404, 404, 404, 404, 404, 404),
}


@pytest.mark.parametrize("path", TABLE)
def test_an_object_is_found_by_its_owner_and_by_the_named_role(site, path):
    callers = (
        as_nobody(site),
        as_user(site, "ada"),
        with_token(site, of="ada"),
        as_user(site, "bo"),
        with_token(site, of="bo"),
        as_user(site, "boss"),
        with_token(site, of="robot"),
    )
    answers = tuple(caller.get(path, headers={"Accept": "*/*"}).status_code for caller in callers)
    assert answers == TABLE[path]


def test_an_object_of_another_user_is_answered_like_a_missing_one(site):
    bo = as_user(site, "bo")
    for headers in ({"Accept": "*/*"}, {}):
        hidden, missing = (bo.get(f"/hidden/{name}", headers=headers) for name in ("ada", "none"))
        assert hidden.status_code == missing.status_code == 404
        assert without_id(hidden, "ada") == without_id(missing, "none")


def without_id(answer, name):
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", answer.text.replace(f"hidden/{name}", "…"))


def test_a_refusal_with_403_has_a_reason_and_is_recorded(site):
    answer = with_token(site, of="bo").get("/known/ada")
    assert (answer.json["code"], answer.json["title"]) == ("owner_required", "This belongs to somebody else")
    assert 'error="insufficient_scope", error_description="owner_required"' in answer.headers["WWW-Authenticate"]
    page = as_user(site, "bo").get("/known/ada")
    assert (page.status_code, "It belongs to the user." in page.text) == (403, True)
    assert "owner required" in as_user(site, "bo").get("/account/activity").text


def test_the_owner_is_not_looked_up_if_another_check_refuses(site):
    ASKED.clear()
    as_nobody(site).get("/hidden/ada")
    with_token(site, scopes=["profile:read"]).get("/hidden/ada")
    as_user(site, "ada").post("/hidden/ada", headers={"X-CSRF-Token": ""})
    assert ASKED == []
    assert as_user(site, "ada").post("/hidden/ada").status_code == 200
    assert ASKED == ["ada"]


def test_the_owner_rule_is_listed_and_explained(site):
    found = {route.path: (route.by_session, route.by_token) for route in routes(site)}
    assert found["/known/<name>"] == ("any account, only the owner", "resources:read, only the owner")
    assert found["/admins/<name>"][0] == "any account, only the owner or role admin"
    report = {entry.route: entry for entry in accessible_routes(guarded(site), "user", ["user"], at=NOON)}
    assert report["GET /known/<name>"].is_open
    assert report["GET /known/<name>"].why == "Open to all accounts. Only for what belongs to them."
    requirement = Requirement(owner=owner_of, owner_or_role="admin")
    for decision, held in ((Decision.ALLOW, None), (Decision.NEED_OWNER, False)):
        step = explain(principal(), requirement, decision)[-1]
        assert (step.words, step.is_met) == ("It belongs to the user, or they have the role admin.", held)


def test_a_function_that_returns_no_id_is_a_server_error(site):
    OWNERS["text"] = str(OWNERS["ada"])
    assert as_user(site, "ada").get("/hidden/text").status_code == 500
    del OWNERS["text"]


@pytest.mark.parametrize(
    "options", [{"owner_or_role": "admin"}, {"not_owner": 403}, {"owner": owner_of, "optional": True}]
)
def test_an_owner_rule_without_effect_is_refused(options):
    with pytest.raises(ValueError, match="owner"):
        require(**options)


def test_a_function_with_other_arguments_than_the_url_stops_the_start():
    box = Blueprint("box", __name__)
    box.add_url_rule("/box/<uuid:box_id>", "show", require(owner=owner_of)(lambda box_id: str(box_id)))
    with pytest.raises(SettingsError, match=r"of box\.show does not fit to /box/<uuid:box_id>"), testing.app(box):
        """Never reached."""


def test_a_change_of_an_object_of_another_user_is_refused():
    box = Blueprint("box", __name__)

    def owner(name):
        return db().scalar(select(User.id).where(User.username == name))

    box.add_url_rule("/box/<name>", "show", require(owner=owner, not_owner=403)(shown), methods=["POST"])
    with testing.app(box) as site:
        ada = as_user(site, "ada")
        user_named(site, "bo")
        assert [ada.post(f"/box/{name}").status_code for name in ("ada", "bo", "none")] == [200, 403, 404]
        events = as_user(site, "ada").get("/account/activity").text
        assert "owner required" in events
