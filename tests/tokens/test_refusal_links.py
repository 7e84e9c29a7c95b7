"""A refusal of a token leads to the page that mends it: its limits, or a form like it and more."""

import json
from datetime import timedelta

import pytest
from markupsafe import escape

from tests import factories
from tests.script import Script
from tests.tables import events
from webapp.core.clock import now
from webapp.guard import login_manager
from webapp.guard.forbidden import BUILDERS, current_call
from webapp.guard.policy import CODES, decide
from webapp.guard.require import requirement_of
from webapp.guard.token_grant import TokenGrant
from webapp.web.problems import page_of


def test_a_refusal_by_a_restriction_links_to_the_page_that_changes_it(person, app, bounded):
    refused = Script(app, bounded.token, ip_address="192.0.2.1").get("/protected")
    assert (refused.json["code"], refused.json["required"]) == ("token_limited", ["network"])
    assert refused.json["fix"] == f"http://localhost:8000/tokens/{bounded.entry.id}/edit"
    person.open(refused.json["fix"].removeprefix("http://localhost:8000"))
    person.press("Save", networks="10.0.0.0/8 192.0.2.1")
    assert Script(app, bounded.token, ip_address="192.0.2.1").get("/protected").status_code == 200


def test_a_missing_scope_links_to_a_form_like_this_token_with_that_scope(person, app, user):
    grant = TokenGrant(frozenset({"profile:read"}), networks=("10.0.0.0/8",), per_minute=9)
    issued = factories.api_token(app, user, name="wall", grant=grant, lifetime=timedelta(days=90))
    refused = Script(app, issued.token).get("/protected").json
    assert (refused["code"], refused["required"]) == ("scope_required", ["protected:read"])
    page = person.open(refused["fix"].removeprefix("http://localhost:8000")).text
    assert 'value="wall 2"' in page
    made = person.press("Create token")
    assert made.status_code == 201
    assert "from 10.0.0.0/8" in made.text
    assert "9 times a minute" in made.text
    days = json.loads(str(events(app, "token.minted")[-1]["details"]))
    assert set(days["scopes"]) == {"profile:read", "protected:read"}


def test_the_suggested_name_is_free(person, app, user):
    issued = factories.api_token(app, user, name="wall")
    factories.api_token(app, user, name="Wall 2")
    assert 'value="wall 3"' in person.open(f"/tokens/new?from={issued.entry.id}").text
    assert 'value="wall 3"' in person.open("/tokens/new?name=wall").text
    assert 'value="fence"' in person.open("/tokens/new?name=fence").text


def test_a_form_like_the_token_of_another_user_is_not_prefilled(person, app):
    foreign = factories.api_token(app, factories.user(app, "grace"), name="graces secret")
    assert "graces secret" not in person.open(f"/tokens/new?from={foreign.entry.id}").text


@pytest.mark.parametrize(
    ("scopes", "ip_address", "words"),
    [(("profile:read",), "10.0.0.7", "Create a token with it"), (("protected:read",), "192.0.2.1", "Edit token")],
)
def test_a_page_that_refuses_a_token_has_the_fix_as_a_button(app, user, scopes, ip_address, words):
    issued = factories.api_token(app, user, grant=TokenGrant(frozenset(scopes), networks=("10.0.0.0/8",)))
    environ = {"REMOTE_ADDR": ip_address}
    headers = {"Authorization": f"Bearer {issued.token}"}
    with app.test_request_context("/protected", headers=headers, environ_base=environ):
        caller = login_manager.caller()
        requirement = requirement_of(app, "examples.protected")
        decision = decide(caller, requirement, now(), current_call())
        refused = BUILDERS[CODES[decision]](caller, requirement, [])
        page = page_of(refused).get_data(as_text=True)
    assert f">{words}</a>" in page
    assert escape(refused.extra["fix"].removeprefix("http://localhost:8000")) in page
