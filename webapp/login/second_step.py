"""The second step of a login, and the proof that a step-up asks for: a code or a passkey, as values."""

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
from webapp.core.encryption import Encryptor
from webapp.core.ratelimit import Counted, Limit, LimitExceeded
from webapp.credentials import lifecycle as credentials
from webapp.guard.assurance import RECOVERY, Demands, Level, joined, level_of
from webapp.login.flow import Done, LoginFlow, LoginRefused, Throttled
from webapp.login.pending_login import PendingLogin
from webapp.login.recognition import Client, recognize, user_key
from webapp.mfa import factors, passkeys, recovery_codes, totp, webauthn_ceremonies
from webapp.mfa.factors import Factors
from webapp.mfa.models import Passkey
from webapp.mfa.webauthn_ceremonies import AssertionAnswer, RelyingParty
from webapp.mfa.webauthn_checks import CheckFailed, requires_user_handle

MONTH = timedelta(days=30)
# Windows alone would let whoever has the password guess for ever. SP 800-63B-4 §3.2.2 asks for at most 100 in a row:
# half of them are left to networks and browsers that the owner has logged in with before.
IN_A_ROW = {
    Familiarity.STRANGER: Limit("code-row", 50, MONTH),
    Familiarity.NETWORK: Limit("code-row-network", 25, MONTH),
    Familiarity.BROWSER: Limit("code-row-browser", 25, MONTH),
}
# A new password begins the row anew, since who guesses needs it. Who can set one by mail may not go on so for ever.
WITH_ANY_PASSWORD = Limit("code-total", 300, MONTH)
LOCKING = frozenset({*IN_A_ROW.values(), WITH_ANY_PASSWORD})


@dataclass(frozen=True, slots=True)
class OwnerMails:
    """Mails to the owner, each sent within the transaction of the event that it reports."""

    recovery_code_used: Callable[[Session, int], None]
    """Told how many are left."""
    code_refused: Callable[[Session, bool], None]
    """Told whether codes of the app are locked now."""


@dataclass(frozen=True, slots=True)
class Locked(Throttled):
    """Too many wrong codes in a row: codes of the app count no more until something else has shown who it is."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The password was right, and is not enough."""

    user: User
    factors: Factors


@dataclass(frozen=True, slots=True)
class Proven:
    """What was shown, and whose it is."""

    user_id: UUID
    amr: str


@dataclass(frozen=True, slots=True)
class CounterBehind(LoginRefused):
    """The passkey may be a copy."""

    passkey: Passkey


