"""A token in Chromium and curl: created, used, refused, fixed, rotated, revoked."""

import sqlite3
import time
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.accessibility import check_everywhere
from tests.journeys.server import ServedSite
from tests.journeys.test_in_chromium import curl

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def token_on(tab: Page) -> str:
    return tab.get_by_label("Token", exact=True).input_value()


def let_time_pass(site: ServedSite, token_id: str) -> None:
    """Put the end of a token where the clock already is."""
    with closing(sqlite3.connect(site.instance / "latchkey.db")) as database, database:
        passed = database.execute(
            "UPDATE credential SET expires_at = ? WHERE id = ?", (time.time_ns() // 1000, token_id.replace("-", ""))
        )
        assert passed.rowcount == 1


def test_a_token_from_its_preset_to_end_all_access(tab: Page, site: ServedSite, chromium: Browser) -> None:
    site.add_user("noor")
    site.begin_session(tab.context, "noor")

    # From a preset, to a page that waits until a real request has come.
    tab.goto(f"{site.url}/tokens/new")
    tab.get_by_role("button", name="curl").first.click()
    tab.get_by_role("textbox", name="Name").fill("first try")
    tab.get_by_role("button", name="Create token").click()
    first = token_on(tab)
    expect(tab.get_by_text("Waiting for the first request")).to_be_visible()
    opens = tab.locator("pre.code").first.inner_text().split()[-1]
    assert curl(opens, first)[0] == 200
    expect(tab.get_by_text("First request seen: GET")).to_be_visible()

    # Refused, with a link that mends it.
    status, refusal = curl(f"{site.url}/tokens", first)
    assert (status, refusal["code"], refusal["required"]) == (403, "scope_required", ["tokens:read"])
    tab.goto(str(refusal["fix"]))
    expect(tab.get_by_text("suggested by link").first).to_be_visible()
    tab.get_by_role("textbox", name="Name").fill("second try")
    tab.get_by_role("button", name="Create token").click()
    second = token_on(tab)
    assert curl(f"{site.url}/tokens", second)[0] == 200

    # Rotated: both work, and the old one dies on time.
    tab.get_by_role("link", name="View second try").click()
    old_id = tab.url.partition("?")[0].rpartition("/")[2]
    tab.get_by_role("link", name="Rotate").click()
    tab.get_by_role("radio", name="1 hour").check()
    tab.get_by_role("button", name="Rotate second try").click()
    third = token_on(tab)
    assert [curl(f"{site.url}/tokens", token)[0] for token in (second, third)] == [200, 200]
    let_time_pass(site, old_id)
    status, refusal = curl(f"{site.url}/tokens", second)
    assert (status, refusal["code"]) == (401, "token_expired")
    assert curl(f"{site.url}/tokens", third)[0] == 200

    # Looked at beside the tab: axe writes styles that our policy refuses.
    other = chromium.new_context()
    site.begin_session(other, "noor")
    page = other.new_page()
    new_id = curl(f"{site.url}/tokens", third)[1]["tokens"][0]["id"]  # type: ignore[index]  # JSON
    for path in ("/tokens", f"/tokens/{old_id}", f"/tokens/{new_id}", f"/tokens/{new_id}/rotate"):
        page.goto(site.url + path)
        check_everywhere(page)
    other.close()

    # The kill switch.
    tab.goto(f"{site.url}/account/security")
    tab.get_by_role("link", name="End all access").click()
    tab.get_by_role("button", name="End all access").click()
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    for token in (first, third):
        status, refusal = curl(f"{site.url}/tokens", token)
        assert (status, refusal["code"]) == (401, "token_revoked")
