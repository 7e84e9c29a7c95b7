"""The way from the login back to an app: tickets that work once, here, in this browser; and where it may lead."""

from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.forward_auth.proxy import OWN_HOST, PAGE, PROXY, Proxied, again, forwarded, proxied
from webapp.core.clock import now
from webapp.forward_auth.models import ArrivalTicket, ProxiedSession
from webapp.forward_auth.tickets import LIFETIME, MAX_TICKETS, state_digest

WIKI, NOTES = "https://wiki.example.org", "https://notes.example.org"
STATE = "__Host-latchkey-login"


def put_two_apps_behind(app):
    proxied(app, "wiki")
    proxied(app, "notes")


@pytest.fixture(autouse=True)
def apps(restored, app):
    restored.prepare(put_two_apps_behind)


def ticket_of(proxy, url=f"{WIKI}/page"):
    """The URL with a ticket, which the browser has not opened yet."""
    begun, _ = proxy.send(f"{url.rpartition('/')[0]}/.latchkey/login?rd=/page")
    arrival, _ = proxy.send(begun.headers["Location"])
    return arrival.headers["Location"]


def arrive(client, url, **headers):
    return client.get(
        url,
        base_url=url.partition("/.latchkey")[0],
        headers=PAGE | forwarded("GET", url) | headers,
        environ_overrides={"REMOTE_ADDR": PROXY},
    )


def bob(app):
    proxy = Proxied(app)
    proxy.log_in(f"{NOTES}/", "bob")
    return proxy


@pytest.fixture
def logged_in(restored, apps):
    return again(restored.prepare(bob))


def test_a_ticket_works_once(logged_in):
    url = ticket_of(logged_in)
    client = logged_in.person.client
    state = client.get_cookie(STATE, domain="wiki.example.org").value
    first = arrive(client, url)
    assert (first.status_code, first.headers["Location"]) == (303, f"{WIKI}/page")
    client.set_cookie(STATE, state, domain="wiki.example.org", secure=True)
    assert arrive(client, url).status_code == 400


@pytest.mark.parametrize(("later", "status"), [(LIFETIME - timedelta(seconds=1), 303), (LIFETIME, 400)])
def test_a_ticket_is_valid_for_30_seconds(logged_in, later, status):
    with time_machine.travel(now(), tick=False) as clock:
        url = ticket_of(logged_in)
        clock.shift(later)
        assert arrive(logged_in.person.client, url).status_code == status


def test_a_ticket_is_for_one_host(logged_in):
    url = ticket_of(logged_in)
    client = logged_in.person.client
    state = client.get_cookie(STATE, domain="wiki.example.org").value
    client.set_cookie(STATE, state, domain="notes.example.org", secure=True)
    assert arrive(client, url.replace("wiki", "notes")).status_code == 400
    # Nothing was used up by that.
    assert arrive(client, url).status_code == 303


@pytest.mark.parametrize("state", [None, "", "x" * 43])
def test_a_ticket_is_for_one_browser(app, logged_in, state):
    """Otherwise somebody could log others in as themselves with a link."""
    url = ticket_of(logged_in)
    other = Person(app).client
    if state is not None:
        other.set_cookie(STATE, state, domain="wiki.example.org", secure=True)
    assert arrive(other, url).status_code == 400


@pytest.mark.parametrize("ticket", ["", "x", "x" * 43, "x" * 2000, "%00", "%ff", "a&ticket=b"])
def test_a_forged_ticket_is_refused(logged_in, ticket):
    assert arrive(logged_in.person.client, f"{WIKI}/.latchkey/arrive?ticket={ticket}").status_code == 400


def test_a_ticket_of_a_session_that_has_ended_opens_nothing(logged_in):
    url = ticket_of(logged_in)
    client = logged_in.person.client
    logged_in.person.open("/dashboard")
    logged_in.person.press("Log out")
    arrive(client, url)
    assert logged_in.check(f"{WIKI}/page").status_code == 401


def test_a_ticket_arrives_through_a_trusted_proxy_alone(logged_in):
    url = ticket_of(logged_in)
    client = logged_in.person.client
    for peer in ("203.0.113.18", "127.0.0.1"):
        answer = client.get(
            url, base_url=WIKI, headers=PAGE | forwarded("GET", url), environ_overrides={"REMOTE_ADDR": peer}
        )
        assert answer.status_code == 404
    for host in ("unknown.example.org", OWN_HOST):
        assert arrive(client, url, **{"X-Forwarded-Host": host}).status_code == 404
    assert arrive(client, url).status_code == 303


def test_a_session_has_a_bounded_number_of_tickets(app, logged_in):
    for _ in range(MAX_TICKETS + 5):
        ticket_of(logged_in)
    with factories.database_of(app).read() as db:
        assert db.query(ArrivalTicket).count() == MAX_TICKETS


