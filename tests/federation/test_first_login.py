"""The first login with a provider: a new account, one that exists, or none."""

from tests.browser import Person
from tests.federation.upstream import log_in


def test_the_first_login_creates_an_account_and_the_second_finds_it(app, visitor, upstream):
    page = log_in(visitor, upstream)
    assert page.headers["Location"] == "/login/with/acme/account"
    visitor.open("/login/with/acme/account")
    assert "grace@example.org" in visitor.page.text
    answer = visitor.press("Create account")
    assert "You are logged in as grace." in answer.text
    again = Person(app)
    assert log_in(again, upstream).headers["Location"] == "/dashboard"
    assert "grace" in again.open("/account").text
