"""Logging in to apps of others in a real browser: passkey, consent, a second app, and the access withdrawn."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.server import ServedSite
from tests.journeys.test_second_factors_in_chromium import add_passkey
from tests.journeys.virtual_authenticator import device
from tests.ports import free_port
from webapp.core.db import Database
from webapp.oauth import clients
from webapp.oauth.clients import NewClient
from webapp.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

numbers = count(1)


@dataclass
class RemoteApp:
    """An app at another origin: sends its users here, and redeems what they bring back."""

    site: ServedSite
    name: str
    origin: str
    client_id: str = ""
    secret: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def callback(self) -> str:
        return f"{self.origin}/callback"

    def register(self) -> "RemoteApp":
        environ = {name: value for name, value in self.site.environ.items() if name.startswith("WEBAPP_")}
        database = Database(Settings.from_env(environ).database)
        with database.write() as db:
            made = clients.register(db, NewClient(name=self.name, redirect_uris=[self.callback]), origin="test")
            self.client_id, self.secret = str(made.client.id), made.secret or ""
        database.close()
        return self

    @contextmanager
    def served(self) -> Iterator[None]:
        """Its page, which is the same at every path; Chromium is redirected to it, so that it has to be a real one."""
        page = f'<!doctype html><title>{self.name}</title><a href="{self.login_url}">Log in with Latchkey</a>'

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_arguments: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", urlsplit(self.origin).port or 0), Pages) as server:
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield
            server.shutdown()

    @property
    def login_url(self) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {"response_type": "code", "client_id": self.client_id, "redirect_uri": self.callback}
        query |= {"scope": "openid profile offline_access", "state": "s", "code_challenge": challenge}
        return f"{self.site.url}/oauth/authorize?{urlencode(query | {'code_challenge_method': 'S256'})}"

    def open(self, tab: Page) -> None:
        tab.goto(self.origin)
        tab.get_by_role("link", name="Log in with Latchkey").click()

    def token(self, **given: str) -> httpx.Response:
        return httpx.post(f"{self.site.url}/oauth/token", data=given, auth=(self.client_id, self.secret), timeout=60)

    def tokens(self, tab: Page) -> dict[str, Any]:
        """What the app gets for the answer in the address of the page."""
        tab.wait_for_url(re.compile(re.escape(self.callback)))
        said = {name: values[0] for name, values in parse_qs(urlsplit(tab.url).query).items()}
        assert (said["state"], said["iss"]) == ("s", self.site.url)
        given = {"code": said["code"], "redirect_uri": self.callback, "code_verifier": self.verifier}
        answer = self.token(grant_type="authorization_code", **given)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def user_of(tokens: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    return claims


def test_two_apps_by_one_passkey_and_the_access_of_one_is_withdrawn(site: ServedSite, tab: Page) -> None:
    site.add_user(name := f"apps{next(numbers)}")
    wiki, photos = (
        RemoteApp(site, f"{kind} of {name}", f"http://127.0.0.1:{free_port()}") for kind in ("Wiki", "Photos")
    )
    with wiki.register().served(), photos.register().served():
        use_both(site, tab, name, wiki, photos)


def use_both(site: ServedSite, tab: Page, name: str, wiki: RemoteApp, photos: RemoteApp) -> None:
    mine = device(tab)
    site.begin_session(tab.context, name)
    add_passkey(tab, site)
    tab.context.clear_cookies()

    # By button: until then the authenticator does not answer what the page asks by itself.
    mine.set(is_touched=False)
    wiki.open(tab)
    expect(tab.get_by_text(f"Log in to continue to {wiki.name}")).to_be_visible()
    tab.wait_for_load_state("networkidle")
    mine.set(is_touched=True)
    tab.get_by_role("button", name="Use a passkey").click()
    expect(tab.get_by_role("heading", name=f"Allow {wiki.name}")).to_be_visible()
    tab.get_by_role("button", name="Allow").click()
    of_wiki = wiki.tokens(tab)
    assert (user_of(of_wiki)["preferred_username"], user_of(of_wiki)["acr"]) == (name, "phr")

    # The second app: no login, only its own question.
    photos.open(tab)
    tab.get_by_role("button", name="Allow").click()
    of_photos = photos.tokens(tab)
    assert user_of(of_photos)["sub"] == user_of(of_wiki)["sub"]
    assert user_of(of_photos)["auth_time"] == user_of(of_wiki)["auth_time"]

    # Again, and nothing is asked.
    wiki.open(tab)
    of_wiki = wiki.tokens(tab)

    tab.goto(f"{site.url}/account/apps")
    row = tab.get_by_role("listitem").filter(has_text=wiki.name)
    expect(row.get_by_text("Last used")).to_be_visible()
    row.get_by_role("button", name="Withdraw access").click()
    expect(row).to_have_count(0)
    expect(tab.get_by_text(photos.name).first).to_be_visible()
    refused = wiki.token(grant_type="refresh_token", refresh_token=of_wiki["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
    headers = {"Authorization": f"Bearer {of_wiki['access_token']}"}
    assert httpx.get(f"{site.url}/oauth/userinfo", headers=headers, timeout=60).status_code == 401
    kept = photos.token(grant_type="refresh_token", refresh_token=of_photos["refresh_token"])
    assert kept.status_code == 200, kept.text
