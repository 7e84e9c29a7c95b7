"""Creating a token from a preset in Chromium, with a summary that follows the form."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.server import ServedSite
from tests.journeys.test_in_chromium import curl

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_preset_is_restricted_with_a_live_summary_and_a_refusal_links_to_the_form(
    tab: Page, site: ServedSite
) -> None:
    site.add_user("mira")
    site.begin_session(tab.context, "mira")
    tab.goto(f"{site.url}/tokens/new")
    tab.get_by_role("button", name="Try with curl").click()
    words = tab.locator(".token-summary__text")
    expect(words).to_contain_text("Can read Your profile until")
    tab.get_by_label("Only from these IP addresses").fill("10.0.0.0/99")
    expect(words).to_contain_text("10.0.0.0/99 is not a network")
    tab.get_by_label("Only from these IP addresses").fill("127.0.0.0/8")
    expect(words).to_contain_text("from 127.0.0.0/8")
    tab.get_by_label("Find a resource").fill("examples")
    expect(tab.get_by_role("group", name="Your profile")).to_be_hidden()
    expect(tab.get_by_role("group", name="Protected examples")).to_be_visible()
    tab.get_by_role("textbox", name="Name").fill("first try")
    tab.get_by_role("button", name="Create token").click()
    token = tab.get_by_label("Token", exact=True).input_value()
    assert curl(f"{site.url}/dashboard", token)[0] == 200

    status, refused = curl(f"{site.url}/protected", token)
    assert (status, refused["code"]) == (403, "scope_required")
    tab.goto(str(refused["fix"]))
    expect(tab.get_by_text("This form is filled in like")).to_be_visible()
    expect(tab.get_by_role("textbox", name="Name")).to_have_value("first try 2")
    tab.get_by_role("button", name="Create token").click()
    second = tab.get_by_label("Token", exact=True).input_value()
    assert curl(f"{site.url}/protected", second)[0] == 200
