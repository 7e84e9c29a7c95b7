"""Two apps behind nginx and Caddy with TLS, as printed: one login with a second factor for both, and one logout."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Response, expect

from tests.factories import PASSWORD, database_of
from tests.forward_auth.proxy import EDITOR
from tests.forward_auth.proxy_servers import DEBIAN, NEWEST, NGINX, serving_caddy, serving_nginx
from tests.forward_auth.small_apps import small_app
from tests.journeys import nginx
from tests.journeys.conftest import launched
from tests.journeys.server import ServedSite, forked
from tests.ports import free_port
from tests.second_factors import App, with_app
from webapp.app import close, create_app
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import AppSettings, RuleSettings
from webapp.forward_auth.proxy_configs import Proxy, config_of, setup_of
from webapp.testing import user_named

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LOGIN, WIKI, NOTES = "login.example.org", "wiki.example.org", "notes.example.net"
SITE = f"https://{LOGIN}"
APPS = {
    "wiki": AppSettings(name="Wiki", hosts=[WIKI], rules=[RuleSettings(level="aal2")]),
    "notes": AppSettings(name="Notes", hosts=[NOTES]),
}
# What serves the login itself, as docs/serving.md has it.
SERVER = "server {{ listen 443 ssl; server_name {host}; {tls} {proxied} location / {{ proxy_pass http://{site}; }} }}"
BLOCK = "https://{host} {{\n tls certificate.pem key.pem\n reverse_proxy {site}\n}}\n"


KINDS = [NGINX, DEBIAN, NEWEST]


@dataclass
class Served:
    """The login and the apps, before any proxy."""

    site: ServedSite
    upstreams: dict[str, int]
    authenticators: dict[str, App]
    """Of one user for each kind of proxy."""


@dataclass
class Apps:
    browser: Browser
    user: str
    authenticator: App


def user_of(kind: str) -> str:
    return f"ada{KINDS.index(kind)}"


def put_apps(site: ServedSite) -> dict[str, App]:
    """Add the apps, and users with a second factor."""
    app = create_app(site.settings)
    try:
        with database_of(app).write() as db:
            for slug, desired in APPS.items():
                lifecycle.add(db, slug, desired, EDITOR, own_host=LOGIN)
        return {kind: with_app(app, user_named(app, user_of(kind))) for kind in KINDS}
    finally:
        close(app)


@contextmanager
def proxying(folder: Path, kind: str, port: int, bind: str, upstreams: dict[str, int]) -> Iterator[None]:
    """The login and the apps at one port, which Chromium takes for 443."""
    proxy: Proxy = "nginx" if kind == NGINX else "caddy"
    configs = {}
    for slug, desired in APPS.items():
        setup = setup_of(slug, desired, base_url=SITE, site=bind, upstream=f"127.0.0.1:{upstreams[slug]}")
        configs[slug] = config_of(replace(setup, certificate="certificate.pem", certificate_key="key.pem"), proxy)
    if kind == NGINX:
        configs["login"] = SERVER.format(host=LOGIN, tls=nginx.TLS, proxied=nginx.PROXIED, site=bind)
        local = {
            name: text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;") for name, text in configs.items()
        }
        with serving_nginx(folder, local, port):
            yield
    else:
        configs["login"] = BLOCK.format(host=LOGIN, site=bind)
        local = {
            name: re.sub(r"^(https://\S+) \{", rf"\1:{port} {{", text, flags=re.M) for name, text in configs.items()
        }
        with serving_caddy(folder, kind, list(local.values()), port):
            yield


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {"WEBAPP_BASE_URL": SITE, "WEBAPP_TRUSTED_PROXIES": "127.0.0.1"}
    upstreams = {slug: free_port() for slug in APPS}
    with ExitStack() as stack:
        site = stack.enter_context(forked(tmp_path_factory.mktemp("forward_auth"), **settings))
        for upstream in upstreams.values():
            stack.enter_context(small_app(upstream))
        yield Served(site, upstreams, put_apps(site))


@pytest.fixture(scope="module", params=KINDS)
def apps(
    tmp_path_factory: pytest.TempPathFactory, playwright: Playwright, request: pytest.FixtureRequest, behind: Served
) -> Iterator[Apps]:
    folder, kind, port = tmp_path_factory.mktemp("proxy"), request.param, free_port()
    nginx.write_certificate(folder)
    bind, hosts = behind.site.environ["WEBAPP_BIND"], dict.fromkeys((LOGIN, WIKI, NOTES), port)
    with (
        proxying(folder, kind, port, bind, behind.upstreams),
        launched(playwright, *nginx.arguments_for(hosts)) as browser,
    ):
        yield Apps(browser, user_of(kind), behind.authenticators[kind])


@pytest.fixture
def context(apps: Apps) -> Iterator[BrowserContext]:
    context = apps.browser.new_context()
    yield context
    context.close()


def seen_by_app(page: Page) -> dict[str, Any]:
    """The request as it reached the app, which the page shows."""
    return dict(json.loads(page.locator("pre").inner_text()))


def headers_at(page: Page) -> dict[str, str]:
    return {name.lower(): value for name, value in seen_by_app(page)["headers"]}


def documents(page: Page) -> list[str]:
    urls = list[str]()

    def note(response: Response) -> None:
        if response.request.resource_type == "document":
            urls.append(response.url)

    page.on("response", note)
    return urls


def log_in(page: Page, apps: Apps) -> None:
    page.get_by_label("User name or e-mail").fill(apps.user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("Code", exact=True).fill(apps.authenticator.code())
    page.get_by_role("button", name="Continue", exact=True).click()


def test_one_login_opens_both_apps_and_one_logout_closes_them(apps: Apps, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"https://{WIKI}/page?x=1&y=%C3%A4")
    expect(page.get_by_text("Wiki").first).to_be_visible()
    assert page.url.startswith(f"{SITE}/login?next=")
    log_in(page, apps)
    page.wait_for_url(f"https://{WIKI}/page?x=1&y=%C3%A4")
    seen = headers_at(page)
    assert (seen["remote-user"], seen["host"], seen["x-forwarded-proto"]) == (apps.user, WIKI, "https")
    assert "latchkey" not in seen.get("cookie", "")

    opened = documents(page)
    page.goto(f"https://{NOTES}/")
    assert headers_at(page)["remote-user"] == apps.user
    assert not any("/login?next=" in url for url in opened)
    opened.clear()
    page.goto(f"https://{NOTES}/again")
    assert opened == [f"https://{NOTES}/again"]

    mine = {cookie["name"]: cookie for cookie in context.cookies([f"https://{WIKI}/", f"https://{NOTES}/"])}
    assert mine.keys() == {"__Host-latchkey-app"}
    assert all(cookie["secure"] and cookie["httpOnly"] and cookie["path"] == "/" for cookie in mine.values())
    assert "ticket" not in page.evaluate("document.referrer")

    other = context.new_page()
    other.goto(f"{SITE}/dashboard")
    other.get_by_role("button", name="Log out", exact=True).first.click()
    expect(other.get_by_role("heading", name="Log in")).to_be_visible()
    for host in (WIKI, NOTES):
        page.goto(f"https://{host}/")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        assert page.url.startswith(f"{SITE}/login?next=")


def test_a_script_of_a_page_gets_401_after_the_logout(apps: Apps, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"https://{NOTES}/")
    log_in(page, apps)
    page.wait_for_url(f"https://{NOTES}/")
    fetched = "async () => { const got = await fetch('/data'); return [got.status, got.redirected] }"
    assert page.evaluate(fetched) == [200, False]
    other = context.new_page()
    other.goto(f"{SITE}/dashboard")
    other.get_by_role("button", name="Log out", exact=True).first.click()
    expect(other.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.evaluate(fetched) == [401, False]
