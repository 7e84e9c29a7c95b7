"""Making an account: open, by invitation, or not at all; and what strangers learn by trying."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.factories import PASSWORD
from tests.mailbox import Mailbox, link_in
from tests.tables import contents, events
from webapp.accounts import browsing, closing, invitations, links
from webapp.accounts.invitations import Wish
from webapp.accounts.models import User
from webapp.accounts.sign_up import SIGN_UP
from webapp.kernel.clock import now

SMTP = {"WEBAPP_SMTP_URL": "smtp://127.0.0.1:9"}


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_REGISTRATION="open", **SMTP)


@pytest.fixture
def mailbox(app):
    return Mailbox(app)


def register(browser, name="eve", email="eve@example.org", password=PASSWORD):
    browser.open("/register")
    fields = {"username": name, "password": password} | ({"email": email} if email else {})
    return browser.press("Register", **fields)


def invite(app, **wish):
    with app.extensions["database"].write() as db:
        return invitations.make(db, Wish(**wish))


def found(app, name):
    with app.extensions["database"].read() as db:
        return browsing.named(db, name)


def test_an_account_is_opened_by_the_mailed_link_and_its_password(stranger, mailbox):
    assert "Look into your mailbox" in register(stranger).text
    stranger.open(mailbox.link())
    assert "Your address is verified" in stranger.press("Verify my address", password=PASSWORD).text
    assert "Hello" in stranger.log_in("eve").text


def test_before_that_it_may_not_log_in_and_can_have_the_mail_again(stranger, mailbox):
    register(stranger)
    first = mailbox.link()
    assert "Verify your address first" in stranger.log_in("eve").text
    stranger.press("Send the mail again")
    assert stranger.ask("GET", first).status_code == 404
    assert stranger.ask("GET", mailbox.link()).status_code == 303


def test_a_wrong_password_learns_nothing_of_what_waits(stranger, mailbox):
    register(stranger)
    assert "do not go together" in stranger.log_in("eve", "wrong wrong wrong wrong").text
    assert "Log in first" in stranger.open("/verify/again").text.replace("Log in</a> first", "Log in first")


def test_a_script_is_told_as_well(app, stranger, mailbox):
    register(stranger)
    answer = app.test_client().post("/api/auth", json={"username": "eve", "password": PASSWORD})
    assert (answer.status_code, answer.json["title"]) == (403, "Verify your address first")


def test_guesses_at_the_password_that_waits_are_counted(app, stranger, mailbox):
    register(stranger)
    link = mailbox.link()
    for number in range(10):
        browser = Person(app, address=f"198.51.{number}.7")
        browser.open(link)
        assert browser.press("Verify my address", password=f"wrong wrong {number}").status_code == 422
    stranger.open(link)
    answer = stranger.press("Verify my address", password=PASSWORD)
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert found(app, "eve").is_unverified


def test_the_mail_comes_again_four_times_an_hour_and_nobody_is_told_of_the_end(app, stranger, mailbox):
    register(stranger)
    mailbox.opened()
    stranger.log_in("eve")
    said = [stranger.press("Send the mail again").text for _ in range(6)]
    assert all("on its way again" in text for text in said)
    assert len(mailbox.opened()) == 4


def test_a_mailbox_is_not_flooded_by_registrations_and_nobody_is_told(app, mailbox):
    answers = [register(Person(app), f"eve{number}", "ada@example.org") for number in range(6)]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    assert len(mailbox.opened()) == 4


def test_one_network_may_not_register_everybody(app, mailbox):
    browser = Person(app)
    statuses = [register(browser, f"eve{number}", f"eve{number}@example.org").status_code for number in range(31)]
    assert (set(statuses[:30]), statuses[30]) == ({200}, 429)
    assert register(Person(app, address="192.0.2.1")).status_code == 200


def test_whoever_typed_anothers_address_gets_no_account_by_their_click(stranger, mailbox):
    register(stranger, "mallory", "victim@example.org")
    victim = Person(stranger.app)
    victim.open(mailbox.link())
    victim.press("Verify my address", password="what the victim would type")
    assert found(stranger.app, "mallory").is_unverified


def test_a_forgotten_password_takes_the_account_from_whoever_only_typed_the_address(stranger, mailbox):
    register(stranger, "mallory", "victim@example.org")
    mailbox.opened()
    victim = Person(stranger.app)
    victim.open("/forgot")
    victim.press("Send me the link", username="victim@example.org")
    victim.open(mailbox.link())
    victim.press("Set the password", password="umbrella otter lantern 9")
    assert "do not go together" in stranger.log_in("mallory").text
    assert "Hello" in victim.log_in("mallory", "umbrella otter lantern 9").text


@pytest.mark.parametrize(
    "taken", [{"name": "ada"}, {"email": "ada@example.org"}, {"name": "ADA", "email": "ADA@example.org"}]
)
def test_what_is_taken_is_answered_as_what_is_free(app, stranger, user, mailbox, taken):
    free = register(Person(app), "bob", "bob@example.org")
    answer = register(stranger, **{"name": "eve", "email": "eve@example.org"} | taken)
    assert (answer.status_code, answer.request.path) == (free.status_code, free.request.path)
    assert answer.text == free.text


@pytest.mark.parametrize("address", ["ada@example.org", "eve@example.org"], ids=["taken", "free"])
def test_whether_it_is_taken_is_looked_at_when_the_answer_is_on_its_way(app, stranger, user, mailbox, address):
    stranger.open("/register")
    before = contents(app)
    fields = {"username": "eve", "email": address, "password": PASSWORD, "csrf_token": stranger.csrf_token}
    answer = stranger.ask("POST", "/register", data=fields, buffered=False)
    assert (answer.status_code, contents(app)) == (303, before)
    answer.close()
    assert mailbox.one().to == address


def test_the_owner_of_a_taken_address_is_told_and_nobody_else(stranger, user, mailbox):
    register(stranger, "eve", "ADA@example.org")
    mail = mailbox.one()
    assert (mail.to, mail.content.subject) == ("ada@example.org", "You have an account at Latchkey already")
    assert found(stranger.app, "eve") is None


def test_a_disabled_owner_is_told_nothing(app, stranger, user, mailbox):
    with app.extensions["database"].write() as db:
        closing.disable(db, db.get(User, user.id))
    register(stranger, "eve", "ada@example.org")
    assert mailbox.opened() == []


def test_a_taken_name_is_told_by_mail_with_a_link_to_choose_another(stranger, user, mailbox):
    register(stranger, "Ada", "eve@example.org")
    mail = mailbox.one()
    assert mail.to == "eve@example.org"
    stranger.open(link_in(mail))
    stranger.press("Register", username="eve", password=PASSWORD)
    assert "Hello" in stranger.log_in("eve").text


def test_who_registers_once_more_before_the_address_is_verified_gets_the_link_again(stranger, mailbox):
    register(stranger)
    first = mailbox.link()
    register(stranger, "Eve", "EVE@example.org")
    assert stranger.ask("GET", first).status_code == 404
    stranger.open(mailbox.link())
    assert "Your address is verified" in stranger.press("Verify my address", password=PASSWORD).text


def test_who_registers_once_more_does_not_change_the_password_that_waits(stranger, mailbox):
    register(stranger)
    mailbox.opened()
    register(Person(stranger.app), password="another person at another desk")
    stranger.open(mailbox.link())
    again = stranger.press("Verify my address", password="another person at another desk")
    assert "not the password of this account" in again.text
    assert "Your address is verified" in stranger.press("Verify my address", password=PASSWORD).text


def test_what_nobody_verified_is_free_again_after_two_days(stranger, mailbox):
    register(stranger, "eve", "eve@example.org")
    mailbox.opened()
    with time_machine.travel(now() + timedelta(days=2, seconds=1)):
        late = Person(stranger.app)
        register(late, "eve", "other@example.org")
        late.open(mailbox.link())
        late.press("Verify my address", password=PASSWORD)
    assert found(stranger.app, "eve").email == "other@example.org"


def test_a_disabled_account_is_verified_by_no_link(app, stranger, mailbox):
    register(stranger, "eve", "eve@example.org")
    stranger.open(mailbox.link())
    with app.extensions["database"].write() as db:
        eve = db.merge(found(app, "eve"))
        closing.disable(db, eve)
        late = links.make(db, SIGN_UP, timedelta(days=1), user_id=eve.id, address=eve.email)
    assert stranger.press("Verify my address", password=PASSWORD).status_code == 404
    assert stranger.ask("GET", f"/verify/{late}").status_code == 404
    assert found(app, "eve").is_unverified


def test_a_role_that_is_sent_along_is_not_looked_at(stranger, mailbox):
    stranger.open("/register")
    stranger.press(
        "Register",
        username="eve",
        email="eve@example.org",
        password=PASSWORD,
        role="super_admin",
        email_verified_at="1",
        is_verified="1",
        invitation="x",
    )
    eve = found(stranger.app, "eve")
    assert (eve.role, eve.is_unverified) == ("user", True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "eve@example.org\r\nBcc: all@example.org"),
        ("email", "eve@example.org,ada@example.org"),
        ("email", "Eve <eve@example.org>"),
        ("email", "eve@localhost"),
        ("email", "eve@house.local"),
        ("username", "eve\r\nSubject: x"),
        ("username", "аda"),
        ("username", "раура"),
        ("username", "eve@example.org"),
        ("username", "a" * 51),
        ("username", "ⅷ"),
        ("password", "eve"),
        ("password", "passwordpassword"),
        ("password", "my name is everard"),
        ("password", "latchkey latchkey latchkey"),
        ("password", "a" * 300),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_changes_nothing(app, stranger, field, value):
    before = contents(app)
    stranger.open("/register")
    sent = {"username": "everard", "email": "eve@example.org", "password": PASSWORD} | {field: value}
    answer = stranger.press("Register", **sent)
    assert answer.status_code == 422
    assert "another look" in answer.text
    assert contents(app) == before


def test_a_domain_of_the_house_is_accepted_by_setting(make_app):
    app = make_app(WEBAPP_REGISTRATION="open", WEBAPP_EMAIL_SPECIAL_DOMAINS="local,lan", **SMTP)
    register(Person(app), "eve", "eve@house.local")
    assert found(app, "eve@house.local")


def test_names_are_kept_as_typed(app, stranger, mailbox):
    register(stranger, "Ève.Straße", "Eve.Long@Example.org")
    eve = found(app, "ÈVE.STRASSE")
    assert (eve.username, eve.email) == ("Ève.Straße", "Eve.Long@example.org")


def test_a_closed_house_takes_nobody_in(make_app):
    app = make_app(WEBAPP_REGISTRATION="closed")
    stranger = Person(app)
    assert stranger.open("/register").status_code == 403
    assert stranger.ask("GET", invite(app).path).status_code == 403


def test_without_an_invitation_the_house_says_how_to_get_one(make_app):
    answer = Person(make_app()).open("/register")
    assert answer.status_code == 403
    assert "by invitation" in answer.text


def test_an_invitation_bound_to_an_address_verifies_it(make_app):
    app = make_app(**SMTP)
    stranger = Person(app)
    stranger.open(invite(app, email="eve@example.org", role="admin").path)
    stranger.press("Register", username="eve", password=PASSWORD, role="super_admin", email="other@example.org")
    assert "Hello" in stranger.log_in("eve").text
    eve = found(app, "eve")
    assert (eve.email, eve.role, eve.is_unverified) == ("eve@example.org", "admin", False)


def test_an_open_invitation_has_the_address_verified(make_app):
    app = make_app(**SMTP)
    mailbox, stranger = Mailbox(app), Person(app)
    stranger.open(invite(app).path)
    assert "/register/" not in stranger.page.request.path
    stranger.press("Register", username="eve", email="eve@example.org", password=PASSWORD)
    stranger.open(mailbox.link())
    stranger.press("Verify my address", password=PASSWORD)
    assert "Hello" in stranger.log_in("eve").text


def test_where_no_mail_can_be_sent_no_address_is_asked(make_app):
    app = make_app()
    stranger = Person(app)
    assert "E-mail" not in stranger.open(invite(app).path).text
    stranger.press("Register", username="eve", password=PASSWORD)
    assert "Hello" in stranger.log_in("eve").text


@pytest.mark.parametrize("how", ["used", "expired", "revoked", "its maker disabled", "its maker demoted"])
def test_an_invitation_that_is_over_lets_nobody_in(make_app, how):
    app = make_app()
    boss, _ = factories.user(app, "boss", role="super_admin"), factories.user(app, "other", role="super_admin")
    with app.extensions["database"].write() as db:
        made = invitations.make(db, Wish(role="admin"), by=boss.id)
    if how == "used":
        first = Person(app)
        first.open(made.path)
        first.press("Register", username="eve", password=PASSWORD)
    with app.extensions["database"].write() as db:
        if how == "revoked":
            assert invitations.revoke(db, made.invitation.id)
        if how == "its maker disabled":
            closing.disable(db, db.get(User, boss.id))
        if how == "its maker demoted":
            closing.change_role(db, db.get(User, boss.id), "admin")
    with time_machine.travel(now() + (timedelta(days=7) if how == "expired" else timedelta())):
        assert Person(app).ask("GET", made.path).status_code == 404


def test_a_name_that_is_taken_costs_an_invited_person_nothing(make_app):
    app = make_app()
    factories.user(app, "ada")
    stranger = Person(app)
    stranger.open(invite(app).path)
    assert "Somebody has this name already" in stranger.press("Register", username="Ada", password=PASSWORD).text
    stranger.press("Register", username="eve", password=PASSWORD)
    assert found(app, "eve")


def test_no_secret_stands_in_a_log_or_an_event(app, stranger, mailbox, logged):
    register(stranger)
    link = mailbox.link()
    stranger.open(link)
    stranger.press("Verify my address", password=PASSWORD)
    said = logged() + repr(events(app))
    assert link.rpartition("/")[2] not in said
    assert PASSWORD not in said


def test_what_one_types_is_estimated_and_not_kept(app, stranger):
    before = contents(app)
    stranger.open("/register")

    def estimate(password):
        body = {"password": password, "username": "eve", "email": ""}
        headers = {"X-CSRF-Token": stranger.csrf_token, "Accept": "application/json"}
        return stranger.client.post("/password-strength", json=body, headers=headers).json

    assert estimate("short")["fits"] is False
    assert "lost" in estimate("passwordpassword")["says"]
    assert estimate(PASSWORD) == {"fits": True, "score": 4, "says": "Very hard to guess."}
    assert contents(app) == before


def test_what_one_types_is_judged_by_the_role_that_the_page_names(make_app):
    app = make_app(WEBAPP_SECOND_FACTOR_FOR="admin", **SMTP)
    stranger = Person(app)
    page = stranger.open(invite(app, role="admin").path).text
    assert "At least 8 characters" in page
    assert 'for-role="admin"' in page

    def fits(**more):
        headers = {"X-CSRF-Token": stranger.csrf_token, "Accept": "application/json"}
        return stranger.client.post("/password-strength", json={"password": "kVx9-qpw"} | more, headers=headers).json

    assert fits(role="admin")["fits"]
    assert "at least 15" in fits()["says"]
    assert "at least 15" in fits(role="no such role")["says"]
