"""Scopes narrow what a token may do, and never widen what its owner may."""

import pytest

from tests import factories
from tests.script import Script
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.guard.policy import Requirement
from webapp.guard.resources import DECLARED, Resource, resource
from webapp.tokens.scopes import Catalogue, ScopeNotHeld
from webapp.web.registry import services_of

CATALOGUE = Catalogue(
    [
        ("GET /public", Requirement(is_public=True, scope="never:read")),
        ("GET /people", Requirement(session=True, scope="people:read")),
        ("GET /any", Requirement(scope="any:read")),
        ("GET /admin", Requirement(role="admin", scope="admin:read")),
        ("POST /admin", Requirement(role="admin", scope="admin:write")),
        ("GET /mixed", Requirement(scope="mixed:read")),
        ("GET /mixed/admin", Requirement(role="admin", scope="mixed:read")),
    ]
)
USER, ADMIN = ("user",), ("user", "admin")


def test_scopes_are_collected_from_the_routes_that_accept_tokens():
    # But for the one that every page may ask for, and the one that decides what other services are told.
    assert list(CATALOGUE.scopes) == [
        *("admin:read", "admin:write", "any:read", "mixed:read"),
        *("resources:read", "roles:share"),
    ]


def test_a_user_has_a_scope_if_it_opens_a_route_to_them():
    assert CATALOGUE.held_by(USER) == ["any:read", "mixed:read", "resources:read", "roles:share"]
    assert CATALOGUE.held_by(ADMIN) == list(CATALOGUE.scopes)


@pytest.mark.parametrize("names", [["admin:read"], ["any:read", "admin:write"], ["nonsense"], [""], ["any:read "]])
def test_a_scope_that_the_user_lacks_refuses_the_whole_request(names):
    with pytest.raises(ScopeNotHeld):
        CATALOGUE.check(names, USER)


def test_scopes_are_stored_once():
    assert CATALOGUE.check(["mixed:read", "any:read", "mixed:read"], USER) == {"any:read", "mixed:read"}


def test_a_scope_lists_its_routes_by_role():
    assert CATALOGUE.scopes["mixed:read"].summary_for(USER) == "GET /mixed"
    assert CATALOGUE.scopes["mixed:read"].summary_for(ADMIN) == "GET /mixed, GET /mixed/admin"


def test_a_scope_that_the_user_lacks_has_a_reason():
    assert "admin" in CATALOGUE.scopes["admin:read"].missing_role_sentence()


def test_every_scope_of_the_site_is_used_by_a_route(app):
    assert {"profile:read", "protected:read", "tokens:read", "resources:read"} <= set(
        services_of(app).get(Catalogue).scopes
    )


def test_a_scope_of_a_token_is_void_after_its_role_was_lost(app):
    admin = factories.user(app, "grace", role="admin")
    script = Script(app, factories.api_token(app, admin, "protected:read").token)
    assert script.get("/protected/admin").status_code == 200
    with services_of(app).get(Database).write() as db:
        lifecycle.change_role(db, db.get_one(User, admin.id), "user")
    assert script.get("/protected/admin").json["code"] == "role_required"


# Described.


def test_every_scope_of_the_site_is_described_where_its_resource_is_declared(app):
    bare = [name for name, scope in services_of(app).get(Catalogue).scopes.items() if not scope.sentence]
    assert bare == [], 'say resource("name", "Title", reads="…") beside the blueprint'


def test_a_scope_without_a_description_is_described_by_its_routes():
    scope = CATALOGUE.scopes["mixed:read"]
    assert (scope.title, scope.sentence, scope.action) == ("Mixed", "", "read Mixed")
    assert scope.descriptions_for(USER) == ["GET /mixed"]


def test_a_description_has_a_title_and_a_sentence_for_each_scope():
    reports = Resource("reports", "Reports", {"read": "Read them.", "share": "Send them."})
    routes = [(f"GET /{verb}", Requirement(scope=f"reports:{verb}")) for verb in ("read", "share", "write")]
    scopes = Catalogue(routes, {"reports": reports}).scopes
    assert [scopes[f"reports:{verb}"].sentence for verb in ("read", "share", "write")] == [
        "Read them.",
        "Send them.",
        "",
    ]
    assert [scopes[f"reports:{verb}"].action for verb in ("read", "share", "write")] == [
        *("read Reports", "share reports", "change Reports")
    ]


def test_a_resource_can_be_described_once():
    resource("twice", "Twice", reads="One.")
    resource("twice", "Twice", reads="One.")
    with pytest.raises(ValueError, match="twice"):
        resource("twice", "Twice", reads="Another.")
    del DECLARED["twice"]
