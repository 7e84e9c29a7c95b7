"""Pages of mailed links: each holds its own link, so neither another tab nor a login or logout stops it."""

import pytest

from tests import factories
from tests.accounts.password_reset import NEW, ask
from tests.browser import Person

BUTTONS = {"/reset": "Set password", "/not-me": "Cancel the link"}


@pytest.fixture
def tabs(app, user):
    one, two = Person(app), Person(app)
    two.client = one.client
    return one, two


def forget(browser):
    """As a logout, an emergency or a new secret key does."""
    browser.client.delete_cookie("session")


def log_in(browser):
    browser.log_in("ada")


def log_in_and_out(browser):
    browser.log_in("ada")
    browser.press("Log out")


def test_links_of_two_accounts_in_two_tabs_are_not_mixed_up(app, tabs, mailbox):
    factories.user(app, "eve")
    for tab, name in zip(tabs, ("ada", "eve"), strict=True):
        ask(tab, name)
        tab.open(mailbox.link())
    for tab, name in zip(tabs, ("ada", "eve"), strict=True):
        assert tab.press("Set password", password=f"{NEW} {name}").request.path == "/login"
    for name in ("ada", "eve"):
        assert Person(app).log_in(name, f"{NEW} {name}").request.path == "/dashboard"


@pytest.mark.parametrize("meanwhile", [log_in, log_in_and_out, forget])
def test_the_page_of_a_link_works_after_actions_in_another_tab(tabs, mailbox, meanwhile):
    one, two = tabs
    ask(one, "ada")
    one.open(mailbox.link())
    meanwhile(two)
    assert one.press("Set password", password=NEW).request.path == "/login"
    assert two.log_in("ada", NEW).request.path == "/dashboard"


def test_a_form_without_its_link_uses_the_one_in_the_cookie(tabs, mailbox):
    one, _two = tabs
    ask(one, "ada")
    one.open(mailbox.link())
    assert one.press("Set password", password=NEW, link="").request.path == "/login"


@pytest.mark.parametrize("link", ["x", "x" * 5000, "\u00e9", "../.."])
def test_a_forged_link_is_refused(visitor, link):
    for path in ("/reset", "/not-me", "/not-me/token", "/verify", "/account/email/confirm", "/account/email/undo"):
        fields = {"link": link} | ({"password": NEW} if path in ("/reset", "/verify") else {})
        assert visitor.ask("POST", path, data=fields).status_code == 404
