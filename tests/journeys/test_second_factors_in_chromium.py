"""Second factors in a real browser, with an authenticator that Chromium keeps: set up, used, and taken away."""

import time
from itertools import count

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import PASSWORD
from tests.journeys.accessibility import check_everywhere
from tests.journeys.server import ServedSite
from tests.journeys.virtual_authenticator import OPTIONS, Device, device

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

numbers = count(1)


@pytest.fixture
def name(site: ServedSite) -> str:
    """A user who has a password and nothing else."""
    site.add_user(name := f"ada{next(numbers)}")
    return name


def log_in(page: Page, site: ServedSite, name: str) -> None:
    page.goto(f"{site.url}/login")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out", exact=True).first.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def add_passkey(tab: Page, site: ServedSite) -> None:
    tab.goto(f"{site.url}/account/security")
    tab.get_by_role("link", name="Add a passkey").click()
    tab.get_by_role("button", name="Add a passkey").click()
    tab.wait_for_url("**/recovery-codes**")


def test_a_passkey_is_created_used_by_button_and_autofill_and_removed(site: ServedSite, name: str, tab: Page) -> None:
    mine = device(tab)
    site.begin_session(tab.context, name)
    add_passkey(tab, site)
    assert len(mine.credentials()) == 1
    tab.get_by_role("button", name="Create 10 codes").click()
    expect(tab.get_by_text("Shown only once")).to_be_visible()
    tab.emulate_media(media="print")
    expect(tab.get_by_text(f"Recovery codes of {name}")).to_be_visible()
    expect(tab.get_by_role("link", name="I've saved them")).not_to_be_visible()
    tab.emulate_media(media="screen")
    tab.get_by_role("link", name="I've saved them").click()
    tab.goto(f"{site.url}/account/security")

    # By button: until then the authenticator does not answer what the page asks by itself.
    mine.set(is_touched=False)
    log_out(tab)
    tab.wait_for_load_state("networkidle")
    mine.set(is_touched=True)
    tab.get_by_role("button", name="Use a passkey").click()
    tab.wait_for_url("**/dashboard")

    # By autofill: the page asks by itself, and the authenticator answers.
    tab.goto(f"{site.url}/tokens")
    tab.get_by_role("button", name="Log out", exact=True).first.click()
    tab.wait_for_url("**/dashboard")

    tab.goto(f"{site.url}/account/security")
    expect(tab.get_by_text("used 2 times")).to_be_visible()
    tab.get_by_role("link", name="Rename").click()
    tab.get_by_label("Name", exact=True).fill("this laptop")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_text("this laptop").first).to_be_visible()
    tab.get_by_role("link", name="Remove passkey 1").click()
    tab.get_by_role("button", name="Remove this laptop").click()
    expect(tab.get_by_text("Your device may still list it")).to_be_visible()


def test_an_authenticator_without_user_verification_is_refused(site: ServedSite, name: str, tab: Page) -> None:
    mine = device(tab)
    site.begin_session(tab.context, name)
    add_passkey(tab, site)
    mine.set(is_touched=False, is_verified=False)
    tab.goto(f"{site.url}/dashboard")
    log_out(tab)
    tab.wait_for_load_state("networkidle")
    mine.set(is_touched=True)
    tab.get_by_role("button", name="Use a passkey").click()
    expect(tab.locator(".passkey__message")).not_to_be_empty()
    assert "/login" in tab.url


def test_a_browser_that_offers_no_passkeys_shows_an_error_only_for_the_button(site: ServedSite, tab: Page) -> None:
    """Without an authenticator, Chromium here refuses what the page asks for by itself, for autofill."""
    tab.goto(f"{site.url}/login")
    tab.wait_for_load_state("networkidle")
    # The refusal comes after the options.
    tab.wait_for_timeout(500)
    expect(tab.locator(".passkey__message")).to_be_empty()
    tab.get_by_role("button", name="Use a passkey").click()
    expect(tab.locator(".passkey__message")).not_to_be_empty()


def test_a_step_up_uses_the_passkey_and_the_last_one_cannot_be_removed(site: ServedSite, name: str, tab: Page) -> None:
    mine = device(tab)
    site.begin_session(tab.context, name)
    add_passkey(tab, site)
    # The same device makes no second one, and says so.
    tab.goto(f"{site.url}/account/security/passkeys/new")
    tab.get_by_role("button", name="Add a passkey").click()
    expect(tab.get_by_text("already has a passkey for this account")).to_be_visible()
    other = Device(
        mine.cdp,
        mine.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS | {"transport": "usb"}})[
            "authenticatorId"
        ],
    )
    mine.set(is_touched=False)
    tab.get_by_role("button", name="Add a passkey").click()
    tab.get_by_role("link", name="Later").click()
    tab.get_by_label("Name", exact=True).fill("the key")
    tab.get_by_role("button", name="Save").click()
    assert len(other.credentials()) == 1
    tab.get_by_role("link", name="Remove password").click()
    tab.get_by_role("button", name="Remove password").click()
    tab.get_by_role("link", name="Remove passkey 2").click()
    tab.get_by_role("button", name="Remove the key").click()
    expect(tab.get_by_text("only way to log in")).to_be_visible()
    expect(tab.get_by_role("button", name="Remove passkey 1")).to_be_disabled()
    mine.set(is_touched=True)
    tab.goto(f"{site.url}/confirm?next=/tokens/new")
    tab.get_by_role("button", name="Use a passkey").click()
    tab.wait_for_url("**/tokens/new")


def test_an_app_is_set_up_and_used_without_javascript(site: ServedSite, name: str, chromium: Browser) -> None:
    page = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}).new_page()
    log_in(page, site, name)
    page.goto(f"{site.url}/account/security")
    page.get_by_role("link", name="Set up an authenticator app").click()
    seed = page.locator("copy-text pre").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(seed).at(time.time(), counter_offset=-1))
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("button", name="Create 10 codes").click()
    expect(page.locator(".sheet li")).to_have_count(10)
    page.goto(f"{site.url}/dashboard")
    page.get_by_role("button", name="Log out", exact=True).first.click()
    expect(page.get_by_role("button", name="Use a passkey")).not_to_be_visible()
    assert "Passkeys need JavaScript" in page.content()
    log_in(page, site, name)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(seed).now())
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/dashboard")
    page.context.close()


def test_every_page_of_second_factors_is_accessible_and_fits(site: ServedSite, name: str, chromium: Browser) -> None:
    # Without the watch over faults: the checker styles the page inline, which the policy refuses and reports.
    context = chromium.new_context()
    page = context.new_page()
    mine = device(page)
    page.goto(f"{site.url}/login")
    check_everywhere(page)
    site.begin_session(context, name)
    for path in ("passkeys/new", "totp", "recovery-codes", "second-factor"):
        page.goto(f"{site.url}/account/security/{path}")
        check_everywhere(page)
    add_passkey(page, site)
    check_everywhere(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Create 10 codes").click()
    check_everywhere(page)
    page.goto(f"{site.url}/account/security/totp")
    seed = page.locator("copy-text pre").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(seed).now())
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/security")
    check_everywhere(page)
    for link in ("Remove passkey 1", "Remove app", "Rename"):
        with page.expect_navigation():
            page.get_by_role("link", name=link).click()
        check_everywhere(page)
        page.goto(f"{site.url}/account/security")
    page.goto(f"{site.url}/confirm?next=/tokens/new")
    check_everywhere(page)
    mine.set(is_touched=False)
    page.goto(f"{site.url}/dashboard")
    log_out(page)
    log_in(page, site, name)
    page.wait_for_url("**/login/second-step**")
    check_everywhere(page)
    context.close()
