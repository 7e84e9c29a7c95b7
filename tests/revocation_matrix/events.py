"""The events of the matrix: functions that make each of them happen."""

from collections.abc import Callable
from datetime import timedelta

import time_machine
from werkzeug.test import TestResponse

from tests.outbox_mails import mails
from tests.revocation_matrix.sites import Owner, browser
from webapp.accounts import lifecycle, mfa_reset, recovery
from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mail.mailer import Mailer
from webapp.testing import as_nobody
from webapp.web.registry import services_of

NEW = "umbrella otter lantern 9"
WHY = {"reason": "a test of the table"}


def ok(answer: TestResponse) -> TestResponse:
    assert answer.status_code < 400, answer.text
    return answer


def log_out(owner: Owner) -> None:
    if owner.logs_out is not None:
        owner.logs_out()
    else:
        ok(owner.browser.post("/logout"))


def end_others(owner: Owner) -> None:
    ok(owner.browser.post("/account/sessions/end-others"))


def end_everything(owner: Owner) -> None:
    ok(owner.browser.post("/account/security/end-everything", json={"also_this": True}))


def change_password(owner: Owner) -> None:
    ok(owner.browser.post("/account/password", json={"password": owner.password, "new_password": NEW}))
    owner.password = NEW


def reset_password(owner: Owner) -> None:
    link = owner.write(recovery.link_for)
    caller = browser(as_nobody(owner.app))
    ok(caller.get(link))
    ok(caller.post("/reset", json={"password": NEW}))
    owner.password = NEW


def change_address(owner: Owner) -> None:
    email = f"{owner.user.username}-new@example.org"
    ok(owner.browser.post("/account/email", json={"email": email}))
    (mail,) = [mail for mail in mails(owner.app) if mail.to == email]
    ok(owner.browser.get(mail.link))
    ok(owner.browser.post("/account/email/confirm"))


def disable(owner: Owner) -> None:
    if owner.site.admin is None:
        owner.write(lambda db, user: lifecycle.disable(db, user))
    else:
        ok(owner.site.admin.post(f"/admin/users/{owner.user.id}/disable", json=WHY))


def close(owner: Owner) -> None:
    ok(owner.browser.post("/account/close", json={"username": owner.user.username}))


def delete(owner: Owner) -> None:
    if owner.site.admin is None:
        owner.write(lambda db, user: lifecycle.delete(db, user))
    else:
        said = WHY | {"username": owner.user.username}
        ok(owner.site.admin.post(f"/admin/users/{owner.user.id}/delete", json=said))


def reset_factors(owner: Owner) -> None:
    post, non_passkey_logins = services_of(owner.app).get(Mailer), services_of(owner.app).get(NonPasskeyLogins)
    if owner.site.admin is None:
        owner.write(lambda db, user: mfa_reset.carry_out(db, post, user, non_passkey_logins))
        return
    ok(owner.site.admin.post(f"/admin/users/{owner.user.id}/reset-factors", json=WHY))
    with time_machine.travel(now() + timedelta(hours=25)), services_of(owner.app).get(Database).write() as db:
        # Its waiting time is over for the job alone: what it ends must not seem to have run out meanwhile.
        due = mfa_reset.resets.due(db, limit=100)
    for user_id in due:
        with services_of(owner.app).get(Database).write() as db:
            assert mfa_reset.resets.cancel(db, user_id)
            mfa_reset.carry_out(db, post, db.get_one(User, user_id), non_passkey_logins)


OF_ONE: dict[str, Callable[[Owner], None]] = {
    "log out": log_out,
    "end others": end_others,
    "end everything": end_everything,
    "password change": change_password,
    "password reset": reset_password,
    "e-mail change": change_address,
    "disable": disable,
    "close": close,
    "delete": delete,
    "factor reset": reset_factors,
}
