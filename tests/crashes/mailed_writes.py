"""Writes of strangers that are answered before anything of an account is looked at, and by a mail."""

from abc import ABC
from typing import Any, ClassVar

import httpx
from sqlalchemy import func, select

from tests.crashes.writes import Write
from tests.factories import PASSWORD
from webapp.accounts.models import User
from webapp.audit.log import Event
from webapp.mail.models import OutgoingMail


class MailedLater(Write, ABC):
    """Nothing of it is in the response, so it is waited for."""

    kind: ClassVar[str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Sec-Fetch-Site": "same-origin"}

    def mails(self) -> int:
        counted = select(func.count()).select_from(OutgoingMail).where(OutgoingMail.kind == self.kind)
        found: int = self.site.read(lambda db: db.scalar(counted.where(OutgoingMail.to == self.to)))
        return found

    @property
    def to(self) -> str:
        return f"{self.user.username}@example.org"

    def is_done(self, response: httpx.Response | None) -> bool:
        return self.site.eventually(lambda: self.mails() > 0) if response is not None else self.mails() > 0


class ResetAsked(MailedLater):
    event, path, kind = Event.RESET_ASKED, "/forgot", "reset_password"

    @property
    def body(self) -> dict[str, Any]:
        return {"username": self.user.username}


class Registered(MailedLater):
    event, path, kind = Event.USER_MADE, "/register", "verify_email"

    def prepare(self) -> None:
        self.user = User(id=None, username=f"new-{self.user.username}")

    @property
    def body(self) -> dict[str, Any]:
        return {"username": self.user.username, "email": self.to, "password": PASSWORD}

    def is_done(self, response: httpx.Response | None) -> bool:
        is_done = super().is_done(response)
        found = self.site.read(lambda db: db.scalar(select(User).where(User.username == self.user.username)))
        assert (found is not None) is is_done
        self.user = found or self.user
        return is_done