def test_tickets_and_cookies_are_stored_as_digests(app, logged_in):
    url = ticket_of(logged_in)
    secret = url.rpartition("=")[2]
    with factories.database_of(app).read() as db:
        stored = [*db.query(ArrivalTicket).all(), *db.query(ProxiedSession).all()]
        shown = str([{column.key: getattr(row, column.key) for column in row.__table__.columns} for row in stored])
    assert secret not in shown
    assert logged_in.person.client.get_cookie("__Host-latchkey-app", domain="notes.example.org").value not in shown


def test_the_ticket_goes_to_nobody_else(logged_in):
    begun, _ = logged_in.send(f"{WIKI}/.latchkey/login?rd=/page")
    answer, _ = logged_in.send(begun.headers["Location"])
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    arrived = arrive(logged_in.person.client, answer.headers["Location"])
    assert arrived.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in arrived.headers["Cache-Control"]


# Where a login may lead: pages of known apps, and nothing else.
FOREIGN = [
    "",
    "/",
    "/dashboard",
    "//evil.example/",
    "https://evil.example/",
    "https://evil.example",
    "https://wiki.example.org.evil.example/",
    "https://wiki.example.org@evil.example/",
    "https://evil.example#wiki.example.org/",
    "https://evil.example?wiki.example.org/",
    "https:///evil.example",
    "https:wiki.example.org/",
    "javascript:alert(1)",
    "javascript://wiki.example.org/%0aalert(1)",
    "data:text/html,x",
    "ftp://wiki.example.org/",
    "https://wiki.example.org\\@evil.example/",
    "https://evil.example\\.wiki.example.org/",
    "https://wiki.example.org/a b",
    "https://wiki.example.org/\r\nX: y",
    "https://wiki.example.org/\n//evil.example",
    "\thttps://evil.example/",
    "https://wiki.example.org/\x00",
    "https://wiki.example.org/ä",
    "https://wiki.example.org/#fragment",
    "https://wiki.example.org/" + "x" * 3000,
    "https://wiki.example.org:8443/",
    "https://user:pw@wiki.example.org/",
    "https://[::1/",
    f"https://{OWN_HOST}/",
]


@pytest.mark.parametrize("rd", FOREIGN)
@pytest.mark.parametrize("state", [None, state_digest("x" * 43)])
def test_a_login_leads_to_no_other_place(logged_in, rd, state):
    query = f"rd={quote(rd, safe='')}" + (f"&state={state}" if state else "")
    answer = logged_in.person.ask("GET", f"https://{OWN_HOST}/forward-auth/start?{query}")
    assert answer.status_code == 400
    assert "Location" not in answer.headers


RETURNS = [
    ("/page?x=1", "/page?x=1"),
    ("/a%0d%0aX:y", "/a%0d%0aX:y"),
    ("//evil.example", "/"),
    ("/\\evil.example", "/"),
    ("https://evil.example/", "/"),
    ("evil", "/"),
    ("", "/"),
    ("/\r\nX: y", "/"),
    ("/ä", "/"),
    ("/" + "x" * 3000, "/"),
    ("/.latchkey/login?rd=/", "/"),
    ("/.latchkey/arrive?ticket=x", "/"),
]


@pytest.mark.parametrize(("rd", "leads"), RETURNS)
def test_a_login_returns_to_a_path_of_the_same_host(proxy, rd, leads):
    answer, _ = proxy.send(f"{WIKI}/.latchkey/login?rd={quote(rd, safe='')}")
    assert answer.status_code == 303
    where = urlsplit(answer.headers["Location"])
    assert (where.netloc, where.path) == (OWN_HOST, "/forward-auth/start")
    assert f"rd={quote(WIKI + leads, safe='')}&" in where.query
    proxy.log_in(f"{WIKI}/.latchkey/login?rd={quote(rd, safe='')}")
    assert proxy.hops[-1][1].startswith(WIKI)


def test_somebody_who_may_not_open_the_page_gets_no_ticket(app, logged_in):
    proxied(app, "secret", roles=["admin"])
    begun, _ = logged_in.send("https://secret.example.org/.latchkey/login?rd=/")
    answer, _ = logged_in.send(begun.headers["Location"])
    assert answer.status_code == 403
    assert "bob" in answer.text
    with factories.database_of(app).read() as db:
        assert db.query(ArrivalTicket).count() == 0


def test_a_link_without_a_cookie_begins_at_the_host(logged_in):
    answer, _ = logged_in.send(f"https://{OWN_HOST}/forward-auth/start?rd={quote(WIKI + '/page', safe='')}")
    assert answer.headers["Location"].startswith(f"{WIKI}/.latchkey/login?rd=")
    assert logged_in.open(answer.headers["Location"]).headers["Remote-User"] == "bob"


def test_two_tabs_that_log_in_together_both_arrive(app):
    proxy = Proxied(app)
    proxy.log_in(f"{NOTES}/", "bob")
    first, second = ticket_of(proxy), ticket_of(proxy)
    client = proxy.person.client
    state = client.get_cookie(STATE, domain="wiki.example.org").value
    assert arrive(client, first).status_code == 303
    client.set_cookie(STATE, state, domain="wiki.example.org", secure=True)
    assert arrive(client, second).status_code == 303
    assert proxy.check(f"{WIKI}/page").status_code == 200
