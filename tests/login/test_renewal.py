"""Refresh tokens: each works once, a lost answer is forgiven, and what comes twice ends all that came of the login."""

import sqlite3
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.login.scripts import NOON, claims, log_in, refresh, works
from tests.script import Script
from tests.tables import contents, events, everything
from tests.tokens.forging import claims_of, signed
from webapp.accounts import closing, links, taking_back
from webapp.accounts.links import NOT_ME
from webapp.accounts.models import User
from webapp.accounts.notices import Here
from webapp.app import close, create_app
from webapp.credentials import purging
from webapp.kernel.clock import now
from webapp.settings import Settings
from webapp.tokens import script_logins

DAY = timedelta(days=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def is_over(answer, code="refresh_invalid"):
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["code"] == code
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Latchkey"'
    return True


def test_a_refresh_token_gives_an_access_token_and_its_successor(app, user):
    first = log_in(app)
    second = refresh(app, first["refresh_token"])
    assert second.status_code == 200
    assert second.headers["Cache-Control"] == "no-store"
    assert set(second.json) == set(first)
    assert works(app, second.json["access_token"])
    assert claims(second.json["access_token"])["jti"] != claims(first["access_token"])["jti"]
    assert second.json["refresh_token"] != first["refresh_token"]
    assert refresh(app, second.json["refresh_token"]).status_code == 200


def test_the_former_access_token_works_as_long_as_it_was_made_for(app, user):
    first = log_in(app)
    refresh(app, first["refresh_token"])
    assert works(app, first["access_token"])


def test_it_is_read_from_a_form_as_well(app, user):
    sent = {"refresh_token": log_in(app)["refresh_token"], "grant_type": "refresh_token"}
    assert Script(app).post("/api/auth/refresh", data=sent).status_code == 200


def test_it_reads_no_cookie_and_sets_none(app, user, person):
    answer = person.ask("POST", "/api/auth/refresh", json={"refresh_token": log_in(app)["refresh_token"]})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_used_token_ends_its_family_and_every_access_token_of_it_at_once(app, user, clock):
    first = log_in(app)
    second = refresh(app, first["refresh_token"]).json
    clock.shift(11)
    assert is_over(refresh(app, first["refresh_token"]), "refresh_reused")
    for answer in (first, second):
        assert Script(app, answer["access_token"]).get("/protected").json["code"] == "token_revoked"
        assert is_over(refresh(app, answer["refresh_token"]))
    (reused,) = events(app, "refresh.reused")
    assert reused["user_id"] == user.id.hex


def test_reuse_ends_no_other_login(app, user, clock):
    other, first = log_in(app), log_in(app)
    refresh(app, first["refresh_token"])
    clock.shift(11)
    refresh(app, first["refresh_token"])
    assert works(app, other["access_token"])
    assert refresh(app, other["refresh_token"]).status_code == 200


def test_a_lost_answer_is_forgiven_with_the_same_successor(app, user, clock):
    first = log_in(app)["refresh_token"]
    lost = refresh(app, first).json
    clock.shift(9)
    again = refresh(app, first).json
    assert again["refresh_token"] == lost["refresh_token"]
    assert again["access_token"] != lost["access_token"]
    assert works(app, again["access_token"])
    assert refresh(app, again["refresh_token"]).status_code == 200


def test_a_lost_answer_is_forgiven_once(app, user, clock):
    first = log_in(app)["refresh_token"]
    refresh(app, first)
    assert refresh(app, first).status_code == 200
    assert is_over(refresh(app, first), "refresh_reused")


def test_an_answer_whose_token_was_used_was_not_lost(app, user, clock):
    first = log_in(app)["refresh_token"]
    second = refresh(app, first).json["refresh_token"]
    third = refresh(app, second).json["refresh_token"]
    assert is_over(refresh(app, first), "refresh_reused")
    assert is_over(refresh(app, third))


def test_ten_seconds_later_nothing_is_forgiven(app, user, clock):
    first = log_in(app)["refresh_token"]
    refresh(app, first)
    clock.shift(10)
    assert is_over(refresh(app, first), "refresh_reused")


def test_a_clock_put_back_by_a_minute_revives_nothing(app, user, clock):
    first = log_in(app)["refresh_token"]
    refresh(app, first)
    clock.shift(-60)
    assert is_over(refresh(app, first), "refresh_reused")


def test_reuse_is_seen_after_a_restart(make_app, user):
    """Keycloak, CVE-2026-9802: a used refresh token was good again after a restart."""
    with time_machine.travel(NOON, tick=False) as clock:
        before = make_app()
        first = log_in(before)["refresh_token"]
        second = refresh(before, first).json["refresh_token"]
        clock.shift(3600)
        after = make_app()
        assert is_over(refresh(after, first), "refresh_reused")
        assert is_over(refresh(after, second))


def test_a_lost_answer_is_forgiven_after_a_restart_with_a_new_secret_key(app, instance, user, clock):
    first = log_in(app)["refresh_token"]
    lost = refresh(app, first).json["refresh_token"]
    former = app.secret_key
    chosen = {"WEBAPP_SECRET_KEY": "kJ8-new-Xq4vB2nM6tR9wZ3yL7pD1sF5gH0", "WEBAPP_SECRET_KEY_FALLBACKS": former}
    again = create_app(Settings.from_env({"WEBAPP_INSTANCE": str(instance)} | chosen))
    assert refresh(again, first).json["refresh_token"] == lost
    assert refresh(again, lost).status_code == 200
    close(again)


def test_after_yesterdays_database_was_restored_what_came_since_is_refused(make_app, instance, user):
    app, file = make_app(), instance / "latchkey.db"
    first = log_in(app)["refresh_token"]
    with sqlite3.connect(file) as live, sqlite3.connect(instance / "backup") as backup:
        live.backup(backup)
    second = refresh(app, first).json
    third = refresh(app, second["refresh_token"]).json
    with sqlite3.connect(instance / "backup") as backup, sqlite3.connect(file) as live:
        backup.backup(live)
    assert is_over(refresh(app, third["refresh_token"]))
    assert not works(app, third["access_token"])


def test_it_ends_when_it_was_not_used_for_long(app, user, clock):
    first = log_in(app)["refresh_token"]
    clock.shift(14 * DAY - timedelta(seconds=1))
    second = refresh(app, first).json["refresh_token"]
    clock.shift(14 * DAY)
    assert is_over(refresh(app, second))


def test_the_family_ends_however_often_it_is_refreshed_and_no_token_of_it_later(app, user, clock):
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


def test_a_narrower_scope_holds_for_this_access_token_alone(app, user):
    first = log_in(app)
    narrow = refresh(app, first["refresh_token"], scope="profile:read").json
    assert narrow["scope"] == "profile:read"
    assert not works(app, narrow["access_token"])
    assert refresh(app, narrow["refresh_token"]).json["scope"] == first["scope"]


@pytest.mark.parametrize("scope", ["protected:read admin:read", "tokens:read", "nonsense", "x" * 1001])
def test_a_wider_scope_is_400_and_costs_nothing(app, scope):
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
        closing.change_role(db, db.get_one(User, admin.id), "user")
    assert refresh(app, answer["refresh_token"]).json["scope"] == "protected:read"
    assert refresh(app, only_admin["refresh_token"]).status_code == 400


ENDS = {
    "disabling": lambda db, user: closing.disable(db, user),
    "the kill switch": lambda db, user: closing.end_everything(db, user.id),
    "closing the account": lambda db, user: closing.close(db, user),
    "deleting the account": lambda db, user: closing.delete(db, user),
}


@pytest.mark.parametrize("way", ENDS)
def test_what_ends_tokens_ends_logins_of_scripts(app, database, user, way):
    answer = log_in(app)
    with database.write() as db:
        ENDS[way](db, db.get_one(User, user.id))
    assert not works(app, answer["access_token"])
    assert is_over(refresh(app, answer["refresh_token"]))


def test_what_was_ended_by_disabling_stays_ended(app, database, user):
    answer = log_in(app)
    for deed in (closing.disable, closing.enable):
        with database.write() as db:
            deed(db, db.get_one(User, user.id))
    assert is_over(refresh(app, answer["refresh_token"]))


def test_who_has_not_proven_the_address_is_refused_until_they_have(app, database, user):
    token = log_in(app)["refresh_token"]
    with database.write() as db:
        ada = db.get_one(User, user.id)
        known, ada.email_verified_at = ada.email_verified_at, None
    assert is_over(refresh(app, token))
    with database.write() as db:
        db.get_one(User, user.id).email_verified_at = known
    assert refresh(app, token).status_code == 200


@pytest.mark.parametrize(("revokes", "ends"), [("y", True), ("", False)])
def test_a_new_password_ends_them_as_it_ends_tokens(app, user, person, revokes, ends):
    token = log_in(app)["refresh_token"]
    person.open("/account/password")
    person.press(
        "Change password",
        password=factories.PASSWORD,
        new_password="another horse, another staple",
        revoke_tokens=revokes,
    )
    assert (refresh(app, token).status_code == 401) is ends


def test_revoking_all_tokens_ends_them_and_counts_each_login_as_one(app, user, person):
    factories.api_token(app, user)
    answer = log_in(app)
    refresh(app, answer["refresh_token"])
    person.open("/tokens/revoke-all")
    assert "2 tokens are revoked" in person.press("Revoke one token and one script login").text
    assert not works(app, answer["access_token"])
    assert is_over(refresh(app, answer["refresh_token"]))


def test_this_was_not_me_ends_logins_of_scripts_made_since(app, database, user, clock):
    before = log_in(app)
    clock.shift(60)
    since = log_in(app)
    facts = {"what": "new_login", "since": now().isoformat()}
    with database.write() as db:
        secret = links.make(db, NOT_ME, DAY, user_id=user.id, address=user.email, facts=facts)
        taking_back.disown(db, app.extensions["post"], secret, factories.HASHED, Here(now(), None, "a test"))
    assert refresh(app, before["refresh_token"]).status_code == 200
    assert is_over(refresh(app, since["refresh_token"]))


GOOD = "lkr_" + "A" * 43


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"refresh_token": ""}, id="an empty text"),
        pytest.param({"refresh_token": None}, id="null"),
        pytest.param({"refresh_token": 5}, id="a number"),
        pytest.param({"refresh_token": True}, id="true"),
        pytest.param({"refresh_token": [GOOD]}, id="a list"),
        pytest.param({"refresh_token": [GOOD, GOOD]}, id="two"),
        pytest.param({"refresh_token": {"value": GOOD}}, id="an object"),
        pytest.param({"refresh_token": GOOD, "scope": ["a"]}, id="a list of scopes"),
        pytest.param([], id="a list instead of an object"),
        pytest.param(None, id="null instead of an object"),
        pytest.param(7, id="a number instead of an object"),
    ],
)
def test_what_has_another_shape_is_400(app, body):
    """GHSA-f6hc-c5jr-878p: an empty refresh token was accepted."""
    assert Script(app).post("/api/auth/refresh", json=body).status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD, id="one that was never made"),
        pytest.param(GOOD[:-1], id="a character short"),
        pytest.param(GOOD + "A", id="a character long"),
        pytest.param("lkr_", id="the prefix alone"),
        pytest.param(" ", id="a space"),
        pytest.param("ä" * 47, id="letters of another alphabet"),
        pytest.param("lkr_" + "A" * 60_000, id="sixty kilobytes"),
        pytest.param("LKR_" + "A" * 43, id="another case"),
        pytest.param("' OR 1=1 --", id="a piece of SQL"),
    ],
)
def test_what_is_none_of_ours_is_401(app, user, text):
    assert is_over(refresh(app, text))


