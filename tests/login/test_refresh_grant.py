"""Refresh tokens: each gives an access token and its successor, for so long and for no wider a scope."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.login.scripts import NOON, claims, is_over, log_in, refresh, works
from tests.script import Script
from tests.tables import contents, events, everything
from webapp.accounts import lifecycle
from webapp.accounts.models import User

DAY = timedelta(days=1)


def test_a_refresh_returns_an_access_token_and_a_new_refresh_token(app, user):
    first = log_in(app)
    second = refresh(app, first["refresh_token"])
    assert second.status_code == 200
    assert second.headers["Cache-Control"] == "no-store"
    assert set(second.json) == set(first)
    assert works(app, second.json["access_token"])
    assert claims(second.json["access_token"])["jti"] != claims(first["access_token"])["jti"]
    assert second.json["refresh_token"] != first["refresh_token"]
    assert refresh(app, second.json["refresh_token"]).status_code == 200


def test_the_former_access_token_expires_thirty_seconds_after_the_refresh(app, user, clock):
    first = log_in(app)
    second = refresh(app, first["refresh_token"]).json
    clock.shift(29)
    assert works(app, first["access_token"]), "a request that was on its way"
    clock.shift(1)
    assert Script(app, first["access_token"]).get("/protected").json["code"] == "token_expired"
    assert works(app, second["access_token"])


def test_a_refresh_does_not_extend_former_tokens(app, user, clock):
    first = log_in(app, expires_in=60)
    clock.shift(55)
    refresh(app, first["refresh_token"])
    clock.shift(5)
    assert not works(app, first["access_token"])


@pytest.mark.parametrize("fields", [{}, {"scope": "profile:read"}], ids=["all scopes", "narrower scopes"])
def test_after_sixty_refreshes_at_once_four_access_tokens_are_valid(app, user, clock, fields):
    made = [log_in(app)]
    for _ in range(60):
        clock.shift(0.1)
        made.append(refresh(app, made[-1]["refresh_token"], **fields).json)
    alive = [Script(app, answer["access_token"]).get("/account").status_code == 200 for answer in made]
    assert alive == [False] * 57 + [True] * 4
    clock.shift(30)
    alive = [Script(app, answer["access_token"]).get("/account").status_code == 200 for answer in made]
    assert alive == [False] * 60 + [True]


def test_too_many_refreshes_are_throttled_and_write_nothing(app, user, clock):
    token = log_in(app)["refresh_token"]
    for _ in range(60):
        token = refresh(app, token).json["refresh_token"]
    clock.shift(60)
    before = contents(app)
    answer = refresh(app, token)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "540")
    assert contents(app) == before
    clock.shift(540)
    assert refresh(app, token).status_code == 200


def test_a_throttled_login_does_not_affect_others(app, user, clock):
    token, other = log_in(app)["refresh_token"], log_in(app)["refresh_token"]
    for _ in range(60):
        token = refresh(app, token).json["refresh_token"]
    assert refresh(app, token).status_code == 429
    assert refresh(app, other).status_code == 200


def test_the_refresh_token_can_be_sent_in_a_form(app, user):
    sent = {"refresh_token": log_in(app)["refresh_token"], "grant_type": "refresh_token"}
    assert Script(app).post("/api/auth/refresh", data=sent).status_code == 200


def test_a_refresh_reads_no_cookie_and_sets_none(app, user, person):
    answer = person.ask("POST", "/api/auth/refresh", json={"refresh_token": log_in(app)["refresh_token"]})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_an_unused_refresh_token_expires(app, user, clock):
    first = log_in(app)["refresh_token"]
    clock.shift(14 * DAY - timedelta(seconds=1))
    second = refresh(app, first).json["refresh_token"]
    clock.shift(14 * DAY)
    assert is_over(refresh(app, second))


def test_the_family_expires_however_often_it_is_refreshed_with_all_its_tokens(app, user, clock):
    answer = log_in(app, expires_in=2 * 86400)
    for _ in range(89):
        clock.shift(DAY)
        answer = refresh(app, answer["refresh_token"]).json
    assert (answer["expires_in"], answer["refresh_expires_in"]) == (86400, 86400)
    clock.shift(DAY)
    assert not works(app, answer["access_token"])
    assert is_over(refresh(app, answer["refresh_token"]))


def test_lifetimes_are_settings(make_app, user):
    app = make_app(WEBAPP_REFRESH_LIFETIME="2h", WEBAPP_REFRESH_FAMILY_LIFETIME="3h")
    with time_machine.travel(NOON, tick=False) as clock:
        answer = log_in(app)
        assert answer["refresh_expires_in"] == 7200
        clock.shift(7000)
        assert refresh(app, answer["refresh_token"]).json["refresh_expires_in"] == 3800


def test_a_narrower_scope_applies_only_to_this_access_token(app, user):
    first = log_in(app)
    narrow = refresh(app, first["refresh_token"], scope="profile:read").json
    assert narrow["scope"] == "profile:read"
    assert not works(app, narrow["access_token"])
    assert refresh(app, narrow["refresh_token"]).json["scope"] == first["scope"]


@pytest.mark.parametrize("scope", ["protected:read admin:read", "tokens:read", "nonsense", "x" * 1001])
def test_a_wider_scope_is_400_and_does_not_use_the_token(app, scope):
    factories.user(app, "ada", role="super_admin")
    first = log_in(app, scope="protected:read")["refresh_token"]
    before = contents(app)
    answer = refresh(app, first, scope=scope)
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["scope"])
    assert contents(app) == before
    assert refresh(app, first).status_code == 200


def test_a_lost_role_is_lost_at_the_next_refresh(app, database):
    admin = factories.user(app, "ada", role="admin")
    factories.user(app, role="super_admin")
    answer = log_in(app, scope="admin:read protected:read")
    only_admin = log_in(app, scope="admin:read")
    with database.write() as db:
        lifecycle.change_role(db, db.get_one(User, admin.id), "user")
    assert refresh(app, answer["refresh_token"]).json["scope"] == "protected:read"
    assert refresh(app, only_admin["refresh_token"]).status_code == 400


def test_refresh_tokens_of_two_users_are_independent(app, user):
    factories.user(app, "eve")
    ada, eve = log_in(app), log_in(app, "eve")
    assert claims(refresh(app, eve["refresh_token"]).json["access_token"])["sub"] != str(user.id)
    assert claims(refresh(app, ada["refresh_token"]).json["access_token"])["sub"] == str(user.id)


def test_only_digests_are_stored_and_no_token_is_logged(app, instance, user, logged, clock):
    told = [log_in(app)["refresh_token"]]
    told.append(refresh(app, told[0]).json["refresh_token"])
    refresh(app, told[0])
    refresh(app, told[1][:-1])
    clock.shift(31)
    refresh(app, told[0])
    kept = everything(instance / "latchkey.db")
    assert [token for token in told if token.removeprefix("lkr_") in kept] == []
    assert "lkr_" not in logged()
    assert [event for event in events(app) if "lkr_" in str(event)] == []


def test_each_refresh_is_an_audit_event(app, user, clock):
    """ASVS 16.3.1."""
    token = log_in(app)["refresh_token"]
    refresh(app, token)
    clock.shift(31)
    refresh(app, token)
    refresh(app, token)
    found = [event["event"] for event in events(app) if str(event["event"]).startswith("refresh.")]
    assert found == ["refresh.used", "refresh.reused", "refresh.refused"]


def test_recent_activity_does_not_list_every_refresh(app, user, person):
    token = log_in(app)["refresh_token"]
    for _ in range(9):
        token = refresh(app, token).json["refresh_token"]
    assert "refreshed" not in person.open("/dashboard").text
    assert "A script refreshed its login" in person.open("/account/activity?kind=tokens").text
