"""What ends the login of a script: whatever ends tokens, its own length, and the button beside it."""

from datetime import timedelta

import pytest

from tests import factories
from tests.login.scripts import is_over, log_in, refresh, works
from tests.outbox_mails import mails
from tests.script import Script
from webapp.accounts import disavow, lifecycle, one_time_links
from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.one_time_links import NOT_ME
from webapp.core.clock import now
from webapp.credentials import purge
from webapp.mail.mailer import Mailer
from webapp.web.registry import services_of

DAY = timedelta(days=1)
READS = ["tokens:read", "protected:read"]

ENDS = {
    "disabling": lambda db, user: lifecycle.disable(db, user),
    "the kill switch": lambda db, user: lifecycle.end_everything(db, user.id),
    "closing the account": lambda db, user: lifecycle.close(db, user),
    "deleting the account": lambda db, user: lifecycle.delete(db, user),
}


@pytest.mark.parametrize("way", ENDS)
def test_events_that_end_tokens_end_script_logins(app, database, user, way):
    answer = log_in(app)
    with database.write() as db:
        ENDS[way](db, db.get_one(User, user.id))
    assert not works(app, answer["access_token"])
    assert is_over(refresh(app, answer["refresh_token"]))


def test_credentials_ended_by_disabling_stay_ended(app, database, user):
    answer = log_in(app)
    for action in (lifecycle.disable, lifecycle.enable):
        with database.write() as db:
            action(db, db.get_one(User, user.id))
    assert is_over(refresh(app, answer["refresh_token"]))


def test_a_user_with_an_unverified_email_address_is_refused_until_it_is_verified(app, database, user):
    token = log_in(app)["refresh_token"]
    with database.write() as db:
        db.get_one(User, user.id).verification_required_at = now()
    assert is_over(refresh(app, token))
    with database.write() as db:
        db.get_one(User, user.id).verification_required_at = None
    assert refresh(app, token).status_code == 200


def change_password(person, **fields):
    new = {"password": factories.PASSWORD, "new_password": "another horse, another staple"}
    headers = {"Accept": "application/json", "X-CSRF-Token": person.csrf_token}
    return person.ask("POST", "/account/password", json=new | fields, headers=headers)


@pytest.mark.parametrize(("revokes", "ended", "kept"), [(False, 0, 2), (True, 2, 0)])
def test_a_new_password_ends_script_logins_and_optionally_api_tokens_and_counts_them(
    app, user, person, revokes, ended, kept
):
    first, second = log_in(app), log_in(app)
    refresh(app, second["refresh_token"])
    tokens = [factories.api_token(app, user).token for _ in range(2)]
    page = person.open("/account/password").text
    assert "It also ends 2 script logins: curl/8.5.0" in page
    assert "Revoke my 2 API tokens as well" in page
    answer = change_password(person, revoke_tokens=revokes).json
    assert (answer["script_logins"], answer["tokens"], answer["tokens_kept"]) == (2, ended, kept)
    for login in (first, second):
        assert not works(app, login["access_token"])
        assert is_over(refresh(app, login["refresh_token"]))
    assert [works(app, token) for token in tokens] == [not revokes] * 2
    said = f"Ended: 0 sessions, 2 script logins, {ended} API tokens."
    assert said in mails(app)[-1].text
    assert ("2 API tokens still work." in mails(app)[-1].text) is not revokes


def test_revoking_all_tokens_ends_script_logins_and_counts_each_as_one(app, user, person):
    factories.api_token(app, user)
    answer = log_in(app)
    refresh(app, answer["refresh_token"])
    person.open("/tokens/revoke-all")
    assert "Revoked: 1 API token and 1 script login." in person.press("Revoke 1 token and 1 script login").text
    assert not works(app, answer["access_token"])
    assert is_over(refresh(app, answer["refresh_token"]))


def test_this_was_not_me_ends_all_script_logins_whenever_they_began(app, database, user, clock):
    before = log_in(app)
    clock.shift(60)
    since = log_in(app)
    facts = {"what": "new_login", "since": now().isoformat()}
    with database.write() as db:
        secret = one_time_links.create(db, NOT_ME, DAY, user_id=user.id, email=user.email, facts=facts)
        here, get = RequestOrigin(now(), None, "a test"), services_of(app).get
        done = disavow.disavow(db, get(Mailer), secret, factories.HASHED, here, get(NonPasskeyLogins))
    assert done.ended.script_logins == 2
    assert "You reported that this wasn't you. Ended: 0 sessions, 2 script logins" in mails(app)[-1].text
    for login in (before, since):
        assert not works(app, login["access_token"])
        assert is_over(refresh(app, login["refresh_token"]))


def test_a_script_login_is_one_entry_with_a_button_that_ends_it(app, user, person):
    answer = log_in(app)
    token = refresh(app, answer["refresh_token"]).json["refresh_token"]
    for path in ("/tokens", "/account/security"):
        page = person.open(path)
        assert page.text.count("curl/8.5.0") >= 1
    assert "The script was logged out." in person.press("Log out curl/8.5.0").text
    assert is_over(refresh(app, token))
    assert not works(app, answer["access_token"])


def test_the_script_login_of_another_user_is_404(app, user, person):
    factories.user(app, "eve")
    eve, mine = log_in(app, "eve", scopes=READS), log_in(app, scopes=READS)
    (listed,) = Script(app, eve["access_token"]).get("/tokens").json["script_logins"]
    assert listed["id"] not in str(Script(app, mine["access_token"]).get("/tokens").json)
    person.open("/tokens")
    headers = {"X-CSRF-Token": person.csrf_token}
    assert person.ask("POST", f"/tokens/logins/{listed['id']}/end", headers=headers).status_code == 404
    assert works(app, eve["access_token"])


def test_an_access_token_that_outlives_its_login_is_listed_and_can_be_ended(app, database, user, person, clock):
    answer = log_in(app, expires_in=200 * 86400)
    clock.shift(100 * DAY)
    person.log_in("ada")
    assert is_over(refresh(app, answer["refresh_token"]))
    assert works(app, answer["access_token"])
    assert "No refresh token" in person.open("/tokens").text
    person.press("Log out curl/8.5.0")
    assert not works(app, answer["access_token"])


def test_a_script_login_is_not_deleted_before_its_last_access_token(app, database, user, clock):
    """Else nothing that ends logins would end it."""
    answer = log_in(app, expires_in=200 * 86400, scopes=READS)
    clock.shift(181 * DAY)
    with database.write() as db:
        assert purge.purge(db, retention=90 * DAY) == 0
    assert len(Script(app, answer["access_token"]).get("/tokens").json["script_logins"]) == 1
    clock.shift(110 * DAY)
    with database.write() as db:
        assert purge.purge(db, retention=90 * DAY) == 2