def test_more_than_a_body_may_have_is_413(app):
    assert refresh(app, "lkr_" + "A" * 70_000).status_code == 413


def test_a_token_cut_grown_or_in_another_case_does_not_hold_and_harms_nothing(app, user):
    token = log_in(app)["refresh_token"]
    for changed in (token[:-1], token + "A", token.swapcase(), token + "\n", " " + token, token.replace("lkr_", "")):
        assert refresh(app, changed).status_code == 401
    assert refresh(app, token).status_code == 200


def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(app, user):
    answer = log_in(app)
    assert is_over(refresh(app, answer["access_token"]))
    refused = Script(app, answer["refresh_token"]).get("/protected")
    assert (refused.status_code, refused.json["code"]) == (401, "token_invalid")


def test_no_access_token_names_a_family(app, database, user):
    log_in(app)
    with database.read() as db:
        (login,) = script_logins.live(db, user.id)
    forged = signed(app, claims_of(app, user, jti=login.id.hex))
    assert Script(app, forged).get("/protected").json["code"] == "token_invalid"


def test_the_cookie_of_a_session_refreshes_nothing(app, user, person):
    assert is_over(refresh(app, person.cookie))


def test_two_users_stay_apart(app, user):
    factories.user(app, "eve")
    ada, eve = log_in(app), log_in(app, "eve")
    assert claims(refresh(app, eve["refresh_token"]).json["access_token"])["sub"] != str(user.id)
    assert claims(refresh(app, ada["refresh_token"]).json["access_token"])["sub"] == str(user.id)


