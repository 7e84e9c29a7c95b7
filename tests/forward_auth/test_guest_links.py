"""What somebody with a guest link can reach of an app, and what not."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests import factories, restored_site
from tests.browser import Person
from tests.forward_auth.proxy import PAGE, SETTINGS, Proxied, again, proxied
from webapp.accounts.models import User
from webapp.audit.models import AuditEvent
from webapp.core.clock import now
from webapp.forward_auth import guest_links, lifecycle
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.models import GuestLink, ProxiedSession

PHOTOS = "https://photos.example.org"
ALBUM = f"{PHOTOS}/albums/summer"
RULES = (
    RuleSettings(path="/albums/summer/admins", role="admin"),
    RuleSettings(path="/albums/summer/strong/*", level="aal2"),
    RuleSettings(path="/albums/summer/inside/*", networks=["10.0.0.0/8"]),
    RuleSettings(path="/albums/summer/upload", methods=["POST"]),
    RuleSettings(path="/public/*", is_public=True),
    RuleSettings(path="/albums/*", accepts_tokens=False),
    RuleSettings(path="/settings"),
)


@pytest.fixture
def photos(restored, app):
    restored.prepare(put_photos_behind)


def put_photos_behind(app):
    proxied(app, "photos", *RULES, roles=["admin"], hosts=["photos.example.org", "pictures.example.net"])
    proxied(app, "wiki")


def logged_in(app):
    person = Person(app)
    person.log_in("ada")
    return person


ada = restored_site.browser(logged_in)


def made(ada, path="/albums/summer", days=7):
    """The URL of a new link."""
    ada.open("/account/owned-apps/photos")
    sent = {"csrf_token": ada.csrf_token, "path": path, "note": "Grandma", "days": days}
    headers = {"Accept": "application/json", "X-CSRF-Token": ada.csrf_token}
    answer = ada.ask("POST", "/account/owned-apps/photos/guest-links", data=sent, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json["url"]


def with_link(app):
    found = Proxied(app)
    found.open(made(logged_in(app)))
    return found


@pytest.fixture
def guest(restored, photos):
    """A browser that has opened a link."""
    return again(restored.prepare(with_link))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["", "/", "/1.jpg", "/a/b/c", "/?q=%2e%2e"])
def test_guest_reads_below_the_prefix_as_nobody(guest, method, path):
    answer = guest.check(ALBUM + path, method)
    assert answer.status_code == 200
    identity = [answer.headers[name] for name in ("Remote-User", "Remote-Email", "Remote-Groups")]
    assert [*identity, answer.headers["X-Latchkey-Assertion"]] == ["", "", "", ""]


REFUSED = {
    "a write": ("POST", ALBUM, {}),
    "a write that a rule names": ("POST", f"{ALBUM}/upload", {}),
    "another method": ("PROPFIND", ALBUM, {}),
    "a preflight": ("OPTIONS", ALBUM, {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}),
    "a method override": ("GET", ALBUM, {"X-HTTP-Method-Override": "DELETE"}),
    "a WebSocket": ("GET", ALBUM, {"Sec-WebSocket-Key": "x"}),
    "above the prefix": ("GET", f"{PHOTOS}/albums", {}),
    "beside the prefix": ("GET", f"{PHOTOS}/albums/summer2", {}),
    "another rule": ("GET", f"{PHOTOS}/settings", {}),
    "the root": ("GET", f"{PHOTOS}/", {}),
    "out of the prefix by dots": ("GET", f"{ALBUM}/../winter", {}),
    "out of the prefix by escapes": ("GET", f"{ALBUM}/%2e%2e/winter", {}),
    "a doubled slash": ("GET", f"{PHOTOS}//albums/summer", {}),
    "other capitals": ("GET", f"{PHOTOS}/albums/Summer", {}),
    "a page for a role": ("GET", f"{ALBUM}/admins", {}),
    "a page for a second factor": ("GET", f"{ALBUM}/strong/1", {}),
    "a page for another network": ("GET", f"{ALBUM}/inside/1", {}),
    "another host of the app without a cookie": ("GET", "https://pictures.example.net/albums/summer", {}),
    "another app": ("GET", "https://wiki.example.org/albums/summer", {}),
    "plain http, whose cookie has another name": ("GET", ALBUM.replace("https", "http"), {}),
}


@pytest.mark.parametrize(("method", "url", "headers"), REFUSED.values(), ids=REFUSED)
def test_guest_is_refused_everything_else(guest, method, url, headers):
    assert guest.check(url, method, headers=headers).status_code in (401, 403)


def test_secret_of_a_link_is_no_login_at_another_app(guest):
    secret = guest.person.client.get_cookie("__Host-latchkey-app", domain="photos.example.org").value
    sent = {"Cookie": f"__Host-latchkey-app={secret}"}
    assert guest.check("https://wiki.example.org/albums/summer", headers=sent).status_code == 401
    assert guest.check("https://login.example.org/dashboard", headers=sent).status_code == 403


def ended(app, how):
    with factories.database_of(app).write() as db:
        row = db.scalars(select(GuestLink)).one()
        app_row = lifecycle.by_slug(db, "photos")
        match how:
            case "revoked":
                guest_links.revoke(db, app_row, row.id, actor_id=row.created_by)
            case "its maker is disabled":
                db.get_one(User, row.created_by).disabled_at = now()
            case "the app is disabled":
                lifecycle.disable(db, app_row, lifecycle.AppEditor("cli"))
            case "the app is removed":
                lifecycle.remove(db, app_row, lifecycle.AppEditor("cli"))


@pytest.mark.parametrize("how", ["revoked", "its maker is disabled", "the app is disabled", "the app is removed"])
def test_guest_is_refused_with_the_next_request(app, guest, how):
    assert guest.check(ALBUM).status_code == 200
    ended(app, how)
    assert guest.check(ALBUM).status_code in (401, 403)


def test_link_ends_by_itself_and_is_purged(app, guest, ada):
    url = made(ada, days=1)
    with time_machine.travel(now() + timedelta(hours=23)):
        assert Proxied(app).open(url).status_code == 200
    with time_machine.travel(now() + timedelta(hours=25)):
        assert Proxied(app).open(url).status_code == 404
    with time_machine.travel(now() + timedelta(days=8)):
        assert guest.check(ALBUM).status_code == 401
        with factories.database_of(app).write() as db:
            assert guest_links.purge(db) == 2


UNFIT = {
    "no path": {"path": ""},
    "a path with dots": {"path": "/a/../b"},
    "an escaped slash": {"path": "/a%2fb"},
    "a query": {"path": "/a?b"},
    "a relative path": {"path": "albums"},
    "a long path": {"path": "/" + "a" * 300},
    "nobody": {"note": ""},
    "two lines": {"note": "a\nb"},
    "31 days": {"days": "31"},
    "no day": {"days": "0"},
    "no number": {"days": "x"},
}


@pytest.mark.usefixtures("photos")
def test_unfit_links_are_refused(app, ada, subtests):
    ada.open("/account/owned-apps/photos")
    for case, fields in UNFIT.items():
        with subtests.test(case):
            sent = {"csrf_token": ada.csrf_token, "path": "/albums", "note": "Grandma", "days": "7"} | fields
            assert ada.ask("POST", "/account/owned-apps/photos/guest-links", data=sent).status_code == 422
    with factories.database_of(app).read() as db:
        assert db.scalar(select(func.count()).select_from(GuestLink)) == 0


@pytest.mark.usefixtures("photos")
def test_link_is_shown_once_listed_audited_and_revoked_on_the_page(app, ada):
    ada.open("/account/owned-apps/photos")
    page = ada.press("Create guest link", path=f"{ALBUM}/", note="Grandma", days="3")
    assert (page.status_code, page.headers["Cache-Control"]) == (201, "no-store")
    assert "/.latchkey/guest?link=" in page.text
    listed = ada.open("/account/owned-apps/photos").text
    assert "Grandma" in listed
    assert "guest?link=" not in listed
    assert "The guest link was revoked." in ada.press("Revoke").text
    activity = ada.open("/account/activity").text
    assert "You created a guest link for /albums/summer/ of Photos until" in activity
    assert "Your guest link for /albums/summer/ of Photos was revoked (Grandma)." in activity


def test_strangers_write_one_event_an_hour(app, photos, ada):
    url = made(ada)
    for _ in range(3):
        Proxied(app).open(url)
    Proxied(app).open(f"{PHOTOS}/.latchkey/guest?link=unknown")
    with time_machine.travel(now() + timedelta(minutes=61)):
        Proxied(app).open(url)
    with factories.database_of(app).read() as db:
        opened = select(func.count()).select_from(AuditEvent).where(AuditEvent.event == "guest-link.opened")
        assert db.scalar(opened) == 2
        assert db.scalar(select(func.count()).select_from(ProxiedSession)) == 0


def test_link_does_not_replace_a_login(app, photos, ada):
    url = made(ada)
    browser = Proxied(app)
    browser.log_in(f"{PHOTOS}/settings", "ada")
    browser.open(url)
    assert browser.check(f"{PHOTOS}/settings").headers["Remote-User"] == "ada"


def test_guest_who_logs_in_has_the_login(app, guest):
    guest.log_in(f"{PHOTOS}/settings", "ada")
    assert guest.check(ALBUM).headers["Remote-User"] == "ada"


def test_setting_that_demands_a_second_factor_of_the_app_keeps_guests_out(make_app):
    strict = make_app(**SETTINGS, WEBAPP_SECOND_FACTOR_FOR="app:photos")
    maker = factories.user(strict, "ada", role="admin")
    proxied(strict, "photos")
    with factories.database_of(strict).write() as db:
        link = guest_links.make(db, lifecycle.by_slug(db, "photos"), "/", "all", 1, actor_id=maker.id)
    sent = {"Cookie": f"__Host-latchkey-app={link.secret}"}
    assert Proxied(strict).check(f"{PHOTOS}/", headers=PAGE | sent).status_code == 401


def test_link_works_only_where_a_trusted_proxy_passes_it_on(app, photos, ada):
    url = made(ada)
    answer = app.test_client().get(url, base_url=PHOTOS, headers={"Accept": "text/html"})
    assert answer.status_code == 404
