"""One ticket that several requests redeem at once, on SQLite and PostgreSQL."""

from flask import Flask

from tests import factories
from tests.example_counts import times
from tests.forward_auth.proxy import PAGE, PROXY, Proxied, forwarded, proxied
from tests.oauth.test_races import at_once
from webapp.forward_auth.models import ProxiedSession
from webapp.testing import user_named

NOTES = "https://notes.example.org"


def race(app: Flask) -> None:
    """Of ten requests with one ticket, one gets a login."""
    user_named(app, "tickets")
    proxied(app, "wiki")
    proxied(app, "notes")
    proxy = Proxied(app)
    proxy.log_in("https://wiki.example.org/", "tickets")
    for _round in range(times(4)):
        begun, _ = proxy.send(f"{NOTES}/.latchkey/login?rd=/")
        url = proxy.send(begun.headers["Location"])[0].headers["Location"]
        state = proxy.person.client.get_cookie("__Host-latchkey-login", domain="notes.example.org")
        assert state
        sent = PAGE | forwarded("GET", url) | {"Cookie": f"__Host-latchkey-login={state.value}"}

        def redeem(_place: int, url: str = url, sent: dict[str, str] = sent) -> int:
            client = app.test_client(use_cookies=False)
            answer = client.get(url, base_url=NOTES, headers=sent, environ_overrides={"REMOTE_ADDR": PROXY})
            return answer.status_code

        assert sorted(at_once(redeem)) == [303] + [400] * 9
        with factories.database_of(app).read() as db:
            assert db.query(ProxiedSession).filter_by(host="notes.example.org").count() == 1
