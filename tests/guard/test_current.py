"""current_principal, current_claims, current_record: the caller, for views and templates without a parameter."""

import pytest
from flask import jsonify, render_template_string

from tests import factories, restored_site
from tests.guard.example_routes import add
from tests.script import Script
from webapp.core.db import Database
from webapp.guard import current_claims, current_principal, current_record, public, require, user_lookup
from webapp.web.registry import services_of

TEMPLATE = (
    "{% if current_principal %}{{ current_principal.username }} {{ current_claims.sub }}{% else %}nobody{% endif %}"
)


def who():
    return jsonify(
        name=current_principal.username if current_principal else None,
        claims=dict(current_claims),
        record=current_record["desk"] if current_record else None,
    )


LOOKUPS = []


@pytest.fixture
def lookups():
    LOOKUPS.clear()
    return LOOKUPS


def with_pages(app):
    @user_lookup(app)
    def staff(principal):
        LOOKUPS.append(principal.username)
        return {"ada": {"desk": 7}}.get(principal.username)

    add(app, "/who", require(scope="protected:read")(who))
    add(app, "/anybody", public(who))
    add(app, "/plain", require(scope="protected:read")(lambda: "in"))
    add(app, "/drawn", require(scope="protected:read", optional=True)(lambda: render_template_string(TEMPLATE)))


restored, app = restored_site.fixtures(routes=with_pages)


@pytest.fixture
def site(app):
    return app


def test_a_token_sets_principal_claims_and_record(site, user):
    issued = factories.api_token(site, user, "protected:read")
    found = Script(site, issued.token).get("/who").json
    assert (found["name"], found["record"]) == ("ada", 7)
    assert found["claims"]["jti"] == issued.credential.key
    assert found["claims"]["scope"] == "protected:read"


def test_a_session_has_no_claims(person):
    assert person.ask("GET", "/who").json == {"name": "ada", "claims": {}, "record": 7}


@pytest.mark.parametrize("header", [None, "Bearer nonsense"])
def test_for_an_anonymous_caller_they_are_false_and_empty(site, lookups, header):
    answer = Script(site).get("/anybody", headers={"Authorization": header} if header else {})
    assert answer.json == {"name": None, "claims": {}, "record": None}
    assert lookups == []


def test_claims_of_a_refused_token_are_never_read(site, user):
    with services_of(site).get(Database).write() as db:
        issued = factories.api_token(site, user)
        db.get_one(type(issued.credential), issued.credential.id).revoked_at = issued.credential.created_at
    assert Script(site, issued.token).get("/anybody").json["claims"] == {}


def test_templates_can_use_them_by_name(site, user):
    answer = Script(site, factories.api_token(site, user).token).get("/drawn")
    assert answer.text == f"ada {user.id}"
    assert Script(site).get("/drawn").text == "nobody"


def test_the_record_is_looked_up_once_and_only_if_it_is_used(site, user, lookups):
    script = Script(site, factories.api_token(site, user).token)
    script.get("/plain")
    assert lookups == []
    script.get("/who")
    assert lookups == ["ada"]


def test_a_user_without_a_record_has_none(site):
    grace = factories.user(site, "grace")
    assert Script(site, factories.api_token(site, grace).token).get("/who").json["record"] is None


def test_a_second_user_lookup_stops_the_start(site):
    with pytest.raises(TypeError, match=r"already registered: .*staff"):
        user_lookup(site)(lambda principal: None)


def test_after_a_login_the_caller_is_the_new_user(person):
    assert person.ask("GET", "/anybody").json["name"] == "ada"


def test_a_record_without_a_user_lookup_is_an_error_that_names_it(make_app):
    with make_app().test_request_context("/"), pytest.raises(LookupError, match="user_lookup"):
        bool(current_record)
