"""node-oidc-provider, which others have written, in a real browser: logins, links, roles by groups, logout there."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.federation.real_upstreams import node_oidc_provider
from tests.federation.upstream import CLIENT, SECRET
from tests.journeys.server import ServedSite
from tests.journeys.test_providers_in_chromium import PAGES, is_closed_at_the_next_click

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_logins_links_and_logout_at_node_oidc_provider(shop: ServedSite, tab: Page, tmp_path: Path) -> None:
    site = shop
    site.add_user("linda")
    groups = tmp_path / "groups.json"
    groups.write_text(json.dumps({"grace": ["staff"]}))
    # Its pages load a font from elsewhere.
    tab.context.route(re.compile("https://fonts[.]"), lambda route: route.fulfill(content_type="text/css", body=""))
    with node_oidc_provider(site.url, groups=groups) as issuer:
        site.begin_session(tab.context, "chief")
        add_provider(tab, site, issuer)
        tab.context.clear_cookies()
        # First login, with an account, and its role by a group.
        tab.goto(f"{site.url}/login")
        log_in_there(tab, "grace")
        expect(tab.get_by_role("heading", name="Your first login with Acme")).to_be_visible()
        tab.get_by_role("button", name="Create account").click()
        expect(tab.get_by_text("You are logged in as grace.")).to_be_visible()
        expect(tab.get_by_role("link", name="Admin", exact=True)).to_be_visible()
        # Second login, without the group.
        groups.write_text("{}")
        log_out_everywhere(tab)
        log_in_there(tab, "grace")
        expect(tab.get_by_text("You are logged in as grace.")).to_be_visible()
        expect(tab.get_by_role("link", name="Admin", exact=True)).to_have_count(0)
        end_session_there(tab, site, issuer)
        tab.context.clear_cookies()
        site.begin_session(tab.context, "linda")
        link_and_unlink(tab, site)


def add_provider(tab: Page, site: ServedSite, issuer: str) -> None:
    tab.goto(f"{site.url}{PAGES}/new?preset=openid")
    tab.get_by_label("Issuer URL").fill(issuer)
    tab.get_by_role("button", name="Continue").click()
    tab.get_by_label("Short name in URLs").fill("acme")
    tab.get_by_label("Client ID").fill(CLIENT)
    tab.get_by_label("Client secret").fill(SECRET)
    tab.get_by_label("Name", exact=True).fill("Acme")
    tab.get_by_role("button", name="Add provider").click()
    expect(tab.get_by_text("Acme was added.")).to_be_visible()
    page = tab.url
    tab.get_by_role("link", name="Edit provider").click()
    tab.get_by_label("Who gets an account at the first login").select_option("open")
    tab.get_by_label("Roles that rules may give").fill("admin")
    tab.get_by_label("Log out there, too").check()
    tab.get_by_text("Advanced", exact=True).click()
    tab.get_by_label("Scopes").fill("openid profile email groups")
    tab.get_by_role("button", name="Save provider").click()
    tab.get_by_role("link", name="Edit and test rules").click()
    tab.get_by_label("Claim", exact=True).fill("groups")
    tab.get_by_label("Value", exact=True).fill("staff")
    tab.get_by_role("button", name="Add rule").click()
    tab.goto(page)
    tab.get_by_role("link", name="Test login").click()
    forms_there(tab, "chief")
    expect(tab.get_by_text("The login works.")).to_be_visible()
    expect(tab.locator(".check--failed, .check--skipped")).to_have_count(0)


def log_in_there(tab: Page, name: str) -> None:
    tab.get_by_role("link", name="Log in with Acme").click()
    forms_there(tab, name)


def forms_there(tab: Page, name: str) -> None:
    """The two pages of node-oidc-provider: login and consent."""
    tab.get_by_placeholder("Enter any login").fill(name)
    tab.get_by_placeholder("and password").fill("any")
    tab.get_by_role("button", name="Sign-in").click()
    tab.get_by_role("button", name="Continue").click()


def log_out_everywhere(tab: Page) -> None:
    """The logout continues there, where it is confirmed, and leads back."""
    tab.get_by_role("button", name="Log out", exact=True).first.click()
    tab.get_by_role("button", name="Yes, sign me out").click()
    expect(tab.get_by_text("You are logged out.")).to_be_visible()


def end_session_there(tab: Page, site: ServedSite, issuer: str) -> None:
    """A logout there ends the session here; the page that is open shows it at its next click."""
    tab.goto(f"{site.url}/account")
    there = tab.context.new_page()
    there.goto(f"{issuer}/session/end")
    there.get_by_role("button", name="Yes, sign me out").click()
    expect(there.get_by_text("Sign-out Success")).to_be_visible()
    there.close()
    is_closed_at_the_next_click(tab, site)


def link_and_unlink(tab: Page, site: ServedSite) -> None:
    tab.goto(f"{site.url}/account/security")
    tab.get_by_role("link", name="Link Acme").click()
    forms_there(tab, "linus")
    tab.get_by_role("button", name="Link Acme").click()
    expect(tab.get_by_text("You can log in with Acme now.")).to_be_visible()
    tab.get_by_role("link", name="Remove Acme").click()
    tab.get_by_role("button", name="Remove Acme").click()
    expect(tab.get_by_text("You can no longer log in with Acme.")).to_be_visible()
