"""SecondStep: verify a code or a passkey, as the second step of a login or for step-up; outcomes are values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts.familiarity import Familiarity
from webapp.accounts.models import User
from webapp.accounts.roles import included_in
from webapp.audit.log import Event, record
from webapp.core.client_network import network_of
from webapp.core.clock import now
from webapp.core.encryption import Encryptor
from webapp.core.ratelimit import Counted, Limit, LimitExceeded
from webapp.credentials import lifecycle as credentials
from webapp.guard.assurance import RECOVERY, Demands, Level
from webapp.login.client_familiarity import LoginClient, familiarity_of, user_key
from webapp.login.flow import LoginFlow, LoginRefused, PasswordAccepted, Throttled
from webapp.login.pending_login import PendingLogin
from webapp.mfa import factors, passkeys, recovery_codes, totp, webauthn_ceremonies
from webapp.mfa.factors import Factors
from webapp.mfa.models import Passkey
from webapp.mfa.relying_party import RelyingParty
from webapp.mfa.webauthn_ceremonies import AssertionAnswer
from webapp.mfa.webauthn_checks import CheckFailed, requires_user_handle

MONTH = timedelta(days=30)
# Time windows alone would let somebody with the password guess forever. SP 800-63B-4 §3.2.2 allows at most 100 in a
# row; half of them are left for networks and browsers that the owner has logged in with before.
IN_A_ROW = {
    Familiarity.UNKNOWN: Limit("code-row", 50, MONTH),
    Familiarity.NETWORK: Limit("code-row-network", 25, MONTH),
    Familiarity.BROWSER: Limit("code-row-browser", 25, MONTH),
}
# A new password starts the row again, since guessing needs it. This limits those who can set one by mail again and
# again.
WITH_ANY_PASSWORD = Limit("code-total", 300, MONTH)
LOCKING = frozenset({*IN_A_ROW.values(), WITH_ANY_PASSWORD})


@dataclass(frozen=True, slots=True)
class OwnerMails:
    """Mails to the user, each sent within the transaction of the event that it reports."""

    recovery_code_used: Callable[[Session, int], None]
    """Called with the number of unused ones."""
    code_refused: Callable[[Session, bool], None]
    """Called with whether codes of the app are locked now."""


@dataclass(frozen=True, slots=True)
class Locked(Throttled):
    """Too many wrong codes in a row: codes of the app are refused until the user has authenticated in another way."""


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """The password was right; a second factor is required."""

    user: User
    factors: Factors


@dataclass(frozen=True, slots=True)
class VerifiedFactor:
    """The user, and the methods (RFC 8176) that were verified."""

    user_id: UUID
    amr: str


@dataclass(frozen=True, slots=True)
class CounterBehind(LoginRefused):
    """The signature counter of the passkey went backwards; it may be a copy."""

    passkey: Passkey


@dataclass(frozen=True, slots=True)
class AppUnreadable(LoginRefused):
    """A code of an authenticator app whose seed cannot be decrypted. It does not count: it may be right."""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """Verification of codes and passkeys, for the second step of a login and for step-up.

    It runs outside the request's transaction, because counters and used codes must outlive a refusal.
    """

    flow: LoginFlow
    encryptor: Encryptor
    party: RelyingParty | None
    """None if the URL of the site has an IP address, for which browsers create no passkey."""
    demands: Demands
    by_account: Limit
    by_network: Limit

    def after(self, user: User, *, is_trusted: bool = False) -> SecondFactorRequired | PasswordAccepted:
        """What follows the right password: the second step, or the end of the login.

        Args:
            is_trusted: whether the browser is trusted; ignored where the user's role requires a second factor.
        """
        found = self.factors_of(user)
        if not found.has_second or (is_trusted and self.demanded(user) is Level.ONE):
            return PasswordAccepted(user)
        return SecondFactorRequired(user, found)

    def factors_of(self, user: User) -> Factors:
        with self.flow.database.read() as db:
            return factors.of(db, user.id)

    def demanded(self, user: User) -> Level:
        """The level that the role of a user requires."""
        if not self.demands.roles:
            return Level.ONE
        with self.flow.database.read() as db:
            return self.demands.of_roles(included_in(db, user.role))

    def code(
        self, user: User, typed: str, client: LoginClient, mails: OwnerMails
    ) -> VerifiedFactor | LoginRefused | Throttled:
        """Verify a code of the authenticator app or a recovery code."""
        if exceeded := self.flow.over(self.by_network, client.network):
            return self.flow.throttled(user, exceeded)
        with self.flow.database.read() as db:
            if totp.digits_of(typed) and totp.is_unreadable(db, self.encryptor, user.id):
                return AppUnreadable()
            sender = familiarity_of(db, user, client)
        by_network = self.by_network, client.network
        rows = [(limit, user_key(user)) for limit in IN_A_ROW.values()]
        account_limits = (
            (self.by_account, sender.by_user(user)),
            (IN_A_ROW[sender.familiarity], user_key(user)),
            total(user),
        )
        # Recovery codes have 125 random bits and cannot be guessed, so accounts are never locked for them (800-63B-4
        # §3.1.2.2).
        limits = (by_network,) if recovery_codes.letters_of(typed) else (by_network, *account_limits)
        too_many, since = self.flow.limiter.take_in_turn(*limits), now()
        if too_many is not None:
            return self.throttled(user, too_many, mails)
        with self.flow.database.write() as db:
            amr = self.spend(db, user, typed, mails)
            if amr is None:
                record(db, Event.CODE_REFUSED, user_id=user.id)
        if amr is None:
            self.mail_once(user, mails, is_locked=False)
            return LoginRefused()
        self.flow.limiter.forgive([account_limits[0], *rows, total(user)], [by_network], since=since)
        return VerifiedFactor(user.id, amr)

    def throttled(self, user: User, too_many: LimitExceeded, mails: OwnerMails) -> Throttled:
        outcome = self.flow.throttled(user, too_many)
        if too_many.limit not in LOCKING:
            return outcome
        self.mail_once(user, mails, is_locked=True)
        return Locked(outcome.retry_after)

    def mail_once(self, user: User, mails: OwnerMails, *, is_locked: bool) -> None:
        """Mail the user once per window: somebody who enters wrong codes had the right password."""
        notified = Limit("code-locked-notice", 1, MONTH) if is_locked else Limit("code-notice", 1, self.by_account.per)
        if self.flow.limiter.take(notified, user_key(user)).allowed:
            with self.flow.database.write() as db:
                mails.code_refused(db, is_locked)

    def spend(self, db: Session, user: User, typed: str, mails: OwnerMails) -> str | None:
        try:
            totp.spend(db, self.encryptor, user.id, typed)
        except (totp.WrongCode, totp.SeedUnreadable):
            if not recovery_codes.spend(db, user.id, typed):
                return None
        else:
            return "otp"
        left = recovery_codes.remaining(db, user.id).left
        record(db, Event.RECOVERY_CODE_USED, user_id=user.id, left=left)
        mails.recovery_code_used(db, left)
        return RECOVERY

    def passkey(
        self, challenge: bytes, answer: AssertionAnswer, ip_address: str | None, *, owner: UUID | None = None
    ) -> VerifiedFactor | LoginRefused | Throttled:
        """Verify an assertion.

        Args:
            challenge: the one that this browser was given.
            owner: the user it must belong to; None to identify the user by it.

        Raises:
            CeremonyRefused
        """
        by_network = self.by_network, network_of(ip_address)
        limit_result, since = self.flow.limiter.take_unless_over(*by_network), now()
        if not limit_result.allowed:
            return Throttled(limit_result.retry_after)
        with self.flow.database.read() as db:
            found = passkeys.by_credential(db, answer.credential_id)
        party = self.party.under(found.rp_id) if found is not None and self.party is not None else None
        if found is None or party is None or owner not in (None, found.user_id):
            return LoginRefused()
        try:
            requires_user_handle(answer.user_handle, found.user_id.bytes, is_identified=owner is not None)
        except CheckFailed:
            # Not recorded for its owner: the signature is not verified yet, so anybody may have sent it.
            return LoginRefused()
        try:
            assertion = webauthn_ceremonies.verify_assertion(
                party, challenge, answer, public_key=found.public_key, is_synced=found.is_synced
            )
        except webauthn_ceremonies.CeremonyRefused as error:
            self.note(Event.SESSION_REFUSED, found, {"by": "passkey", "reason": str(error)})
            raise
        try:
            with self.flow.database.write() as db:
                passkeys.use(db, found, assertion)
        except passkeys.CounterNotIncreased:
            counts = {"name": found.name, "known": found.sign_count, "said": assertion.sign_count}
            self.note(Event.PASSKEY_COPIED, found, counts)
            return CounterBehind(found)
        self.flow.limiter.forgive([], [by_network], since=since)
        return VerifiedFactor(found.user_id, assertion.amr)

    def note(self, event: Event, passkey: Passkey, details: dict[str, Any]) -> None:
        with self.flow.database.write() as db:
            record(db, event, user_id=passkey.user_id, passkey_id=str(passkey.id), **details)

    def finish(self, pending: PendingLogin) -> bool:
        """Use up a pending login. Returns False if it was used before."""
        with self.flow.database.write() as db:
            return credentials.spend(db, pending.id)


def total(user: User) -> Counted:
    unlocked = user.unlocked_at
    return WITH_ANY_PASSWORD, f"user:{user.id}" if unlocked is None else f"user:{user.id}:{unlocked.timestamp():.6f}"
