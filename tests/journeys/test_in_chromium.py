"""What a person does in a real browser, and their script with curl beside it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import PASSWORD
from tests.journeys.accessibility import NARROW, RULES, check_as, check_everywhere, fits, keep_one_of_each_kind
from tests.journeys.server import ONE_WORKER, ServedSite, served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def curl(url: str, token: str) -> tuple[int, dict[str, object]]:
    """The line that the page offers, with what it answers."""
    told = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {token}", url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    body, _, status = told.stdout.rpartition("\n")
    return int(status), json.loads(body)


def log_in(tab: Page, site: ServedSite, name: str = "mara") -> None:
    tab.goto(f"{site.url}/login")
    tab.get_by_label("User name or e-mail").fill(name)
    tab.get_by_role("textbox", name="Password").fill(PASSWORD)
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text(name)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[ServedSite]:
    """A site in which nobody has an account yet."""
    with served(tmp_path, **ONE_WORKER) as site:
        yield site


@pytest.fixture(scope="session")
def opened(site: ServedSite) -> ServedSite:
    """The site after somebody was made by the operator."""
    site.add_user("ines")
    return site


def test_from_setup_to_a_copied_cookie_that_is_refused(tab: Page, empty: ServedSite, chromium: Browser) -> None:
    site = empty
    tab.goto(site.setup_link)
    tab.get_by_label("Name").fill("mara")
    tab.get_by_label("E-mail").fill("mara@example.org")
    tab.get_by_role("textbox", name="Password").fill(PASSWORD)
    tab.get_by_role("button", name="Create account").click()
    expect(tab.get_by_text("Your account was created.", exact=True)).to_be_visible()

    tab.get_by_role("link", name="Tokens", exact=True).click()
    tab.get_by_role("link", name="New token").first.click()
    tab.get_by_role("textbox", name="Name").fill("laptop")
    tab.get_by_role("group", name="Your profile").get_by_role("radio", name="read").check()
    tab.get_by_role("button", name="Create token").click()
    token = tab.get_by_label("Token", exact=True).input_value()
    status, answer = curl(f"{site.url}/dashboard", token)
    assert (status, answer["username"], answer["credential"]) == (200, "mara", "token")
    # The page waits for that request, and says when it has come.
    expect(tab.get_by_text("First request seen")).to_be_visible()

    tab.goto(f"{site.url}/tokens")
    tab.get_by_role("link", name="laptop", exact=True).click()
    tab.get_by_role("link", name="Revoke").first.click()
    tab.get_by_role("button", name="Revoke laptop").click()
    expect(tab.get_by_text("laptop was revoked")).to_be_visible()
    status, answer = curl(f"{site.url}/dashboard", token)
    assert (status, answer["code"]) == (401, "token_revoked")

    copied = tab.context.cookies()
    tab.get_by_role("button", name="Log out").click()
    expect(tab.get_by_text("You are logged out")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Log in")

    thief = chromium.new_context()
    thief.add_cookies(copied)  # type: ignore[arg-type]  # read and written in the same form
    page = thief.new_page()
    page.goto(f"{site.url}/dashboard")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    thief.close()


PAGES = (
    "/login",
    "/dashboard",
    "/tokens",
    "/tokens?view=ended",
    "/tokens/new?name=laptop&scopes=protected:read",
    "/tokens/inspect",
    "/tokens/revoke-all",
    "/confirm",
    "/logout",
    "/public",
    "/protected",
    "/protected/admin",
    "/nowhere",
    "/problems/scope-required",
)


def test_every_page_is_accessible_and_fits(opened: ServedSite, chromium: Browser) -> None:
    context = chromium.new_context()
    tab = context.new_page()
    for path in PAGES:
        if path == "/dashboard":
            opened.begin_session(context, "ines")
            make_token(tab, opened, "of the pages")
        tab.goto(opened.url + path)
        check_everywhere(tab)
    tab.set_viewport_size({"width": NARROW, "height": 900})
    tab.goto(f"{opened.url}/docs")
    fits(tab)
    # Seventeen thousand elements, most of them in operations that look alike.
    keep_one_of_each_kind(tab, ".operation, .operation tr, nav li")
    check_as(tab, NARROW, "dark", RULES)
    context.close()


def make_token(tab: Page, site: ServedSite, name: str) -> None:
    tab.goto(f"{site.url}/tokens/new?name={name}&scopes=protected:read")
    tab.get_by_role("button", name="Create token").click()
    check_everywhere(tab)


LONG = "maximiliane-wolfeschlegelsteinhausenbergerdorff-jr"


@pytest.mark.parametrize("width", [360, 768])
def test_long_names_and_email_addresses_fit_on_every_page(opened: ServedSite, chromium: Browser, width: int) -> None:
    name, email = f"{LONG[:-3]}{width}", f"{LONG}.{width}@department-of-long-addresses.subsidiary.example.org"
    opened.add_user(name, email=email)
    tab = chromium.new_context(viewport={"width": width, "height": 900}).new_page()
    opened.begin_session(tab.context, name)
    tab.goto(f"{opened.url}/dashboard")
    fits(tab)
    expect(tab.get_by_role("button", name="Log out").first).to_be_in_viewport(ratio=1)
    tab.goto(f"{opened.url}/account")
    tab.get_by_label("New e-mail address").fill(f"new.{email}")
    tab.get_by_role("button", name="Send verification link").click()
    expect(tab.get_by_role("status").first).to_contain_text(f"new.{email}")
    fits(tab)
    tab.context.close()


def test_the_pages_of_an_admin_reflow_to_320_pixels(opened: ServedSite, chromium: Browser) -> None:
    """WCAG 1.4.10: as wide as that is a page of 1280 at four times its size."""
    opened.add_user("vera", "super_admin")
    tab = chromium.new_context(viewport={"width": 320, "height": 640}).new_page()
    opened.begin_session(tab.context, "vera")
    for path in (
        "/dashboard",
        "/tokens/new",
        "/account/security",
        "/admin/users",
        "/admin/audit",
        "/admin/roles/admin",
    ):
        tab.goto(opened.url + path)
        tab.evaluate("document.querySelectorAll('details.fold').forEach(fold => fold.open = true)")
        fits(tab)
    tab.context.close()


def test_everything_but_copying_works_without_javascript(opened: ServedSite, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    log_in(tab, opened, "ines")
    tab.goto(f"{opened.url}/tokens/new?name=plain&scopes=protected:read")
    tab.get_by_role("button", name="Create token").click()
    token = tab.get_by_label("Token", exact=True).input_value()
    assert curl(f"{opened.url}/protected", token)[0] == 200
    tab.get_by_role("link", name="Revoke plain now").click()
    tab.get_by_role("button", name="Revoke plain").click()
    # More often than there are workers: each of them knows.
    for _ in range(8):
        status, answer = curl(f"{opened.url}/protected", token)
        assert (status, answer["code"]) == (401, "token_revoked")
    context.close()


def test_a_removed_role_applies_to_the_next_request(opened: ServedSite) -> None:
    opened.add_user("roland", "admin")
    token = opened.api_token("roland")
    assert curl(f"{opened.url}/protected/admin", token)[0] == 200
    opened.command("user", "role", "roland", "user")
    for _ in range(8):
        status, answer = curl(f"{opened.url}/protected/admin", token)
        assert (status, answer["code"]) == (403, "role_required")


def test_a_disabled_user_gets_the_login_page_at_the_next_click(
    opened: ServedSite, tab: Page, chromium: Browser
) -> None:
    opened.add_user("chief", "super_admin")
    opened.add_user("jonas")
    token = opened.api_token("jonas")
    context = chromium.new_context()
    theirs = context.new_page()
    opened.begin_session(context, "jonas")
    theirs.goto(f"{opened.url}/dashboard")
    assert curl(f"{opened.url}/protected", token)[0] == 200

    opened.begin_session(tab.context, "chief")
    # Beside the tab, whose console is watched: axe writes styles that our policy refuses.
    other = chromium.new_context()
    opened.begin_session(other, "chief")
    looked_at = other.new_page()
    for path in ("/admin", "/admin/users", "/admin/roles", "/admin/roles/admin", "/admin/audit", "/admin/settings"):
        looked_at.goto(opened.url + path)
        check_everywhere(looked_at)
    tab.goto(f"{opened.url}/admin/users?q=jon")
    tab.get_by_role("link", name="jonas", exact=True).click()
    tab.get_by_role("link", name="Disable").click()
    tab.get_by_label("Reason").fill("lost his laptop")
    tab.get_by_role("button", name="Disable jonas").click()
    expect(tab.get_by_text("jonas is disabled")).to_be_visible()

    theirs.get_by_role("link", name="Tokens", exact=True).click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Log in")
    for _ in range(8):
        status, answer = curl(f"{opened.url}/protected", token)
        assert (status, answer["code"]) == (401, "token_revoked")
    other.close()
    context.close()
