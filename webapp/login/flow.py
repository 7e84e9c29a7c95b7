"""The steps of a login, as values: Refused, Throttled, Done."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from webapp.accounts import browsing, failing
from webapp.accounts.models import User
from webapp.accounts.names import key_of
from webapp.accounts.passwords import Passwords
from webapp.audit.log import Event, record
from webapp.kernel.db import Database
from webapp.kernel.networks import network_of
from webapp.kernel.ratelimit import Limit, Limiter, TooMany
from webapp.login.identities import Identities
from webapp.mail.post import Post

AMR = "pwd"


@dataclass(frozen=True, slots=True, repr=False)
class Mark:
    """By which a browser is known again that a user has logged in with."""

    secret: str
    since: datetime
    """The last login."""


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    identifier: str
    """Name or e-mail address."""
    password: str
    address: str | None
    known_browsers: Mapping[UUID, Mark]
    """The mark of this browser for each user who has logged in with it before."""


@dataclass(frozen=True, slots=True)
class Done:
    user: User


@dataclass(frozen=True, slots=True)
class Unverified:
    """The right password of an account whose address nobody has proven yet."""

    user: User


@dataclass(frozen=True, slots=True)
class Refused:
    """Unknown, wrong or disabled: whoever asks is told the same."""


@dataclass(frozen=True, slots=True)
class Throttled:
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class Flow:
    """Nothing of it runs inside the request's transaction: counters outlive a refusal, and no writer waits for argon2.

    Tries are counted for the address and for the account. A browser that somebody has logged in with before has a
    count of its own for that account, so strangers who use up the account's tries do not lock out its owner.
    """

    database: Database
    limiter: Limiter
    passwords: Passwords
    identities: Identities
    post: Post
    by_account: Limit
    by_address: Limit

    def begin(self, attempt: Attempt) -> Done | Unverified | Refused | Throttled:
        """
        Raises:
            TooBusy: before anything was counted.
            Unreachable, NoPlace: see ``Identities.owner``.
        """
        if too_many := self.over(self.by_address, attempt.address):
            return self.throttled(None, too_many)
        with self.passwords.place():
            asked = time.monotonic()
            outcome = self.judge(attempt)
            if isinstance(outcome, Refused):
                # Within the place: whoever is refused again and again takes no more threads than others who log in.
                self.passwords.wait_for_beat(asked)
            return outcome

    def judge(self, attempt: Attempt) -> Done | Unverified | Refused | Throttled:
        with self.database.read() as db:
            user = browsing.named(db, attempt.identifier)
        is_known = user is not None and self.knows(attempt, user)
        counted = self.counted(attempt, user, is_known=is_known)
        if too_many := self.limiter.take_in_turn((self.by_address, network_of(attempt.address)), counted):
            return self.throttled(user, too_many)
        owner = self.identities.owner(attempt.identifier, attempt.password, user)
        # A name that has come to somebody else elsewhere is not yet theirs here.
        if owner is None or (user is not None and owner.id != user.id) or not self.believes(user, is_known=is_known):
            return self.refused(user, is_known=is_known)
        self.limiter.clear(*counted)
        self.rehash(owner, attempt.password)
        return Unverified(owner) if owner.is_unverified else Done(owner)

    def over(self, limit: Limit, address: str | None) -> TooMany | None:
        """Whether a network is over its limit, asked before a place is taken and without a write."""
        tries = self.limiter.look(limit, network := network_of(address))
        return None if tries.allowed else TooMany(limit, network, tries.retry_after)

    def knows(self, attempt: Attempt, user: User) -> bool:
        """Whether the owner has logged in with this browser before."""
        known = attempt.known_browsers.get(user.id)
        # A mark from before the last change of the password may be that of whoever had it.
        return known is not None and (user.password_changed_at is None or known.since >= user.password_changed_at)

    def counted(self, attempt: Attempt, user: User | None, *, is_known: bool) -> tuple[Limit, str]:
        """By whom the tries for an account are counted; its name and its address are one account."""
        if user is None:
            return self.by_account, f"nobody:{key_of(attempt.identifier)}"
        if is_known:
            return self.by_account, f"browser:{attempt.known_browsers[user.id].secret}"
        return self.by_account, f"user:{user.id}"

    def throttled(self, user: User | None, too_many: TooMany) -> Throttled:
        # One event a window: whoever hammers at the door does not fill the log as well.
        limit = too_many.limit
        noted = Limit("throttle-noted", 1, limit.per)
        if self.limiter.take_unless_over(noted, limit.name, too_many.key).allowed:
            with self.database.write() as db:
                record(db, Event.LOGIN_THROTTLED, user_id=user.id if user else None, limit=limit.name)
        return Throttled(too_many.retry_after)

    def believes(self, user: User | None, *, is_known: bool) -> bool:
        """Whether the right password counts: after too many wrong ones in a row it does not, and sounds like them."""
        if user is None or user.failed_logins == 0:
            return True
        with self.database.write() as db:
            return failing.forgive(db, user, is_known=is_known)

    def refused(self, user: User | None, *, is_known: bool) -> Refused:
        # Never what was typed: people type passwords into the wrong field.
        with self.database.write() as db:
            failing.count(db, self.post, user, is_known=is_known)
            record(db, Event.SESSION_REFUSED, user_id=user.id if user else None, is_known=user is not None)
        return Refused()

    def rehash(self, user: User, password: str) -> None:
        if user.is_known_elsewhere or not self.passwords.needs_rehash(user.password_hash):
            return
        hashed = self.passwords.hash(password)
        with self.database.write() as db:
            # Unless it was changed meanwhile: the old one must not come back in a new dress.
            if account := browsing.unchanged(db, user):
                account.password_hash = user.password_hash = hashed
