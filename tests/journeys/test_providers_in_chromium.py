"""Identity providers in a real browser: one is added, somebody logs in with it, links it, and is logged out there."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import PASSWORD
from tests.journeys.server import ServedSite, forked

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = "/admin/identity-providers"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """The identity provider: a second site, on a host of its own because of the cookies."""
    hosts = {"WEBAPP_PRIVATE_HOSTS": "localhost", "WEBAPP_SITE_NAME": "Office"}
    with forked(tmp_path_factory.mktemp("office"), host="127.0.0.1", **hosts) as site:
        site.add_user("chief", "super_admin")
        yield site


def test_a_provider_from_the_first_page_to_the_logout_there(shop: ServedSite, office: ServedSite, tab: Page) -> None:
    office.add_user("grace", "admin")
    office.add_user("linus")
    shop.add_user("ada")
    for site in (office, shop):
        site.begin_session(tab.context, "chief")
    add_provider(tab, shop, office)
    trust(tab)
    try_login(tab)
    tab.context.clear_cookies()
    first_login(tab, shop, office)
    logout_and_second_login(tab, shop)
    lose_group(tab, shop, office)
    end_session_there(tab, shop, office)
    tab.context.clear_cookies()
    link_and_unlink(tab, shop, office)


def add_provider(tab: Page, shop: ServedSite, office: ServedSite) -> None:
    """By preset: three values are typed or pasted."""
    tab.goto(shop.url + PAGES)
    tab.get_by_role("link", name="Add provider").click()
    tab.get_by_role("link", name="Latchkey URL of the other").click()
    tab.get_by_label("URL of the other Latchkey site").fill(office.url)
    tab.get_by_role("button", name="Continue").click()
    shown = tab.locator("redirect-uri pre")
    expect(shown).to_have_text(f"{shop.url}/login/with/latchkey/callback")
    tab.get_by_label("Short name in URLs").fill("Main Office")
    expect(shown).to_have_text(f"{shop.url}/login/with/main-office/callback")
    tab.get_by_label("Short name in URLs").fill("latchkey")
    client_id, secret = register_there(tab, tab.context)
    tab.get_by_label("Client ID").fill(client_id)
    tab.get_by_label("Client secret").fill(secret)
    tab.get_by_label("Name", exact=True).fill("Office")
    tab.get_by_role("button", name="Add provider").click()
    expect(tab.get_by_text("Office was added.")).to_be_visible()


def register_there(tab: Page, context: BrowserContext) -> tuple[str, str]:
    """The client ID and secret that the other site shows."""
    with context.expect_page() as opened:
        tab.get_by_role("link", name="Register this site there").click()
    there = opened.value
    there.get_by_role("button", name="Register app").click()
    expect(there.get_by_text("Latchkey is registered")).to_be_visible()
    pasted = there.get_by_text("Client ID: ").inner_text()
    found = re.search(r"Client ID: (\S+)\s+Client secret: (\S+)", pasted)
    assert found, pasted
    there.close()
    return found[1], found[2]


def trust(tab: Page) -> None:
    """Accounts for everybody, the role admin by a group, and the logout there."""
    page = tab.url
    tab.get_by_role("link", name="Edit provider").click()
    tab.get_by_label("Who gets an account at the first login").select_option("open")
    tab.get_by_label("Roles that rules may give").fill("admin")
    tab.get_by_label("Log out there, too").check()
    tab.get_by_role("button", name="Save provider").click()
    tab.get_by_role("link", name="Edit and test rules").click()
    tab.get_by_label("Claim", exact=True).fill("groups")
    tab.get_by_label("Value", exact=True).fill("admin")
    tab.get_by_role("button", name="Add rule").click()
    expect(tab.get_by_text("The rule was added.")).to_be_visible()
    tab.goto(page)


def try_login(tab: Page) -> None:
    tab.get_by_role("link", name="Test login").click()
    tab.get_by_role("button", name="Allow").click()
    expect(tab.get_by_text("The login works.")).to_be_visible()
    expect(tab.locator(".check")).not_to_have_count(0)
    expect(tab.locator(".check--failed, .check--skipped")).to_have_count(0)
    expect(tab.get_by_text("Admin, by a rule.")).to_be_visible()


def first_login(tab: Page, shop: ServedSite, office: ServedSite) -> None:
    office.begin_session(tab.context, "grace")
    tab.goto(f"{shop.url}/login")
    tab.get_by_role("link", name="Log in with Office").click()
    tab.get_by_role("button", name="Allow").click()
    expect(tab.get_by_role("heading", name="Your first login with Office")).to_be_visible()
    expect(tab.get_by_label("User name")).to_have_value("grace")
    tab.get_by_label("User name").fill("hopper")
    tab.get_by_role("button", name="Create account").click()
    expect(tab.get_by_text("You are logged in as hopper.")).to_be_visible()
    expect(tab.get_by_role("link", name="Admin", exact=True)).to_be_visible()


def logout_and_second_login(tab: Page, shop: ServedSite) -> None:
    """The logout continues there without a question, also of the session that began with the account."""
    tab.get_by_role("button", name="Log out", exact=True).first.click()
    expect(tab.get_by_text("You are logged out.")).to_be_visible()
    assert tab.url.startswith(f"{shop.url}/login")
    log_in_with_office(tab)
    expect(tab.get_by_text("You are logged in as hopper.")).to_be_visible()
    expect(tab.get_by_role("link", name="Admin", exact=True)).to_be_visible()


def log_in_with_office(tab: Page) -> None:
    """From the login page, by somebody who is logged in nowhere."""
    tab.get_by_role("link", name="Log in with Office").click()
    tab.get_by_label("User name or e-mail").fill("grace")
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Log in", exact=True).click()


def lose_group(tab: Page, shop: ServedSite, office: ServedSite) -> None:
    office.command("user", "role", "grace", "user")
    tab.get_by_role("button", name="Log out", exact=True).first.click()
    expect(tab.get_by_text("You are logged out.")).to_be_visible()
    log_in_with_office(tab)
    expect(tab.get_by_text("You are logged in as hopper.")).to_be_visible()
    expect(tab.get_by_role("link", name="Admin", exact=True)).to_have_count(0)
    tab.goto(f"{shop.url}/account/security")
    expect(tab.get_by_text("This is your only way to log in.")).to_be_visible()


def end_session_there(tab: Page, shop: ServedSite, office: ServedSite) -> None:
    """A logout there ends the session here; the page that is open shows it at its next click."""
    tab.goto(f"{shop.url}/account")
    there = tab.context.new_page()
    there.goto(f"{office.url}/dashboard")
    there.get_by_role("button", name="Log out", exact=True).first.click()
    expect(there.get_by_text("You are logged out.")).to_be_visible()
    there.close()
    is_closed_at_the_next_click(tab, shop)


def is_closed_at_the_next_click(tab: Page, site: ServedSite) -> None:
    """The page that is open stays until then. The notice of the provider may come after its response."""
    for _try in range(100):
        if tab.context.request.get(f"{site.url}/account").status == 401:
            break
        tab.wait_for_timeout(200)
    else:
        raise AssertionError("the session has not ended")
    expect(tab.get_by_role("heading", name="Account")).to_be_visible()
    tab.get_by_role("link", name="Tokens", exact=True).click()
    expect(tab.get_by_role("heading", name="Log in", exact=True)).to_be_visible()


def link_and_unlink(tab: Page, shop: ServedSite, office: ServedSite) -> None:
    office.begin_session(tab.context, "linus")
    shop.begin_session(tab.context, "ada")
    tab.goto(f"{shop.url}/account/security")
    tab.get_by_role("link", name="Link Office").click()
    tab.get_by_role("button", name="Allow").click()
    expect(tab.get_by_role("heading", name="Link Office to your account?")).to_be_visible()
    tab.get_by_role("button", name="Link Office").click()
    expect(tab.get_by_text("You can log in with Office now.")).to_be_visible()
    tab.get_by_role("link", name="Remove Office").click()
    tab.get_by_role("button", name="Remove Office").click()
    expect(tab.get_by_text("You can no longer log in with Office.")).to_be_visible()
    expect(tab.get_by_role("link", name="Link Office")).to_be_visible()
