"""A browser that blocks cookies: it is told so after the login, without a loop of redirects."""

import pytest

from tests import factories
from tests.browser import HTML, Person
from tests.second_factors import with_app

CREDENTIALS = {"username": "ada", "password": factories.PASSWORD, "next": "/tokens?state=ended"}
BLOCKED = "Your browser blocks cookies for this site"


@pytest.fixture
def blocked(app, user):
    client = app.test_client(use_cookies=False)
    headers = {"Accept": HTML, "Sec-Fetch-Site": "same-origin"}

    def call(method, path, **kwargs):
        return client.open(path, method=method, headers=headers, **kwargs)

    return call


def followed(call, answer):
    """The page that redirects lead to."""
    for _ in range(4):
        if answer.status_code != 303:
            return answer
        answer = call("GET", answer.location)
    raise AssertionError("redirected without end")


def test_the_login_page_says_that_cookies_are_blocked_after_the_right_password(blocked):
    page = followed(blocked, blocked("POST", "/login", data=CREDENTIALS))
    assert (page.status_code, BLOCKED in page.text) == (200, True)
    assert 'value="/tokens?state=ended"' in page.text


def test_the_login_page_says_it_before_a_second_step(blocked, app, user):
    with_app(app, user)
    assert BLOCKED in followed(blocked, blocked("POST", "/login", data=CREDENTIALS)).text


def test_the_login_page_says_it_after_a_passkey(blocked):
    assert BLOCKED in blocked("POST", "/login/passkey", data={"response": "{}"}).text


def test_after_a_wrong_password_the_page_does_not_mention_cookies(blocked):
    page = blocked("POST", "/login", data=CREDENTIALS | {"password": "wrong"})
    assert (page.status_code, BLOCKED in page.text) == (422, False)


@pytest.mark.parametrize("path", ["/reset", "/verify", "/not-me", "/not-me/token", "/account/email/confirm"])
def test_the_page_of_a_mailed_link_says_that_no_cookie_was_sent(blocked, path):
    page = blocked("GET", path)
    assert (page.status_code, "sent no cookie" in page.text) == (404, True)


@pytest.mark.parametrize("path", ["/reset/x", "/verify/x", "/not-me/x"])
def test_an_invalid_link_is_refused_with_cookies_or_without(blocked, path):
    assert "This link no longer works" in blocked("GET", path).text


def test_a_browser_without_a_cookie_that_accepts_one_is_logged_in(app, user):
    person = Person(app)
    page = person.visit("POST", "/login", data=CREDENTIALS)
    assert (page.request.path, page.request.query_string) == ("/tokens", b"state=ended")


def test_a_browser_that_sends_cookies_gets_no_such_message(visitor):
    visitor.open("/login")
    assert BLOCKED not in visitor.open("/login?cookies=1").text
