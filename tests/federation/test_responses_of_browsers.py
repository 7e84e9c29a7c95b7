"""A response counts once, for the login and the browser that it belongs to."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.federation.upstream import FROM_OUTSIDE, Upstream, come_back, leave, linked, log_in, provided, reached
from webapp.core.clock import now
from webapp.federation.models import LoginProvider

CALLBACK = "/login/with/acme/callback"


@pytest.fixture
def ada(app, upstream):
    user = factories.user(app, "ada")
    linked(app, user)
    return user


def is_logged_in(person):
    return person.ask("GET", "/account").status_code == 200


def refused(person, query, path=CALLBACK):
    answer = person.ask("GET", f"{path}?{query}", headers=FROM_OUTSIDE)
    assert answer.status_code == 400
    assert "This login cannot be continued" in answer.text
    assert not is_logged_in(person)
    return True


WRONG = {
    "no parameters": lambda _given: "",
    "state is missing": lambda given: urlencode({"code": given["code"], "iss": given["iss"]}),
    "state is empty": lambda given: urlencode(given | {"state": ""}),
    "state of nobody": lambda given: urlencode(given | {"state": "x" * 43}),
    "state with more": lambda given: urlencode(given | {"state": given["state"] + "x"}),
    "state in capitals": lambda given: urlencode(given | {"state": given["state"].swapcase()}),
    "state is not ASCII": lambda given: f"state=%ff%00%c3%a9&code={given['code']}",
    "state with a lone surrogate": lambda given: urlencode(given | {"state": b"\xed\xa0\x80"}),
    "state twice": lambda given: urlencode(given) + f"&state={given['state']}",
    "code twice": lambda given: urlencode(given) + f"&code={given['code']}",
    "iss twice": lambda given: urlencode(given) + "&iss=https://other.example.org",
    "an error twice": lambda given: urlencode(given) + "&error=a&error=b",
    "a huge code": lambda given: urlencode(given | {"code": "c" * 4097}),
    "a huge error": lambda given: urlencode(given | {"error_description": "e" * 4097}),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_response_that_is_not_one_of_this_browser_is_refused(ada, visitor, upstream, change):
    given = upstream.authorized(leave(visitor))
    assert refused(visitor, change(given))
    assert not [path for method, path, _form in upstream.requests if method == "POST"]


def test_login_csrf_a_response_counts_only_in_the_browser_that_began(app, ada, visitor, upstream):
    given = upstream.authorized(leave(visitor))
    other = Person(app)
    assert refused(other, urlencode(given))
    leave(other)
    assert refused(other, urlencode(given))
    assert come_back(visitor, given).headers["Location"] == "/dashboard"


def test_a_response_counts_once_even_with_the_former_cookie(app, ada, visitor, upstream):
    url = leave(visitor)
    former = visitor.client.get_cookie("session").value
    given = upstream.authorized(url)
    come_back(visitor, given)
    assert is_logged_in(visitor)
    thief = Person(app)
    thief.client.set_cookie("session", former)
    assert refused(thief, urlencode(given | {"code": upstream.authorized(url)["code"]}))


def test_a_response_that_failed_cannot_be_repeated(ada, visitor, upstream):
    given = upstream.authorized(leave(visitor))
    assert (
        come_back(visitor, {"state": given["state"], "iss": given["iss"], "error": "server_error"}).status_code == 400
    )
    assert refused(visitor, urlencode(given))


@pytest.mark.parametrize(("minutes", "is_accepted"), [(9, True), (11, False)])
def test_a_login_takes_ten_minutes_at_most(ada, visitor, upstream, minutes, is_accepted):
    url = leave(visitor)
    with time_machine.travel(now() + timedelta(minutes=minutes), tick=False):
        given = upstream.authorized(url)
        assert is_accepted == (come_back(visitor, given).status_code == 303)
        assert is_logged_in(visitor) == is_accepted


def test_logins_in_several_tabs_go_on_and_the_oldest_of_five_is_dropped(app, ada, visitor, upstream):
    urls = [leave(visitor, f"/login/with/acme?next=/docs?tab={tab}") for tab in range(5)]
    assert len(visitor.cookie) < 2000
    assert refused(visitor, urlencode(upstream.authorized(urls[0])))
    answer = come_back(visitor, upstream.authorized(urls[3]))
    assert answer.headers["Location"] == "/docs?tab=3"
    # A session starts with an empty cookie.
    assert come_back(visitor, upstream.authorized(urls[1])).status_code == 400
    assert is_logged_in(visitor)


def test_long_paths_do_not_make_the_cookie_too_large(ada, visitor, upstream):
    urls = [leave(visitor, f"/login/with/acme?next=/docs?{'x' * 900}") for _tab in range(4)]
    assert len(visitor.cookie) < 3000
    assert come_back(visitor, upstream.authorized(urls[3])).status_code == 303


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_callback_is_a_get(ada, visitor, upstream, method):
    given = upstream.authorized(leave(visitor))
    assert visitor.ask(method, CALLBACK, data=given, headers=FROM_OUTSIDE).status_code == 405
    assert come_back(visitor, given).status_code == 303


def test_a_response_of_one_provider_is_refused_at_another(app, ada, visitor, upstream):
    """Mix-up (RFC 9700 §4.4): the attacker's provider never gets the code of the honest one."""
    evil = Upstream(issuer="https://evil.example.org")
    provided(app, evil, slug="evil")
    reached(app, upstream)
    honest = upstream.authorized(leave(visitor))
    assert refused(visitor, urlencode(honest), "/login/with/evil/callback")
    # The browser was sent to the honest one by the evil one, whose callback it comes back to.
    reached(app, evil)
    begun = evil.authorized(leave(visitor, "/login/with/evil"))
    stolen = upstream.authorized(leave_with(app, upstream, visitor))
    reached(app, evil)
    answer = come_back(visitor, {"code": stolen["code"], "state": begun["state"], "iss": upstream.issuer}, slug="evil")
    assert answer.status_code == 502
    assert not [path for method, path, _form in evil.requests if method == "POST"]
    assert not is_logged_in(visitor)


def leave_with(app, upstream, person):
    reached(app, upstream)
    return leave(person)


def test_a_provider_that_is_disabled_meanwhile_logs_nobody_in(app, ada, visitor, upstream):
    given = upstream.authorized(leave(visitor))
    with factories.database_of(app).write() as db:
        db.query(LoginProvider).one().disabled_at = now()
    assert come_back(visitor, given).status_code == 404
    assert visitor.ask("GET", "/login/with/acme").status_code == 404
    assert not is_logged_in(visitor)


def test_the_session_of_a_login_is_a_new_one(app, ada, visitor, upstream):
    """Session fixation: what was in the browser before opens nothing afterwards."""
    leave(visitor)
    former = visitor.client.get_cookie("session").value
    visitor.log_in("ada")
    by_password = visitor.client.get_cookie("session").value
    visitor.open("/dashboard")
    visitor.press("Log out")
    assert log_in(visitor, upstream).headers["Location"] == "/dashboard"
    found = visitor.client.get_cookie("session").value
    assert len({former, by_password, found}) == 3
    for cookie in (former, by_password):
        other = Person(app)
        other.client.set_cookie("session", cookie)
        assert not is_logged_in(other)


def test_a_response_does_not_replace_a_session_that_began_meanwhile(app, ada, visitor, upstream):
    factories.user(app, "grace")
    given = upstream.authorized(leave(visitor))
    visitor.log_in("grace")
    assert come_back(visitor, given).status_code == 400
    assert "grace" in visitor.open("/account").text
