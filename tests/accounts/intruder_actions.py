"""What somebody else may do who knows Ada's password, each as a browser or a script does it."""

import re

import pyotp

from tests.browser import Person
from tests.factories import PASSWORD
from tests.federation import upstream as identities
from tests.oauth.device import started, tool
from tests.outbox_mails import mails
from tests.script import Script
from tests.second_factors import with_app, with_sheet
from tests.tables import account

NEW = "another horse battery"


def of_kind(app, kind):
    return [mail for mail in mails(app) if mail.kind == kind][-1]


def change_name(eve, app):
    eve.open("/account")
    eve.press("Save profile", username="mallory")


def change_password(eve, app):
    eve.open("/account/password")
    eve.press("Change password", password=PASSWORD, new_password=NEW)


def reset_password(eve, app):
    ask_for_a_reset(eve, app)
    eve.open(of_kind(app, "reset_password").link)
    eve.press("Set password", password=NEW)


def ask_for_a_reset(eve, app):
    eve.open("/forgot")
    eve.press("Send link", username="ada")


def end_everything(eve, app):
    eve.open("/account/security/end-everything")
    eve.press("End all access")


def close_account(eve, app):
    eve.open("/account/close")
    eve.press("Close my account", username="ada")


def change_address(eve, app):
    ask_for_another_address(eve, app)
    eve.open(of_kind(app, "confirm_email").link)
    eve.press("Verify eve@evil.example")


def add_a_factor(eve, app):
    page = eve.open("/account/security/totp").text
    seed = re.search(r"[A-Z2-7]{32}", page.replace(" ", ""))
    eve.press("Turn on", code=pyotp.TOTP(seed[0]).now())


def use_a_recovery_code(eve, app):
    user = account(app, "ada")
    with_app(app, user)
    code = with_sheet(app, user)[0]
    another = Person(app, ip_address=eve.ip_address, user_agent=eve.user_agent)
    another.log_in("ada")
    another.press("Continue", code=code)


def type_a_wrong_code(eve, app):
    with_app(app, account(app, "ada"))
    another = Person(app, ip_address=eve.ip_address, user_agent=eve.user_agent)
    another.log_in("ada")
    another.press("Continue", code="000000")


def log_in_by_script(eve, app):
    for ip_address in ("203.0.113.18", eve.ip_address):
        body = {"username": "ada", "password": PASSWORD}
        assert (
            Script(app, ip_address=ip_address).post("/api/auth", json=body, headers={"User-Agent": "Chrome/140.0"}).json
        )


def allow_a_device(eve, app):
    started(tool(app)).allowed_by(eve)


def ask_for_another_address(eve, app):
    eve.open("/account")
    eve.press("Send verification link", email="eve@evil.example")


def register_beside(eve, app):
    eve.open("/register")
    eve.press("Register", username="bob", email="bob@example.org", password=PASSWORD)


def link_an_identity(eve, app):
    identities.log_in(eve, provided_once(app), "/account/identities/link/acme")
    eve.open("/login/with/acme/link")
    eve.press("Link Acme")


def unlink_the_identity(eve, app):
    path = f"/account/identities/{identities.linked(app, account(app, 'ada'), 'ada')}/unlink"
    eve.open(path)
    eve.press("Remove Acme")


def provided_once(app):
    upstream = identities.Upstream(claims={"sub": "eve", "name": "Eve"})
    identities.provided(app, upstream)
    return upstream


def nothing(eve, app):
    """They have logged in, and that is all."""


ACTIONS = {
    "new_login": nothing,
    "new_script_login": log_in_by_script,
    "device_allowed": allow_a_device,
    "password_changed": change_password,
    "password_reset": reset_password,
    "name_changed": change_name,
    "everything_ended": end_everything,
    "account_closed": close_account,
    "email_changed": change_address,
    "factors_changed": add_a_factor,
    "code_refused": type_a_wrong_code,
    "identity_linked": link_an_identity,
    "identity_unlinked": unlink_the_identity,
    "recovery_code_used": use_a_recovery_code,
}
"""By the mail that tells of it."""


MAILED = {
    "new_login": nothing,
    "reset_password": ask_for_a_reset,
    "confirm_email": ask_for_another_address,
    "email_changed": change_address,
    "verify_email": register_beside,
}
"""What comes with a link."""
