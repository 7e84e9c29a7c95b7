"""Two browsers of one person; every page of the account; a session that is about to end."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.accessibility import check_everywhere
from tests.journeys.server import ServedSite
from tests.journeys.test_in_chromium import log_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = (
    "/account",
    "/account/security",
    "/account/sessions",
    "/account/activity",
    "/account/password",
    "/account/close",
    "/account/security/end-everything",
    "/account/sessions/end-others",
    "/account/sessions/ending",
)


@pytest.fixture(scope="module")
def used_site(site: ServedSite) -> ServedSite:
    site.add_user("nora")
    return site


def test_one_browser_ends_the_session_of_another(used_site: ServedSite, tab: Page, chromium: Browser) -> None:
    context = chromium.new_context(user_agent="Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1")
    phone = context.new_page()
    log_in(phone, used_site, "nora")
    used_site.begin_session(tab.context, "nora")
    tab.goto(f"{used_site.url}/account")
    tab.get_by_role("link", name="Sessions", exact=True).click()
    tab.get_by_role("button", name="Log out Safari on iPhone").click()
    expect(tab.get_by_text("The device was logged out")).to_be_visible()
    phone.get_by_role("link", name="Tokens", exact=True).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Log in")
    expect(phone.get_by_text("Your session has ended")).to_be_visible()
    context.close()


def test_every_page_of_the_account_is_accessible_and_fits(used_site: ServedSite, chromium: Browser) -> None:
    context = chromium.new_context()
    tab = context.new_page()
    used_site.begin_session(context, "nora")
    for path in PAGES:
        tab.goto(used_site.url + path)
        check_everywhere(tab)
    context.close()


def test_a_session_that_is_about_to_end_can_be_extended_without_leaving_the_page(
    used_site: ServedSite, tab: Page
) -> None:
    used_site.begin_session(tab.context, "nora")
    tab.clock.install()
    tab.goto(f"{used_site.url}/tokens/new?name=half-written")
    button = tab.get_by_role("button", name="Stay logged in")
    expect(button).to_be_hidden()
    tab.clock.fast_forward("11:52:00")
    expect(tab.get_by_text("Your session ends in")).to_be_visible()
    with tab.expect_response("**/account/sessions/stay") as answer:
        button.click()
    assert answer.value.status == 200
    expect(tab.get_by_role("textbox", name="Name")).to_have_value("half-written")
