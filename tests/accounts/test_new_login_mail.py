"""A login with an unknown browser is mailed, with a link that ends it without a login."""

from tests import factories
from tests.accounts.password_reset import NEW, set_new
from tests.browser import Person
from tests.mailbox import link_in
from tests.script import Script
from tests.tables import contents


def test_this_was_not_me_ends_the_login_without_logging_in(app, person, user, mailbox):
    thief = Person(app, ip_address="198.51.100.66")
    thief.log_in("ada")
    minted = factories.api_token(app, user)
    mail = mailbox.one()
    assert "198.51.100.66" in mail.content.text
    owner = Person(app)
    owner.open(link_in(mail))
    assert "Your account is secured" in owner.press("Secure my account").text
    assert "Log in" in thief.open("/dashboard").text
    assert Script(app, minted.token).get("/protected").status_code == 401
    assert "Wrong user name or password" in thief.log_in("ada").text
    set_new(owner, mailbox.link())
    assert "Hello" in owner.log_in("ada", NEW).text


def test_opening_the_link_ends_nothing(app, person, user, mailbox):
    """Scanners of mails open every link."""
    Person(app).log_in("ada")
    link = mailbox.link()
    before = contents(app)
    Person(app).open(link)
    assert contents(app) == before


def test_a_login_with_a_known_browser_is_not_mailed(person, user, mailbox):
    person.press("Log out")
    person.log_in("ada")
    assert mailbox.opened() == []
