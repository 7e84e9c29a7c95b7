"""Logins at apps: what ends them, where their cookies count, and to whom the answer is a page."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import HTML
from tests.forward_auth.proxy import OWN_HOST, PAGE, PROXY, Proxied, again, forwarded, proxied
from tests.tables import contents
from webapp.accounts import lifecycle as accounts
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.proxied_apps import note_change
from webapp.testing import user_named

WIKI, NOTES = "https://wiki.example.org", "https://notes.example.org"
COOKIE = "__Host-latchkey-app"


def log_in_at_two_apps(app):
    proxied(app, "wiki", hosts=["wiki.example.org", "w.example.net"])
    proxied(app, "notes")
    proxy = Proxied(app)
    proxy.log_in(f"{WIKI}/", "bob")
    proxy.open(f"{NOTES}/")
    return proxy


@pytest.fixture
def logged_in(restored, app):
    """A browser that is logged in at two apps."""
    return again(restored.prepare(log_in_at_two_apps))


def cookie_of(proxy, host="wiki.example.org", name=COOKIE):
    found = proxy.person.client.get_cookie(name, domain=host)
    return found.value if found else None


def status_with(proxy, cookie, url=f"{WIKI}/", name=COOKIE):
    """Of another browser, which sends this cookie."""
    host = url.removesuffix("/").partition("//")[2]
    answer = proxy.app.test_client(use_cookies=False).get(
        "/forward-auth",
        base_url=f"https://{host}",
        headers=forwarded("GET", url) | {"Cookie": f"{name}={cookie}"},
        environ_overrides={"REMOTE_ADDR": PROXY},
    )
    return answer.status_code


def end_by_logout(proxy, _db):
    proxy.person.open("/dashboard")
    proxy.person.press("Log out")


def end_by_disabling(proxy, db):
    accounts.disable(db, db.get(User, user_named(proxy.app, "bob").id))


def end_by_end_everything(proxy, db):
    accounts.end_everything(db, user_named(proxy.app, "bob").id)


def end_by_new_password(proxy, db):
    credentials.end_all(db, user_named(proxy.app, "bob").id, kind="session")


def end_by_removing_the_app(_proxy, db):
    for row in lifecycle.list_apps(db):
        lifecycle.remove(db, row, lifecycle.AppEditor("cli"))


def end_by_disabling_the_app(_proxy, db):
    for row in lifecycle.list_apps(db):
        lifecycle.disable(db, row, lifecycle.AppEditor("cli"))


def end_by_another_audience(_proxy, db):
    for row in lifecycle.list_apps(db):
        row.roles = ["admin"]
    note_change(db)


ENDS = [end_by_logout, end_by_disabling, end_by_end_everything, end_by_new_password]
ENDS += [end_by_removing_the_app, end_by_disabling_the_app, end_by_another_audience]


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_login_counts_with_the_next_request_at_every_app(app, logged_in, end):
    assert [logged_in.check(f"{url}/").status_code for url in (WIKI, NOTES)] == [200, 200]
    if end is end_by_logout:
        end(logged_in, None)
    else:
        with factories.database_of(app).write() as db:
            end(logged_in, db)
    assert {logged_in.check(f"{url}/").status_code for url in (WIKI, NOTES)} <= {401, 403}


@pytest.mark.parametrize(("later", "status"), [(timedelta(hours=11), 200), (timedelta(hours=13), 401)])
def test_a_login_ends_without_use(logged_in, later, status):
    with time_machine.travel(now() + later, tick=False):
        assert logged_in.check(f"{WIKI}/").status_code == status


def test_a_session_that_is_replaced_stays_logged_in_at_its_apps(app, logged_in):
    person = logged_in.person
    person.open("/confirm?next=/dashboard")
    person.press("Confirm", password=factories.PASSWORD)
    assert logged_in.check(f"{WIKI}/").headers["Remote-User"] == "bob"
    end_by_logout(logged_in, None)
    assert logged_in.check(f"{WIKI}/").status_code == 401


def test_a_cookie_is_for_one_host_alone(logged_in):
    cookie = cookie_of(logged_in)
    assert status_with(logged_in, cookie) == 200
    assert status_with(logged_in, cookie, f"{NOTES}/") == 401
    assert status_with(logged_in, cookie, "https://w.example.net/") == 401
    assert status_with(logged_in, cookie, "http://wiki.example.org/") == 401


@pytest.mark.parametrize("name", ["latchkey-app", "__Secure-latchkey-app", "__host-latchkey-app", "session"])
def test_a_cookie_of_another_name_does_not_count(logged_in, name):
    assert status_with(logged_in, cookie_of(logged_in), name=name) == 401


def test_no_other_secret_is_a_login_at_an_app(app, logged_in):
    own = logged_in.person.client.get_cookie("__Host-session", domain=OWN_HOST)
    assert own
    others = [own.value, "", "x", "x" * 65, cookie_of(logged_in)[:-1], cookie_of(logged_in).upper()]
    assert {status_with(logged_in, other) for other in others} == {401}


def test_a_login_at_an_app_is_none_at_the_site(logged_in):
    own = logged_in.app.test_client(use_cookies=False)
    shown = {"Cookie": f"__Host-session={cookie_of(logged_in)}", "Accept": "text/html"}
    assert own.get("/dashboard", base_url=f"https://{OWN_HOST}", headers=shown).status_code == 303


def test_a_new_login_of_the_same_session_replaces_the_former(logged_in):
    former = cookie_of(logged_in)
    logged_in.person.client.delete_cookie(COOKIE, domain="wiki.example.org", path="/")
    logged_in.open(f"{WIKI}/")
    assert cookie_of(logged_in) != former
    assert (status_with(logged_in, former), status_with(logged_in, cookie_of(logged_in))) == (401, 200)


def test_cookies_are_for_their_host_over_tls_alone(logged_in):
    (answer,) = [one for one in [logged_in.person.client.get_cookie(COOKIE, domain="wiki.example.org")] if one]
    assert (answer.secure, answer.http_only, answer.same_site, answer.path) == (True, True, "Lax", "/")
    assert answer.origin_only


DOCUMENTS = [
    ({"Accept": HTML}, True),
    (PAGE, True),
    ({"Accept": "text/html"}, True),
    ({"Accept": "*/*"}, False),
    ({}, False),
    ({"Accept": "application/json"}, False),
    ({"Accept": HTML, "Sec-Fetch-Dest": "empty"}, False),
    ({"Accept": HTML, "Sec-Fetch-Dest": "iframe"}, False),
    ({"Accept": HTML, "Sec-Fetch-Dest": "image"}, False),
    (PAGE | {"X-Requested-With": "XMLHttpRequest"}, False),
    (PAGE | {"Authorization": "Bearer x"}, False),
]
DECISIONS = {
    "login": (401, "/.latchkey/login?rd="),
    "step-up": (401, "/.latchkey/login?rd="),
    "role": (403, "/forward-auth/start?rd="),
}


RULES = [
    RuleSettings(path="/role", role="super_admin"),
    RuleSettings(path="/step-up", level="aal2"),
    RuleSettings(),
]


def come(app):
    """A stranger at an app with these rules."""
    proxied(app, "wiki", *RULES)
    return Proxied(app)


def come_logged_in(app):
    proxy = come(app)
    proxy.log_in(f"{WIKI}/")
    return proxy


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize(("headers", "is_page"), DOCUMENTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PROPFIND"])
def test_only_a_page_gets_a_location_and_only_a_proxy_that_follows_a_redirect(
    restored, app, decision, headers, is_page, method
):
    proxy = again(restored.prepare(come if decision == "login" else come_logged_in))
    status, where = DECISIONS[decision]
    for path, redirect in (("/forward-auth", status), ("/forward-auth?follows", 302)):
        answer = proxy.check(f"{WIKI}/{decision}?x=1", method, headers=headers, path=path)
        location = answer.headers.get("Location")
        if is_page and method in ("GET", "HEAD"):
            assert answer.status_code == redirect
            assert where in location
        else:
            assert location is None
            assert answer.status_code == (401 if "Authorization" in headers else status)
            assert (answer.status_code != 401) or answer.headers["WWW-Authenticate"]


def test_strangers_write_no_rows(app, proxy):
    proxied(app)
    before = contents(app)
    for number in range(5):
        other = Proxied(app)
        other.check(f"{WIKI}/", headers=PAGE)
        assert status_with(other, f"x{number}") == 401
        other.check(f"{WIKI}/", headers={"Authorization": "Basic YTpi"})
        other.check("https://unknown.example.org/", headers=PAGE)
        other.open(f"{WIKI}/.latchkey/login?rd=/x")
        other.open(f"{WIKI}/.latchkey/arrive?ticket={number}")
        other.check(f"{WIKI}/", peer="198.51.100.7")
    assert contents(app) == before
