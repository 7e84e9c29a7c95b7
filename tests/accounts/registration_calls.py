"""A registration in a browser, at a site that sends mails."""

from tests.factories import PASSWORD

SMTP = {"WEBAPP_SMTP_URL": "smtp://127.0.0.1:9"}


def register(browser, name="eve", email="eve@example.org", password=PASSWORD):
    browser.open("/register")
    fields = {"username": name, "password": password} | ({"email": email} if email else {})
    return browser.press("Register", **fields)
