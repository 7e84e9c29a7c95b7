"""Getting in, in a real browser with a real mail server: invited, registered, verified; forgotten and reset."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import PASSWORD
from tests.journeys.accessibility import check
from tests.journeys.mail_server import MailServer
from tests.journeys.server import ServedSite, forked

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NEW = "umbrella otter lantern 9"


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory, mail_server: MailServer) -> Iterator[ServedSite]:
    with forked(tmp_path_factory.mktemp("mailing"), WEBAPP_SMTP_URL=mail_server.url) as site:
        site.add_user("mara", "admin")
        site.add_user("nils")
        yield site


def log_in(page: Page, site: ServedSite, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{site.url}/login")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def test_invitation_registration_verification_and_password_reset(
    mailing: ServedSite, mail_server: MailServer, chromium: Browser
) -> None:
    site, mails = mailing, mail_server
    desk = chromium.new_context()
    tab = desk.new_page()
    log_in(tab, site, "mara")
    tab.goto(f"{site.url}/admin/invitations/new")
    check(tab)
    tab.get_by_role("button", name="Create invitation").click()
    check(tab)
    link = tab.get_by_label("Link", exact=True).input_value()
    tab.goto(f"{site.url}/admin/mail")
    check(tab)

    context = chromium.new_context(viewport={"width": 360, "height": 800}, color_scheme="dark")
    eve = context.new_page()
    eve.goto(link)
    assert eve.url == f"{site.url}/register"
    check(eve)
    eve.get_by_label("Name", exact=True).fill("eve")
    eve.get_by_label("E-mail").fill("eve@example.org")
    eve.get_by_label("Password", exact=True).fill(PASSWORD)
    expect(eve.get_by_text("Very strong")).to_be_visible()
    eve.get_by_role("button", name="Show password").click()
    expect(eve.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    check(eve)
    eve.get_by_role("button", name="Register").click()
    expect(eve.get_by_role("heading", level=1)).to_have_text("Check your mailbox")
    # The account is made after the answer; with its mail it is there.
    verification = mails.link("Verify your e-mail address", "eve@example.org")
    log_in(eve, site, "eve")
    expect(eve.get_by_role("heading", level=1)).to_have_text("Verify your e-mail address first")
    check(eve)
    eve.goto(verification)
    check(eve)
    eve.get_by_label("Password", exact=True).fill(PASSWORD)
    eve.get_by_role("button", name="Verify my e-mail address").click()
    expect(eve.get_by_text("Your e-mail address is verified")).to_be_visible()
    expect(eve.get_by_role("heading", level=1)).to_contain_text("eve")
    copied = context.cookies()

    second = chromium.new_context()
    forgetful = second.new_page()
    forgetful.goto(f"{site.url}/login")
    forgetful.get_by_role("link", name="Forgot password?").click()
    check(forgetful)
    forgetful.get_by_label("User name or e-mail").fill("eve@example.org")
    forgetful.get_by_role("button", name="Send link").click()
    check(forgetful)
    forgetful.goto(mails.link("Set a new password for", "eve@example.org"))
    assert forgetful.url == f"{site.url}/reset"
    check(forgetful)
    forgetful.get_by_label("New password", exact=True).fill(NEW)
    forgetful.get_by_role("button", name="Set password").click()
    expect(forgetful.get_by_text("Your new password is set")).to_be_visible()

    eve.goto(f"{site.url}/dashboard")
    expect(eve.get_by_role("heading", level=1)).to_have_text("Log in")
    thief = chromium.new_context()
    thief.add_cookies(copied)  # type: ignore[arg-type]  # read and written in the same form
    stolen = thief.new_page()
    stolen.goto(f"{site.url}/dashboard")
    expect(stolen.get_by_role("heading", level=1)).to_have_text("Log in")

    log_in(forgetful, site, "eve", NEW)
    expect(forgetful.get_by_role("heading", level=1)).to_contain_text("eve")
    stolen.goto(mails.link("Login from a new browser", "eve@example.org"))
    check(stolen)
    stolen.get_by_role("button", name="Secure my account").click()
    expect(stolen.get_by_role("heading", level=1)).to_have_text("Your account is secured")
    forgetful.goto(f"{site.url}/dashboard")
    expect(forgetful.get_by_role("heading", level=1)).to_have_text("Log in")
    assert mails.link("Set a new password for", "eve@example.org")
    for made in (desk, context, second, thief):
        made.close()


def test_an_email_address_is_changed_and_reverted_from_the_former_one(
    mailing: ServedSite, mail_server: MailServer, chromium: Browser
) -> None:
    """Somebody sits down at a browser left open, and moves the account to an address of theirs."""
    site, mails = mailing, mail_server
    left_open = chromium.new_context(viewport={"width": 360, "height": 800})
    tab = left_open.new_page()
    log_in(tab, site, "nils")
    tab.goto(f"{site.url}/account")
    tab.get_by_label("New e-mail address").fill("eve@evil.example")
    tab.get_by_role("button", name="Send verification link").click()
    expect(tab.get_by_text("eve@evil.example").first).to_be_visible()
    check(tab)

    elsewhere = chromium.new_context(color_scheme="dark")
    eve = elsewhere.new_page()
    eve.goto(mails.link("Verify your e-mail address", "eve@evil.example"))
    assert eve.url == f"{site.url}/account/email/confirm"
    check(eve)
    eve.get_by_role("button", name="Verify eve@evil.example").click()
    tab.goto(f"{site.url}/account")
    expect(tab.locator("dd", has_text="eve@evil.example")).to_be_visible()

    undo = mails.link("was changed", "nils@example.org")
    owner = chromium.new_context().new_page()
    owner.goto(undo)
    assert owner.url == f"{site.url}/account/email/undo"
    check(owner)
    owner.get_by_role("button", name="Restore nils@example.org").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Your account is secured")
    check(owner)
    tab.goto(f"{site.url}/dashboard")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Log in")
    owner.goto(mails.link("Set a new password for", "nils@example.org"))
    owner.get_by_label("New password", exact=True).fill(NEW)
    owner.get_by_role("button", name="Set password").click()
    log_in(owner, site, "nils@example.org", NEW)
    expect(owner.get_by_role("heading", level=1)).to_contain_text("nils")
    eve.goto(undo)
    expect(eve.get_by_role("button", name="Restore")).to_have_count(0)
    for made in (left_open, elsewhere, owner.context):
        made.close()
