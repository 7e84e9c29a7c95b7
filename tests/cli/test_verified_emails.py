"""An e-mail address counts as verified only if a link came by mail and by no other way: every way in, one table."""

import pytest

from tests.accounts.password_reset import NEW as NEW_PASSWORD
from tests.accounts.registration_calls import SMTP
from tests.admin.admin_objects import by_session
from tests.browser import Person
from tests.cli.email_sources import (
    ADDRESS,
    added,
    another_name_by_mail,
    changed,
    changed_back,
    changed_back_and_reset,
    confirm,
    forgotten,
    invited_by_command,
    invited_by_json,
    invited_by_page,
    not_me,
    own_address_asked_for,
    own_address_confirmed,
    provider,
    registered,
    registered_and_verified,
    reset_by_admin,
    reset_by_admin_page,
    reset_by_command,
    setup,
    shown_by_command,
    shown_by_json,
    shown_by_page,
    typed_at,
    verified_by_the_second_link,
    verified_changed_and_changed_back,
)
from tests.factories import user
from tests.login import directory
from tests.tables import account

MAILED = [
    pytest.param(setup, False, id="typed at the setup link"),
    pytest.param(added, False, id="typed by an operator"),
    pytest.param(invited_by_page, True, id="an invitation that a page mailed"),
    pytest.param(invited_by_json, True, id="an invitation that a JSON request mailed"),
    pytest.param(invited_by_command, True, id="an invitation that a command mailed"),
    pytest.param(typed_at(shown_by_page, is_followed=False), False, id="typed at an invitation that a page showed"),
    pytest.param(typed_at(shown_by_page, is_followed=True), True, id="and verified"),
    pytest.param(typed_at(shown_by_json, is_followed=False), False, id="typed at an invitation that JSON showed"),
    pytest.param(typed_at(shown_by_json, is_followed=True), True, id="and verified as well"),
    pytest.param(typed_at(shown_by_command, is_followed=False), False, id="typed at one that a command showed"),
    pytest.param(typed_at(shown_by_command, is_followed=True), True, id="and verified too"),
    pytest.param(registered, False, id="registered"),
    pytest.param(registered_and_verified, True, id="registered and verified"),
    pytest.param(verified_by_the_second_link, True, id="verified by a second link"),
    pytest.param(another_name_by_mail, True, id="registered by the mail that says a name is taken"),
    pytest.param(forgotten, True, id="a mailed reset link"),
    pytest.param(reset_by_admin, True, id="a reset link that a JSON request mailed"),
    pytest.param(reset_by_admin_page, True, id="a reset link that a page mailed"),
    pytest.param(reset_by_command, False, id="a reset link that a command showed"),
    pytest.param(own_address_asked_for, False, id="a link to one's own address, not followed"),
    pytest.param(own_address_confirmed, True, id="a link to one's own address"),
    pytest.param(changed, True, id="another address"),
    pytest.param(changed_back, False, id="undone to an address that was not verified"),
    pytest.param(verified_changed_and_changed_back, True, id="undone to an address that was verified"),
    pytest.param(not_me, True, id="the reset link after this was not me"),
    pytest.param(provider(), True, id="an identity provider vouches"),
    pytest.param(provider(email_verified=False), False, id="an identity provider does not vouch"),
]


@pytest.mark.parametrize(("way", "is_verified"), MAILED)
def test_links_verify_email_addresses_with_a_mail_server(make_app, run, people, way, is_verified):
    app = make_app(WEBAPP_REGISTRATION="open", WEBAPP_IDENTITY_PROVIDER=directory.PROVIDER, **SMTP)
    way(app, run)
    assert_is(app, is_verified)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(setup, id="typed at the setup link"),
        pytest.param(added, id="typed by an operator"),
        pytest.param(registered_and_verified, id="registered and verified"),
        pytest.param(verified_by_the_second_link, id="verified by a second link"),
        pytest.param(another_name_by_mail, id="registered by the mail that says a name is taken"),
        pytest.param(forgotten, id="a reset link in the log"),
        pytest.param(reset_by_admin, id="a reset link in the answer to an admin"),
        pytest.param(reset_by_admin_page, id="a reset link on an admin's page"),
        pytest.param(own_address_confirmed, id="a link to one's own address"),
        pytest.param(changed, id="another address"),
        pytest.param(changed_back_and_reset, id="undone, and the reset link that comes with it"),
        pytest.param(not_me, id="the reset link after this was not me"),
    ],
)
def test_without_a_mail_server_nothing_is_verified_and_logins_work(make_app, run, way):
    app = make_app(WEBAPP_REGISTRATION="open")
    way(app, run)
    assert_is(app, False)
    person = Person(app)
    if "Hello" not in person.log_in("eve").text:
        person.log_in("eve", NEW_PASSWORD)
    assert person.open("/account").status_code == 200
    assert "not verified" in person.page.text
    assert "Send a link to" not in person.page.text


def assert_is(app, is_verified):
    eve = account(app, "eve")
    assert eve.email is not None
    assert (eve.email_verified_at is not None) is is_verified
    boss = by_session(app, user(app, role="admin").username)
    assert boss.get(f"/admin/users/{eve.id}").json["is_verified"] is is_verified


def test_the_account_page_offers_a_link_if_it_can_be_mailed(make_app, run):
    app = make_app(**SMTP)
    person = added(app, run)
    assert "Hello" in person.log_in("eve").text
    assert f"{ADDRESS} is not verified" in person.open("/account/security").text
    assert "not verified" in person.open("/account").text
    person.press(f"Send a link to {ADDRESS}")
    confirm(app)
    assert "not verified" not in person.open("/account").text
    assert "is not verified" not in person.open("/account/security").text


def test_only_self_registered_users_need_the_link_before_the_first_login(make_app, run):
    app = make_app(WEBAPP_REGISTRATION="open", **SMTP)
    registered(app, run)
    assert "Verify your e-mail address first" in Person(app).log_in("eve").text