def test_refusals_are_counted_by_address_and_successes_are_not(make_app, user):
    app = make_app(WEBAPP_LOGIN_TRIES_PER_ADDRESS="5")
    token = log_in(app)["refresh_token"]
    for _ in range(8):
        answer = refresh(app, token)
        token = answer.json["refresh_token"]
    assert [refresh(app, GOOD).status_code for _ in range(6)] == [401] * 5 + [429]
    throttled = refresh(app, token)
    assert (throttled.status_code, throttled.json["code"]) == (429, "throttled")
    assert refresh(app, token, address="203.0.113.9").status_code == 200


def test_only_digests_are_kept_and_no_token_is_logged(app, instance, user, logged, clock):
    told = [log_in(app)["refresh_token"]]
    told.append(refresh(app, told[0]).json["refresh_token"])
    refresh(app, told[0])
    refresh(app, told[1][:-1])
    clock.shift(11)
    refresh(app, told[0])
    kept = everything(instance / "latchkey.db")
    assert [token for token in told if token.removeprefix("lkr_") in kept] == []
    assert "lkr_" not in logged()
    assert [event for event in events(app) if "lkr_" in str(event)] == []


def test_each_try_is_written_down(app, user, clock):
    """ASVS 16.3.1."""
    token = log_in(app)["refresh_token"]
    refresh(app, token)
    clock.shift(11)
    refresh(app, token)
    refresh(app, token)
    found = [event["event"] for event in events(app) if str(event["event"]).startswith("refresh.")]
    assert found == ["refresh.used", "refresh.reused", "refresh.refused"]


