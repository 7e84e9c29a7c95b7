"""A password reset in a browser: request the link, and set a new password with it."""

NEW = "umbrella otter lantern 9"


def ask(browser, identifier):
    browser.open("/forgot")
    return browser.press("Send link", username=identifier)


def set_new(browser, link, password=NEW, **fields):
    browser.open(link)
    return browser.press("Set password", password=password, **fields)
