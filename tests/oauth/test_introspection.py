"""Introspection and revocation by an app, and the page of a user's apps."""

import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered, status
from tests.script import Script


class TestIntrospectionAndRevocation:
    def test_an_app_sees_its_own_tokens(self, person, user, wiki):
        tokens = wiki.log_in(person)
        for name in ("access_token", "refresh_token"):
            said = wiki.post("/oauth/introspect", token=tokens[name]).json
            assert (said["active"], said["sub"], said["client_id"]) == (True, str(user.id), wiki.client_id)

    def test_of_others_it_learns_nothing_and_ends_nothing(self, app, person, user, wiki):
        tokens, other = wiki.log_in(person), registered(app, "Other")
        own = factories.api_token(app, user).token
        for token in (tokens["access_token"], tokens["refresh_token"], own, "x", tokens["id_token"]):
            assert other.post("/oauth/introspect", token=token).json == {"active": False}
            assert other.post("/oauth/revoke", token=token).status_code == 200
        assert status(app, tokens["access_token"], "/oauth/userinfo") == 200
        assert "access_token" in wiki.refresh(tokens["refresh_token"]).json
        assert status(app, own) == 200

    @pytest.mark.parametrize("name", ["access_token", "refresh_token"])
    def test_what_an_app_revokes_ends_with_the_whole_login(self, app, person, wiki, name):
        tokens = wiki.log_in(person)
        assert wiki.post("/oauth/revoke", token=tokens[name]).status_code == 200
        assert status(app, tokens["access_token"], "/oauth/userinfo") == 401
        assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
        assert wiki.post("/oauth/introspect", token=tokens[name]).json == {"active": False}

    @pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
    def test_an_app_has_to_prove_which_it_is(self, wiki, path):
        answer = Script(wiki.site).post(path, data={"token": "x", "client_id": wiki.client_id})
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
        assert wiki.post(path).json["error"] == "invalid_request"


def test_the_account_page_lists_apps_for_people_and_scripts(app, person, user, wiki):
    assert "No app has access to your account." in person.open("/account/apps").text
    wiki.log_in(person)
    assert "Wiki" in person.open("/account/apps").text
    (found,) = Script(app, factories.api_token(app, user, "profile:read").token).get("/account/apps").json["apps"]
    assert (found["name"], "email" in found["scopes"]) == ("Wiki", True)
    # The login itself; ``Credential.last_used_at`` later.
    assert found["last_used_at"] >= found["given_at"]
    assert "Last used" in person.page.text
    other = Person(app)
    factories.user(app, "grace")
    other.log_in("grace")
    answer = other.ask("POST", f"/account/apps/{wiki.client_id}/withdraw", data={"csrf_token": other.csrf_token})
    assert answer.status_code in (403, 404)
