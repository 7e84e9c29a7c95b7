"""What a refused script is told, and cookies of our names that an app has set."""

import pytest

from tests.forward_auth.proxy import PAGE, PROXY, forwarded, proxied
from webapp.forward_auth.app_settings import RuleSettings

WIKI = "http://wiki.example.org/a"
TWICE = [
    "latchkey-app=x; latchkey-app=y",
    "latchkey-login=1; latchkey-login=2; latchkey-app=x",
    "a=1; latchkey-app=x; latchkey-app=x",
]


@pytest.mark.parametrize("sent", [None, "Basic YTpi", "Basic YTphLmIuYw==", "Bearer a.b.c"])
@pytest.mark.parametrize("authorization", ["basic", "bearer"])
def test_basic_is_offered_where_the_rule_accepts_it(app, proxy, authorization, sent):
    proxied(app, "wiki", RuleSettings(authorization=authorization))
    answer = proxy.check(WIKI, headers={"Authorization": sent} if sent else {})
    offered = answer.headers["WWW-Authenticate"]
    assert answer.status_code == 401
    assert "Bearer realm=" in offered
    assert offered.startswith("Basic ") is (authorization == "basic")


@pytest.mark.parametrize("cookie", TWICE)
@pytest.mark.parametrize("rule", [RuleSettings(), RuleSettings(is_public=True), RuleSettings(authorization="app")])
def test_two_cookies_of_our_names_are_refused(app, cookie, rule):
    proxied(app, "wiki", rule)
    answer = page(app, cookie)
    assert (answer.status_code, "Location" in answer.headers) == (403, False)


@pytest.mark.parametrize("cookie", ["latchkey-app=x", "latchkey-login=1; latchkey-app=x; a=latchkey-app", "b=1"])
def test_one_of_each_is_not(app, cookie):
    proxied(app, "wiki")
    assert page(app, cookie).status_code == 401


def page(app, cookie):
    """The answer to a browser that sends this cookie."""
    client = app.test_client(use_cookies=False)
    headers = PAGE | forwarded("GET", WIKI) | {"Cookie": cookie}
    return client.get("/forward-auth", headers=headers, environ_overrides={"REMOTE_ADDR": PROXY})
