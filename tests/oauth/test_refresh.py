"""Refresh tokens of apps, and tokens of service accounts: who gets them, and what ends them."""

from datetime import timedelta

import jwt
import pytest
import time_machine

from tests import factories
from tests.oauth.app import App, registered, status
from tests.script import Script
from webapp.accounts import service_accounts, user_queries
from webapp.accounts.service_rules import Owner
from webapp.core.clock import now
from webapp.oauth import clients


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


class TestRefresh:
    def test_an_id_token_at_a_refresh_is_about_the_same_login(self, person, wiki):
        """OpenID Connect Core §12.2."""
        first = wiki.log_in(person)
        at_login = claims(first["id_token"])
        with time_machine.travel(now() + timedelta(minutes=5), tick=False):
            second = wiki.refresh(first["refresh_token"]).json
        renewed = claims(second["id_token"])
        kept = ("iss", "sub", "aud", "auth_time", "acr", "amr", "preferred_username")
        assert {name: renewed[name] for name in kept} == {name: at_login[name] for name in kept}
        assert renewed["iat"] > at_login["iat"]
        assert renewed.keys() & {"nonce", "sid"} == set()
        assert "id_token" not in wiki.refresh(second["refresh_token"], scope="protected:read profile").json

    def test_a_refresh_token_works_once_and_its_reuse_ends_the_login(self, app, person, wiki):
        first = wiki.log_in(person)
        second = wiki.refresh(first["refresh_token"]).json
        assert set(second["scope"].split()) == set(first["scope"].split())
        with time_machine.travel(now() + timedelta(minutes=2), tick=False):
            assert wiki.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
            assert wiki.refresh(second["refresh_token"]).json["error"] == "invalid_grant"
            assert status(app, second["access_token"], "/oauth/userinfo") == 401

    def test_a_repeat_within_the_overlap_gets_the_same_successor(self, person, wiki):
        first = wiki.log_in(person)
        answers = [wiki.refresh(first["refresh_token"]).json for _ in range(3)]
        assert len({answer["refresh_token"] for answer in answers}) == 1

    def test_without_offline_access_there_is_none(self, person, wiki):
        assert "refresh_token" not in wiki.log_in(person, scope="openid email")

    def test_it_can_be_narrowed_but_not_widened(self, person, wiki):
        token = wiki.log_in(person, scope="openid offline_access")["refresh_token"]
        assert wiki.refresh(token, scope="openid email").json["error"] == "invalid_scope"
        assert wiki.refresh(token, scope="openid").json["scope"] == "openid"

    def test_another_app_can_neither_use_nor_end_it(self, app, person, wiki):
        token = wiki.log_in(person)["refresh_token"]
        assert registered(app, "Other").refresh(token).json["error"] == "invalid_grant"
        assert "access_token" in wiki.refresh(token).json

    def test_it_is_no_refresh_token_of_a_script(self, app, person, wiki):
        token = wiki.log_in(person)["refresh_token"]
        answer = Script(app).post("/api/auth/refresh", data={"refresh_token": token})
        assert (answer.status_code, answer.json["code"]) == (401, "refresh_invalid")
        assert "access_token" in wiki.refresh(token).json

    def test_a_refresh_token_of_a_script_is_none_of_an_app(self, app, user, wiki):
        sent = {"username": user.username, "password": factories.PASSWORD}
        token = Script(app).post("/api/auth", json=sent).json["refresh_token"]
        assert wiki.refresh(token).json["error"] == "invalid_grant"
        assert Script(app).post("/api/auth/refresh", data={"refresh_token": token}).status_code == 200

    @pytest.mark.parametrize("what", ["disabled", "closed", "everything ended", "withdrawn", "role"])
    def test_it_ends_with(self, app, person, user, what):
        wiki = registered(app, roles=["user"])
        tokens = wiki.log_in(person)
        if what == "everything ended":
            person.open("/account/security/end-everything")
            person.ask("POST", "/account/security/end-everything", data={"csrf_token": person.csrf_token})
        elif what == "withdrawn":
            person.open("/account/apps")
            assert "no access any more" in person.press("Withdraw access").text
        else:
            with factories.database_of(app).write() as db:
                found = user_queries.by_id(db, user.id)
                if what == "disabled":
                    found.disabled_at = now()
                elif what == "closed":
                    found.closes_at = now() + timedelta(days=7)
                else:
                    clients.by_name_or_id(db, "Wiki").roles = ["admin"]
        answer = wiki.refresh(tokens["refresh_token"])
        assert answer.json["error"] == "invalid_grant"
        if what != "role":
            assert status(app, tokens["access_token"], "/oauth/userinfo") in (401, 403)


class TestClientCredentials:
    @pytest.fixture
    def robot(self, app, user) -> App:
        with factories.database_of(app).write() as db:
            owner = Owner(user=user_queries.by_id(db, user.id))
            account = service_accounts.create(db, "robot", role="user", owner=owner, purpose="reads", origin="test")
        return registered(app, "Robot", scopes=["protected:read"], service_account_id=account.id)

    def test_it_gets_a_token_of_its_service_account(self, app, robot):
        answer = robot.post("/oauth/token", grant_type="client_credentials").json
        assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}
        assert Script(app, answer["access_token"]).get("/protected").json["username"] == "robot"
        asked = robot.post("/oauth/token", grant_type="client_credentials", scope="protected:read admin:read")
        assert asked.json["error"] == "invalid_scope"

    def test_others_may_not(self, app, wiki):
        phone = registered(app, "Phone", is_public=True)
        for client in (wiki, phone):
            answer = client.post("/oauth/token", grant_type="client_credentials")
            assert answer.json["error"] == "unauthorized_client"
