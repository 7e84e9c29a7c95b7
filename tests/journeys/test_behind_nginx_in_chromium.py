"""A site below a path of its host, behind an nginx that passes the path on and behind one that strips it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import jwt
import pytest
from playwright.sync_api import Browser, Page, Playwright, Response, expect

from tests.factories import PASSWORD
from tests.journeys import nginx
from tests.journeys.conftest import is_fault, launched
from tests.journeys.mail_server import MailServer
from tests.journeys.server import ServedSite, forked
from tests.journeys.virtual_authenticator import device
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOST = "example.org"
URL = f"https://{HOST}/login"
NEW = "umbrella otter lantern 9"
# As docs/serving.md has them.
ROOT = r"location ~ ^/\.well-known/(webauthn|change-password)$ {{ proxy_pass {site}/login$uri; }}"
FORMS = {
    "passed on": "location /login {{ proxy_pass {site}; }}",
    "stripped": "location /login/ {{ proxy_pass {site}/; }}",
}


@dataclass
class Proxied:
    site: ServedSite
    ports: dict[str, int]
    """Of nginx, by what it does with the path."""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, mail_server: MailServer) -> Iterator[Proxied]:
    folder, ports = tmp_path_factory.mktemp("below_a_path"), {form: free_port() for form in FORMS}
    settings = {"WEBAPP_BASE_URL": URL, "WEBAPP_TRUSTED_PROXIES": "127.0.0.1", "WEBAPP_SMTP_URL": mail_server.url}
    with forked(folder, **settings) as site:
        servers = [(ports[form], (ROOT + location).format(site=site.url)) for form, location in FORMS.items()]
        with nginx.proxying(folder, servers):
            yield Proxied(site, ports)


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hosts(proxied: Proxied, form: str) -> dict[str, int]:
    return {HOST: proxied.ports[form]}


@pytest.fixture
def browser(playwright: Playwright, hosts: dict[str, int]) -> Iterator[Browser]:
    with launched(playwright, *nginx.arguments_for(hosts)) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test for whatever it loads from outside the base URL, or does not get."""
    page, faults = browser.new_context().new_page(), list[str]()
    page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    page.on("response", lambda response: faults.append(response.url) if is_outside_path(response) else None)
    yield page
    page.context.close()
    assert faults == []


def is_outside_path(response: Response) -> bool:
    # Other refusals say nothing about the path, such as that of a preview of a form that is not filled in yet.
    return response.status == 404 or not (response.url + "/").startswith(f"{URL}/")


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"{URL}/dashboard")


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out", exact=True).first.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.url.startswith(f"{URL}/login")


def test_the_site_works_below_the_path(
    proxied: Proxied, mail_server: MailServer, hosts: dict[str, int], form: str, page: Page
) -> None:
    name = f"ada-{form.replace(' ', '-')}"
    proxied.site.add_user(name)
    mine = device(page)
    page.goto(URL)
    log_in(page, name)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    cookies = page.context.cookies()
    assert {cookie["path"] for cookie in cookies} == {"/login"}
    assert all(cookie["name"].startswith("__Secure-") and cookie["secure"] for cookie in cookies)

    page.get_by_role("link", name="Tokens", exact=True).click()
    page.get_by_role("link", name="New token").first.click()
    page.get_by_role("textbox", name="Name").fill("laptop")
    page.get_by_role("group", name="Your profile").get_by_role("radio", name="read").check()
    page.get_by_role("button", name="Create token").click()
    token = page.get_by_label("Token", exact=True).input_value()
    assert f"{URL}/" in page.locator("main").inner_text()
    used = nginx.curl(f"{URL}/dashboard", hosts, "-H", f"Authorization: Bearer {token}")
    assert json.loads(used)["username"] == name
    expect(page.get_by_text("First request seen")).to_be_visible()
    check_signature(token, nginx.curl(f"{URL}/.well-known/jwks.json", hosts))

    page.goto(f"{URL}/account/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(f"{URL}/account/security/recovery-codes**")
    mine.set(is_touched=False)
    page.goto(f"{URL}/dashboard")
    log_out(page)
    page.wait_for_load_state("networkidle")
    mine.set(is_touched=True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{URL}/dashboard")
    mine.set(is_touched=False)
    log_out(page)

    page.get_by_role("link", name="Forgot password?").click()
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_role("button", name="Send link").click()
    link = mail_server.link("Set a new password for", f"{name}@example.org")
    assert link.startswith(f"{URL}/reset/")
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your new password is set")).to_be_visible()


def check_signature(token: str, document: str) -> None:
    """As a service that knows the base URL alone."""
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(document).keys}
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["ES256", "EdDSA"], audience=URL, issuer=URL)
    assert claims["iss"] == URL


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/login/tokens", f"{URL}/login?next=/login/tokens"),
        ("/login/account?x=https%3A%2F%2Fexample.org", f"{URL}/login?next="),
        ("/.well-known/change-password", f"{URL}/login?next=/login/account/password"),
    ],
)
def test_a_page_that_needs_a_login_redirects_to_it_and_back(hosts: dict[str, int], path: str, leads_to: str) -> None:
    url = f"https://{HOST}{path}"
    found = nginx.curl(url, hosts, "-L", "-H", "Accept: text/html", "-o", "/dev/null", "-w", "%{url_effective}")
    assert found.startswith(leads_to)