@dataclass(frozen=True, slots=True)
class SecondStep:
    """Nothing of it runs inside the request's transaction: what is counted or spent outlives a refusal."""

    flow: LoginFlow
    sealer: Encryptor
    party: RelyingParty | None
    """None where the site has no host name: browsers create no passkey for an IP address."""
    demands: Demands
    by_account: Limit
    by_address: Limit

    def after(self, user: User, *, is_trusted: bool = False) -> Pending | Done:
        """What follows the right password.

        Args:
            is_trusted: whether the browser is; that counts where only their own wish asks for a second factor.
        """
        found = self.factors_of(user)
        if not found.has_second or (is_trusted and self.demanded(user) is Level.ONE):
            return Done(user)
        return Pending(user, found)

    def factors_of(self, user: User) -> Factors:
        with self.flow.database.read() as db:
            return factors.of(db, user.id)

    def demanded(self, user: User) -> Level:
        """Of everybody with their role."""
        if not self.demands.roles:
            return Level.ONE
        with self.flow.database.read() as db:
            return self.demands.of_roles(included_in(db, user.role))

    def code(self, user: User, typed: str, client: Client, mails: OwnerMails) -> Proven | LoginRefused | Throttled:
        """A code of the app, or one of the recovery sheet."""
        if over := self.flow.over(self.by_address, client.network):
            return self.flow.throttled(user, over)
        with self.flow.database.read() as db:
            sender = recognize(db, user, client)
        by_network = self.by_address, client.network
        rows = [(limit, user_key(user)) for limit in IN_A_ROW.values()]
        mine = (self.by_account, sender.by_user(user)), (IN_A_ROW[sender.familiarity], user_key(user)), total(user)
        # Nobody guesses 125 random bits, so no account is ever locked for them (800-63B-4 §3.1.2.2).
        counted = (by_network,) if recovery_codes.letters_of(typed) else (by_network, *mine)
        if too_many := self.flow.limiter.take_in_turn(*counted):
            return self.throttled(user, too_many, mails)
        with self.flow.database.write() as db:
            amr = self.spend(db, user, typed, mails)
            if amr is None:
                record(db, Event.CODE_REFUSED, user_id=user.id)
        if amr is None:
            self.tell_once(user, mails, is_locked=False)
            return LoginRefused()
        self.flow.limiter.forgive([mine[0], *rows, total(user)])
        return Proven(user.id, amr)

    def throttled(self, user: User, too_many: LimitExceeded, mails: OwnerMails) -> Throttled:
        outcome = self.flow.throttled(user, too_many)
        if too_many.limit not in LOCKING:
            return outcome
        self.tell_once(user, mails, is_locked=True)
        return Locked(outcome.retry_after)

    def tell_once(self, user: User, mails: OwnerMails, *, is_locked: bool) -> None:
        """Mail the owner, once in a window: whoever typed this had their password."""
        notified = Limit("code-locked-told", 1, MONTH) if is_locked else Limit("code-told", 1, self.by_account.per)
        if self.flow.limiter.take(notified, user_key(user)).allowed:
            with self.flow.database.write() as db:
                mails.code_refused(db, is_locked)

    def spend(self, db: Session, user: User, typed: str, mails: OwnerMails) -> str | None:
        try:
            totp.spend(db, self.sealer, user.id, typed)
        except totp.WrongCode:
            if not recovery_codes.spend(db, user.id, typed):
                return None
        else:
            return "otp"
        left = recovery_codes.sheet(db, user.id).left
        record(db, Event.RECOVERY_CODE_USED, user_id=user.id, left=left)
        mails.recovery_code_used(db, left)
        return RECOVERY

    def passkey(
        self, challenge: bytes, answer: AssertionAnswer, address: str | None, *, owner: UUID | None = None
    ) -> Proven | LoginRefused | Throttled:
        """
        Args:
            owner: whose it must be; without, it says that itself.

        Raises:
            ceremonies.Refused
        """
        if not (taken := self.flow.limiter.take_unless_over(self.by_address, network_of(address))).allowed:
            return Throttled(taken.retry_after)
        with self.flow.database.read() as db:
            found = passkeys.by_credential(db, answer.credential_id)
        if found is None or self.party is None or owner not in (None, found.user_id):
            return LoginRefused()
        try:
            requires_user_handle(answer.user_handle, found.user_id.bytes, is_identified=owner is not None)
        except CheckFailed:
            # Not noted as its owner's: nothing is signed yet, and anybody may have sent it.
            return LoginRefused()
        try:
            shown = webauthn_ceremonies.verify_assertion(
                self.party, challenge, answer, public_key=found.public_key, is_synced=found.is_synced
            )
        except webauthn_ceremonies.CeremonyRefused as error:
            self.note(Event.SESSION_REFUSED, found, {"by": "passkey", "reason": str(error)})
            raise
        try:
            with self.flow.database.write() as db:
                passkeys.use(db, found, shown)
        except passkeys.CounterBack:
            counts = {"name": found.name, "known": found.sign_count, "said": shown.sign_count}
            self.note(Event.PASSKEY_BEHIND, found, counts)
            return CounterBehind(found)
        return Proven(found.user_id, shown.amr)

    def note(self, event: Event, passkey: Passkey, details: dict[str, Any]) -> None:
        with self.flow.database.write() as db:
            record(db, event, user_id=passkey.user_id, passkey_id=str(passkey.id), **details)

    def finish(self, half: PendingLogin) -> bool:
        """Whether it was not finished before."""
        with self.flow.database.write() as db:
            return credentials.spend(db, half.id)


def total(user: User) -> Counted:
    unlocked = user.unlocked_at
    return WITH_ANY_PASSWORD, f"user:{user.id}" if unlocked is None else f"user:{user.id}:{unlocked.timestamp():.6f}"


@dataclass(frozen=True, slots=True)
class Offered:
    """The methods with which a user can step up to the required level."""

    password: bool
    code: bool
    passkey: bool

    @property
    def anything(self) -> bool:
        return self.password or self.code or self.passkey


def offered(found: Factors, former: str, asked: Level = Level.ONE) -> Offered:
    """A proof is never weaker than the one before it, nor than what whoever has a second factor logs in with.

    Args:
        former: the ways in which the session was proven.
        asked: what the page wants.
    """
    wanted = max(asked, level_of(former), Level.TWO if found.has_second else Level.ONE)
    by_code = wanted <= Level.TWO and level_of(joined(former, "otp")) >= wanted
    return Offered(
        password=wanted is Level.ONE,
        code=by_code and found.has_second and (found.has_totp or found.codes > 0),
        passkey=found.passkeys > 0,
    )
