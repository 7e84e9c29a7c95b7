"""Real tabs of one browser: logins and forms that another tab overtakes, and Reload and Back after a form."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import PASSWORD
from tests.journeys.server import ServedSite

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def used_site(site: ServedSite) -> ServedSite:
    site.add_user("tara")
    return site


def fill_in(tab: Page, password: str = PASSWORD) -> None:
    tab.get_by_label("User name or e-mail").fill("tara")
    tab.get_by_label("Password", exact=True).fill(password)
    tab.get_by_role("button", name="Log in").click()


def test_two_tabs_log_in_and_a_form_of_an_earlier_session_can_be_sent(used_site: ServedSite, chromium: Browser) -> None:
    url, context = used_site.url, chromium.new_context()
    one, two = context.new_page(), context.new_page()
    one.goto(f"{url}/login")
    two.goto(f"{url}/login?next=/account")
    fill_in(one)
    one.wait_for_url("**/dashboard")
    fill_in(two, "whatever: they are logged in already")
    two.wait_for_url("**/account")
    two.get_by_label("Display name").fill("Countess")
    one.get_by_role("button", name="Log out", exact=True).click()
    fill_in(one)
    one.wait_for_url("**/dashboard")
    two.get_by_role("button", name="Save profile").click()
    expect(two.get_by_role("heading", level=1)).to_have_text("Send your form?")
    two.get_by_role("button", name="Send form").click()
    expect(two.get_by_label("Display name")).to_have_value("Countess")
    context.close()


def test_reload_and_back_after_refused_forms_do_not_resend(used_site: ServedSite, chromium: Browser) -> None:
    url, context = used_site.url, chromium.new_context()
    tab, sent = context.new_page(), list[str]()
    tab.on("request", lambda request: sent.append(request.method) if request.is_navigation_request() else None)
    tab.goto(f"{url}/login?next=/account")
    fill_in(tab, "wrong")
    expect(tab.get_by_text("Wrong user name or password")).to_be_visible()
    tab.reload()
    fill_in(tab)
    tab.wait_for_url("**/account")
    tab.get_by_label("New e-mail address").fill("not an address@")
    tab.locator("form", has=tab.get_by_label("New e-mail address")).evaluate("form => { form.noValidate = true }")
    tab.get_by_role("button", name="Send verification link").click()
    expect(tab.locator(".field__error")).to_be_visible()
    assert tab.url == f"{url}/account/email"
    tab.reload()
    assert tab.url == f"{url}/account"
    tab.goto(f"{url}/docs")
    tab.go_back()
    expect(tab.get_by_label("Display name")).to_be_visible()
    assert sent.count("POST") == 3
    context.close()