def test_a_person_is_not_told_of_every_refresh_where_only_the_latest_is_shown(app, user, person):
    token = log_in(app)["refresh_token"]
    for _ in range(9):
        token = refresh(app, token).json["refresh_token"]
    assert "refreshed" not in person.open("/dashboard").text
    assert "A script refreshed its login" in person.open("/account/activity?kind=tokens").text


def test_the_login_of_a_script_is_one_entry_with_a_button_that_ends_it(app, user, person):
    answer = log_in(app)
    token = refresh(app, answer["refresh_token"]).json["refresh_token"]
    for path in ("/tokens", "/account/security"):
        page = person.open(path)
        assert page.text.count("curl/8.5.0") >= 1
    assert "has ended" in person.press("End curl/8.5.0").text
    assert is_over(refresh(app, token))
    assert not works(app, answer["access_token"])


def test_the_login_of_another_is_not_there(app, user, person):
    factories.user(app, "eve")
    eve, mine = log_in(app, "eve"), log_in(app)
    (listed,) = Script(app, eve["access_token"]).get("/tokens").json["script_logins"]
    assert listed["id"] not in str(Script(app, mine["access_token"]).get("/tokens").json)
    person.open("/tokens")
    headers = {"X-CSRF-Token": person.csrf_token}
    assert person.ask("POST", f"/tokens/logins/{listed['id']}/end", headers=headers).status_code == 404
    assert works(app, eve["access_token"])


def test_a_token_that_outlasts_its_login_is_still_listed_and_can_be_ended(app, database, user, person, clock):
    answer = log_in(app, expires_in=200 * 86400)
    clock.shift(100 * DAY)
    person.log_in("ada")
    assert is_over(refresh(app, answer["refresh_token"]))
    assert works(app, answer["access_token"])
    assert "It does not refresh" in person.open("/tokens").text
    person.press("End curl/8.5.0")
    assert not works(app, answer["access_token"])


def test_a_token_that_outlasts_its_login_outlasts_its_being_thrown_away(app, database, user, clock):
    answer = log_in(app, expires_in=200 * 86400)
    clock.shift(181 * DAY)
    with database.write() as db:
        assert purging.purge(db, kept=90 * DAY) == 1
    assert works(app, answer["access_token"])
    assert "api-" in str(Script(app, answer["access_token"]).get("/tokens").json["tokens"])
