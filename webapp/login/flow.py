"""LoginFlow: name and password of a login, with rate limits and lockout; outcomes are values."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.accounts import lockout, user_queries
from webapp.accounts.familiarity import Familiarity
from webapp.accounts.foreign_hashes import cost_of
from webapp.accounts.models import User
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.accounts.passwords import Passwords
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.ratelimit import Counted, Limit, Limiter, LimitExceeded
from webapp.login.client_familiarity import ClientFamiliarity, LoginClient, familiarity_of
from webapp.login.password_authenticator import PasswordAuthenticator
from webapp.login.pending_attempts import pending_attempts
from webapp.mail.mailer import Mailer

AMR = "pwd"
# When to come back where right passwords may have filled a count: when they are compared.
IN_A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """Name, password and client of a login attempt."""

    identifier: str
    """User name or e-mail address."""
    password: str
    client: LoginClient


@dataclass(frozen=True, slots=True)
class PasswordAccepted:
    """The password is right, as far as this step is concerned."""

    user: User


@dataclass(frozen=True, slots=True)
class Unverified:
    """The right password of an account whose e-mail address is not verified yet."""

    user: User


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """Unknown name, wrong password or disabled account: the response is the same."""


@dataclass(frozen=True, slots=True)
class Throttled:
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class LoginFlow:
    """The first step of a login. It runs outside the request's transaction, because counters must outlive a refusal and
    no writer may wait for argon2.

    Attempts are limited by network, by name as it was typed, and by account. Only the first two are answered with 429.
    Over the limit of an account the response is that of a wrong password; otherwise a user name and an e-mail address
    with a common limit could be recognised as one account. A browser or network that the owner has logged in with has
    counters of its own, so attempts by others do not lock out the owner.

    An attempt counts from before the password is compared. A right one gives its own attempt back, and no other: so
    right logins use up nothing, and one known password gives no further guesses.
    """

    database: Database
    limiter: Limiter
    passwords: Passwords
    authenticator: PasswordAuthenticator
    mailer: Mailer
    password_login: PasswordLoginPolicy
    by_name: Limit
    by_account: Limit
    by_network: Limit

    def begin(self, attempt: Attempt) -> PasswordAccepted | Unverified | LoginRefused | Throttled:
        """Check name and password.

        Raises:
            TooBusy: nothing was counted.
            Unreachable, NoAccountPossible: see ``PasswordAuthenticator.authenticate``.
        """
        if too_many := self.over(self.by_network, attempt.client.network):
            return Throttled(IN_A_MOMENT) if self.may_be_right(too_many) else self.throttled(None, too_many)
        with self.passwords.place():
            received_at = time.monotonic()
            with self.database.read() as db:
                slowest = user_queries.slowest_imported_hash(db)
            outcome = self.decide(attempt, slowest)
            if isinstance(outcome, LoginRefused):
                # While the slot is held: repeated refusals occupy no more threads than other logins.
                self.passwords.wait_for_interval(received_at, costliest=cost_of(slowest or "") or 0)
            return outcome

    def decide(self, attempt: Attempt, slowest: str | None) -> PasswordAccepted | Unverified | LoginRefused | Throttled:
        with self.database.read() as db:
            user = user_queries.by_name_or_email(db, attempt.identifier)
            sender = familiarity_of(db, user, attempt.client)
        name = self.by_name, sender.by_name(attempt.identifier)
        account = self.by_account, sender.by_account(attempt.identifier, user)
        network = self.by_network, attempt.client.network
        marks = pending_attempts(network), pending_attempts(name)
        too_many, since = self.limiter.take_in_turn(network, name, *marks, account), now()
        if too_many is not None and too_many.limit is not self.by_account:
            counts = [network] if too_many.limit is self.by_network else [network, name]
            return self.refuse_uncompared(user, too_many, counts, since)
        cleared, uncounted = list[Counted](), [*marks]
        try:
            outcome = self.compare(attempt, user, sender, slowest, full=account if too_many else None)
            if not isinstance(outcome, LoginRefused):
                cleared, uncounted = limits_to_forgive(network, name, account, sender.familiarity)
                uncounted += marks
            return outcome
        finally:
            self.limiter.forgive(cleared, uncounted, since=since)

    def compare(
        self,
        attempt: Attempt,
        user: User | None,
        sender: ClientFamiliarity,
        slowest: str | None,
        *,
        full: Counted | None,
    ) -> PasswordAccepted | Unverified | LoginRefused:
        """Verify the password of an attempt; a failure is counted, and an outdated hash of a right password replaced.

        Args:
            full: the count of the account, if it was over its limit. Right passwords that were being compared may have
                filled it, so it is looked at again when this one is compared. That is as late as can be: to wait longer
                would show whose count is full.
        """
        owner = self.authenticator.authenticate(
            attempt.identifier, attempt.password, user, as_slow_as=slowest, may_ask_provider=full is None
        )
        if full is not None and self.limiter.is_over(*full):
            return self.refused(user, sender.familiarity, is_counted=False)
        # The name belongs to another user at the provider by now, but not yet here.
        is_another = owner is not None and user is not None and owner.id != user.id
        if owner is None or is_another or not self.counts(owner) or not self.accepts(user, sender.familiarity):
            return self.refused(user, sender.familiarity)
        self.rehash(owner, attempt.password)
        return Unverified(owner) if owner.is_unverified else PasswordAccepted(owner)

    def over(self, limit: Limit, network: str) -> LimitExceeded | None:
        """Whether a network is over its limit. Reads only, before a hashing slot is taken."""
        tries = self.limiter.peek(limit, network)
        return None if tries.allowed else LimitExceeded(limit, network, tries.retry_after)

    def may_be_right(self, too_many: LimitExceeded) -> bool:
        """Whether right passwords may have filled the count: some that count for it are being compared."""
        limit, key = pending_attempts((too_many.limit, too_many.key))
        return self.limiter.peek(limit, key).remaining < limit.amount

    def refuse_uncompared(
        self, user: User | None, too_many: LimitExceeded, counts: list[Counted], since: datetime
    ) -> Throttled:
        """Refuse an attempt that is over a limit.

        Args:
            counts: what it was counted for.
        """
        # In this order: what was right is no longer undecided once it has been given back.
        if not self.may_be_right(too_many) and self.limiter.is_over(too_many.limit, too_many.key):
            return self.throttled(user, too_many)
        self.limiter.forgive([], counts, since=since)
        return Throttled(IN_A_MOMENT)

    def throttled(self, user: User | None, too_many: LimitExceeded) -> Throttled:
        """Record the limit and return the refusal."""
        # One event per window, so that many attempts do not fill the log.
        limit = too_many.limit
        once_per_window = Limit("throttle-noted", 1, limit.per)
        if self.limiter.take_unless_over(once_per_window, limit.name, too_many.key).allowed:
            with self.database.write() as db:
                record(db, Event.LOGIN_THROTTLED, user_id=user.id if user else None, limit=limit.name)
        return Throttled(too_many.retry_after)

    def counts(self, user: User) -> bool:
        """Whether the user may log in with a password. If not, it is refused like a wrong one."""
        if self.password_login.is_for_all:
            return True
        with self.database.read() as db:
            return self.password_login.is_allowed_for(db, user)

    def accepts(self, user: User | None, familiarity: Familiarity) -> bool:
        """Whether the right password is accepted. After too many wrong ones in a row it is refused like a wrong one."""
        if user is None or user.failed_logins == 0:
            return True
        with self.database.write() as db:
            return lockout.reset_failures(db, user, familiarity)

    def refused(self, user: User | None, familiarity: Familiarity, *, is_counted: bool = True) -> LoginRefused:
        """Count and record a failed attempt."""
        # Without the name, because people type passwords into the wrong field.
        with self.database.write() as db:
            lockout.count_failure(db, self.mailer, user if is_counted else None, familiarity)
            record(db, Event.SESSION_REFUSED, user_id=user.id if user else None, is_known=user is not None)
        return LoginRefused()

    def rehash(self, user: User, password: str) -> None:
        if user.has_external_identity or not self.passwords.needs_rehash(user.password_hash, password):
            return
        hashed = self.passwords.hash(password)
        with self.database.write() as db:
            # Only if it is still the current password: a concurrent change must not be overwritten.
            if account := user_queries.unchanged(db, user):
                account.password_hash = user.password_hash = hashed


def limits_to_forgive(
    network: Counted, name: Counted, account: Counted, familiarity: Familiarity
) -> tuple[list[Counted], list[Counted]]:
    """What a right password resets, and of what it gives its own attempt back."""
    if familiarity is Familiarity.UNKNOWN:
        # Resetting the count of a name would show others who use it up that somebody has logged in.
        return [account], [network, name]
    return [name, account], [network]
