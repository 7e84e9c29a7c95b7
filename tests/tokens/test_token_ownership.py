"""Whose a token is: nobody else reads or ends it, and no token makes or ends tokens."""

from tests import factories
from tests.script import Script
from tests.tables import contents
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of


def test_the_token_of_another_user_is_404(person, app, foreign):
    before = contents(app)
    for path in (f"/tokens/{foreign.entry.id}", f"/tokens/{foreign.entry.id}/revoke"):
        assert person.open(path).status_code == 404
    person.open("/tokens/new")
    fields = {"csrf_token": person.csrf_token}
    assert person.ask("POST", f"/tokens/{foreign.entry.id}/revoke", data=fields).status_code == 404
    assert contents(app) == before
    assert "graces" not in person.open("/tokens").text


def test_a_token_can_list_only_tokens_of_its_owner(script, foreign):
    answer = script.get("/tokens")
    assert "graces" not in answer.text
    assert script.get(f"/tokens/{foreign.entry.id}").status_code == 404


def test_revoking_all_ends_only_own_tokens(person, app, user, foreign):
    own = factories.api_token(app, user)
    person.open("/tokens/revoke-all")
    person.press("Revoke")
    assert Script(app, own.token).get("/protected").status_code == 401
    assert Script(app, foreign.token).get("/protected").status_code == 200


def test_a_token_cannot_create_or_revoke_tokens(app, user):
    script = Script(app, factories.api_token(app, user, *services_of(app).get(Catalogue).held_by(("user",))).token)
    before = contents(app)
    for path in (
        "/tokens/new",
        "/tokens/revoke-all",
        f"/tokens/{'1' * 8}-1111-4111-8111-{'1' * 12}/revoke",
        "/logout",
        "/confirm",
    ):
        assert script.post(path, json={"name": "child", "scopes": ["profile:read"]}).status_code == 403
    assert contents(app) == before
