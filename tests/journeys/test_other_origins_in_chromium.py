"""What Chromium does across origins: a passkey of the former host, and pages of another origin that call with a token.

Chromium fetches the related origins (``/.well-known/webauthn``) from the former host itself, and asks before a request
with a token (preflight).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.factories import PASSWORD
from tests.journeys import nginx
from tests.journeys.conftest import launched
from tests.journeys.server import ServedSite, forked
from tests.journeys.virtual_authenticator import Device, device
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OLD, NEW = "https://old.example.net", "https://new.example.org"
# Of the same site as NEW (schemeful same-site): browsers send it cookies that are SameSite=Lax or Strict.
APP, UNKNOWN = "https://app.example.org", "https://stranger.example.org"
BLOCKED = "TypeError"
ASK = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options), body = await answer.json()
    return [answer.status, body.code ?? body.username, answer.headers.has("WWW-Authenticate")]
  } catch (error) { return error.name }
}"""


@contextmanager
def proxied(folder: Path, port: int, **settings: str) -> Iterator[ServedSite]:
    """The site under both host names, and empty pages of two other origins."""
    with forked(folder, WEBAPP_TRUSTED_PROXIES="127.0.0.1", **settings) as site:
        ours = f"server_name old.example.net new.example.org; location / {{ proxy_pass {site.url}; }}"
        others = (
            'server_name app.example.org stranger.example.org; default_type text/html; return 200 "<title>x</title>";'
        )
        with nginx.proxying(folder, [(port, ours), (port, others)]):
            yield site


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def browser(playwright: Playwright, port: int) -> Iterator[Browser]:
    hosts = {url.removeprefix("https://"): port for url in (OLD, NEW, APP, UNKNOWN)}
    with launched(playwright, *nginx.arguments_for(hosts)) as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("moved")


@pytest.fixture(scope="module")
def owner(folder: Path, port: int, browser: Browser) -> tuple[Page, Device]:
    """A browser with a passkey that was made under the former URL."""
    page = browser.new_context().new_page()
    mine = device(page)
    with proxied(folder, port, WEBAPP_BASE_URL=OLD) as site:
        site.add_user("ada")
        log_in(page, OLD, "ada")
        page.goto(f"{OLD}/account/security/passkeys/new")
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url("**/recovery-codes**")
    mine.set(is_touched=False)
    return page, mine


@pytest.fixture(scope="module")
def site(owner: tuple[Page, Device], folder: Path, port: int) -> Iterator[ServedSite]:
    """The same site after it has moved."""
    moved = {"WEBAPP_BASE_URL": NEW, "WEBAPP_FORMER_BASE_URLS": OLD, "WEBAPP_CORS_ORIGINS": APP}
    with proxied(folder, port, **moved) as site:
        yield site


def log_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/dashboard")


def test_a_passkey_of_the_former_host_logs_in_at_the_new_one(site: ServedSite, owner: tuple[Page, Device]) -> None:
    page, mine = owner
    page.goto(f"{OLD}/login")
    assert page.url.startswith(f"{NEW}/login")
    page.wait_for_load_state("networkidle")
    mine.set(is_touched=True)
    page.get_by_role("button", name="Use a passkey", exact=True).click()
    expect(page.locator(".passkey__message").first).not_to_be_empty()
    page.get_by_role("button", name="Use a passkey of old.example.net").click()
    page.wait_for_url(f"{NEW}/dashboard")
    mine.set(is_touched=False)


def test_a_page_of_a_listed_origin_can_call_with_a_token_and_read_refusals(site: ServedSite, browser: Browser) -> None:
    token = site.api_token("ada", "profile:read")
    page = browser.new_context().new_page()
    page.goto(APP)
    bearer, wrong = ({"headers": {"Authorization": f"Bearer {value}"}} for value in (token, "wrong"))
    assert page.evaluate(ASK, [f"{NEW}/dashboard", bearer]) == [200, "ada", False]
    assert page.evaluate(ASK, [f"{NEW}/protected", bearer]) == [403, "scope_required", True]
    assert page.evaluate(ASK, [f"{NEW}/dashboard", wrong]) == [401, "token_invalid", True]
    entry = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": '{"username": "ada"}'}
    assert page.evaluate(ASK, [f"{NEW}/api/auth", entry])[0] == 400
    page.goto(UNKNOWN)
    for options in (bearer, wrong, entry, {}):
        assert page.evaluate(ASK, [f"{NEW}/dashboard", options]) == BLOCKED
    page.context.close()


def test_a_page_of_a_listed_origin_cannot_use_cookies(site: ServedSite, browser: Browser) -> None:
    site.add_user("grace")
    page = browser.new_context().new_page()
    log_in(page, NEW, "grace")
    assert page.evaluate(ASK, [f"{NEW}/dashboard", {"headers": {"Accept": "application/json"}}])[:2] == [200, "grace"]
    page.goto(APP)
    assert page.evaluate(ASK, [f"{NEW}/dashboard", {"credentials": "include"}]) == BLOCKED
    assert page.evaluate(ASK, [f"{NEW}/dashboard", {}])[:2] == [401, "token_missing"]
    page.context.close()
