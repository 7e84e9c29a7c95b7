"""Writes to accounts: by their users and by admins."""

from abc import ABC
from typing import Any, ClassVar

import httpx
from sqlalchemy import func, select

from tests import factories
from tests.crashes.writes import ByOwner, Headers, WithToken, Write, bearer
from tests.factories import PASSWORD
from tests.second_factors import with_app
from tests.served_session import session_headers
from webapp.accounts.models import User
from webapp.audit.log import Event
from webapp.mail.models import OutgoingMail
from webapp.mfa.models import RecoveryCode

WHY = {"reason": "a test of crashes"}
NEW = "umbrella otter lantern 9"


class ProfileChanged(ByOwner):
    event, path = Event.PROFILE_CHANGED, "/account"

    @property
    def body(self) -> dict[str, Any]:
        return {"username": self.user.username, "display_name": "Countess"}

    def is_done(self, response: httpx.Response | None) -> bool:
        return self.stored().display_name == "Countess"


class PasswordChanged(ByOwner):
    """Ends all other logins."""

    event, path = Event.PASSWORD_CHANGED, "/account/password"
    when_repeated = 401

    def prepare(self) -> None:
        super().prepare()
        self.other = session_headers(self.site.app, self.user)

    @property
    def body(self) -> dict[str, Any]:
        return {"password": PASSWORD, "new_password": NEW}

    def is_done(self, response: httpx.Response | None) -> bool:
        answers = [self.answer(password) for password in (PASSWORD, NEW)]
        assert sorted(answers) == [200, 401]
        is_changed = answers == [401, 200]
        assert self.opens(self.other) is not is_changed
        assert mails_of(self, "password_changed") == is_changed
        return is_changed

    def answer(self, password: str) -> int:
        with self.site.client() as client:
            return client.post("/api/auth", json={"username": self.user.username, "password": password}).status_code


class EmailChangeRequested(ByOwner):
    """Two mails: a link to the new address, and a notice to the former one."""

    event, path = Event.EMAIL_ASKED, "/account/email"

    @property
    def body(self) -> dict[str, Any]:
        return {"email": f"new-{self.user.username}@example.org"}

    def is_done(self, response: httpx.Response | None) -> bool:
        number = mails_of(self)
        # Whoever asks again gets another link.
        assert number in (0, 1, 2)
        return number > 0


class RecoveryCodesMade(ByOwner):
    event, path = Event.RECOVERY_CODES_MADE, "/account/security/recovery-codes"

    def prepare(self) -> None:
        with_app(self.site.app, self.user)
        self.browser = session_headers(self.site.app, self.user, amr="pwd otp mfa")

    def is_done(self, response: httpx.Response | None) -> bool:
        counted = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == self.user.id)
        number: int = self.site.read(lambda db: db.scalar(counted))
        assert number == (len(response.json()["codes"]) if response is not None else number)
        return number > 0


def mails_of(write: Write, kind: str | None = None) -> int:
    counted = select(func.count()).select_from(OutgoingMail).where(OutgoingMail.user_id == write.user.id)
    counted = counted.where(OutgoingMail.kind == kind) if kind else counted
    found: int = write.site.read(lambda db: db.scalar(counted))
    return found


class ByAdmin(WithToken, ABC):
    """By an admin, to somebody with a session and a token."""

    act: ClassVar[str]

    def prepare(self) -> None:
        super().prepare()
        admin = factories.user(self.site.app, role="super_admin")
        self.admin = session_headers(self.site.app, admin)

    @property
    def path(self) -> str:
        return f"/admin/users/{self.user.id}/{self.act}"

    @property
    def headers(self) -> Headers:
        return self.admin


class Disabled(ByAdmin):
    event, act = Event.USER_DISABLED, "disable"

    @property
    def body(self) -> dict[str, Any]:
        return WHY

    def is_done(self, response: httpx.Response | None) -> bool:
        is_disabled = self.stored().disabled_at is not None
        assert [self.opens(bearer(self.token)), self.opens(self.browser)] == [not is_disabled] * 2
        return is_disabled


class RoleChanged(ByAdmin):
    event, act = Event.ROLE_CHANGED, "role"

    @property
    def body(self) -> dict[str, Any]:
        return WHY | {"role": "admin"}

    def is_done(self, response: httpx.Response | None) -> bool:
        return self.stored().role == "admin"


class Deleted(ByAdmin):
    event, act = Event.USER_DELETED, "delete"
    when_repeated = 404

    @property
    def body(self) -> dict[str, Any]:
        return WHY | {"username": self.user.username}

    def is_done(self, response: httpx.Response | None) -> bool:
        found = self.site.read(lambda db: db.get(User, self.user.id))
        assert self.opens(bearer(self.token)) is (found is not None)
        return found is None
