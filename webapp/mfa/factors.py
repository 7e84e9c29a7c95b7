"""Factors, LoginMethods: which second factors a user has, which level they reach, and which of them may be removed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, ScalarSelect, and_, bindparam, delete, func, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.core.translation import _, _n
from webapp.guard.assurance import Level
from webapp.mfa import passkeys, recovery_codes, totp
from webapp.mfa.models import Passkey, RecoveryCode, TotpSeed


@dataclass(frozen=True, slots=True)
class Factors:
    """Number of factors of a user by kind."""

    has_totp: bool = False
    passkeys: int = 0
    codes: int = 0
    """Unused recovery codes."""

    @property
    def has_second(self) -> bool:
        """Whether logging in needs a second factor. Recovery codes only replace one, so they do not count."""
        return self.has_totp or self.passkeys > 0

    @property
    def descriptions(self) -> list[str]:
        """Names of the factors that can be used as second ones."""
        app = [_("authenticator app")] if self.has_totp else []
        keys = [_n("passkey", "%(num)s passkeys", self.passkeys)] if self.passkeys else []
        return [*keys, *app]

    @property
    def reach(self) -> Level:
        """The highest level that the user can authenticate with."""
        if self.passkeys:
            return Level.PHISHING_RESISTANT
        return Level.TWO if self.has_totp else Level.ONE


@dataclass(frozen=True, slots=True)
class LoginMethods:
    """All login methods of a user and the required level; why a method cannot be removed, or None."""

    factors: Factors
    has_password: bool
    demanded: Level = Level.ONE
    identities: int = 0
    """Accounts at identity providers that the user can log in with."""

    def why_keep_totp(self) -> str | None:
        if self.demanded >= Level.TWO and not self.factors.passkeys:
            return _("Your account requires a second factor, and this is your only one. Add another one first.")
        return None

    def why_keep_passkey(self) -> str | None:
        if self.factors.passkeys > 1:
            return None
        if not self.has_password and not self.identities:
            return _("This is your only way to log in. Add another one first.")
        if self.demanded is Level.PHISHING_RESISTANT:
            return _("Your account requires a passkey, and this is your only one. Add another one first.")
        if self.demanded is Level.TWO and not self.factors.has_totp:
            return _("Your account requires a second factor, and this is your only one. Add another one first.")
        return None

    def why_keep_password(self) -> str | None:
        if self.factors.passkeys + self.identities < 2:
            return _("You need 2 other ways to log in, such as passkeys, before you can remove your password.")
        return None

    def why_keep_identity(self) -> str | None:
        """For an identity that the user can log in with; any other one may go."""
        if self.identities > 1 or self.has_password or self.factors.passkeys:
            return None
        return _("This is your only way to log in. Add another one first.")


def number_of(kind: type[TotpSeed | Passkey | RecoveryCode], *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).where(kind.user_id == bindparam("user_id"), *conditions).scalar_subquery()


# Built once, because it runs at each login.
OF_ONE = select(number_of(TotpSeed), number_of(Passkey), number_of(RecoveryCode, RecoveryCode.used_at.is_(None)))


def of(db: Session, user_id: UUID) -> Factors:
    """Number of factors of a user, in one statement."""
    has_totp, count, left = db.execute(OF_ONE, {"user_id": user_id}).one()
    return Factors(bool(has_totp), count, left)


def of_many(db: Session, user_ids: Iterable[UUID]) -> dict[UUID, Factors]:
    """Factors of those users who have any, with one statement per kind."""
    ids = list(user_ids)
    seeds = set(db.scalars(select(TotpSeed.user_id).where(TotpSeed.user_id.in_(ids))))
    keys = count_by_user(db, Passkey.user_id, Passkey.user_id.in_(ids))
    codes = count_by_user(db, RecoveryCode.user_id, RecoveryCode.user_id.in_(ids), RecoveryCode.used_at.is_(None))
    return {
        user_id: Factors(user_id in seeds, keys.get(user_id, 0), codes.get(user_id, 0))
        for user_id in {*seeds, *keys, *codes}
    }


def count_by_user(
    db: Session, column: InstrumentedAttribute[UUID], *conditions: ColumnElement[bool]
) -> dict[UUID, int]:
    found = db.execute(select(column, func.count()).where(*conditions).group_by(column))
    return {row[0]: row[1] for row in found}


def holders() -> CompoundSelect[UUID]:
    """Query of the ids of users with a second factor, each once."""
    return union(select(TotpSeed.user_id), select(Passkey.user_id))


def lacks_second(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Condition that the user of a row has no second factor."""
    # Two conditions, which PostgreSQL answers by indexes or as joins, as there are few or many; one of both with OR
    # makes it read both tables.
    kinds = (TotpSeed, Passkey)
    return and_(*(~select(kind.id).where(kind.user_id == user_id).correlate(user_id.class_).exists() for kind in kinds))


def remove_all(db: Session, user_id: UUID) -> None:
    """Remove all second factors of a user; the password stays."""
    totp.remove(db, user_id)
    passkeys.remove_all(db, user_id)
    recovery_codes.remove(db, user_id)


def remove_stranded_codes(db: Session, user_id: UUID) -> None:
    """Remove the recovery codes of a user without a second factor, so that they do not work beside a later one."""
    if not of(db, user_id).has_second:
        recovery_codes.remove(db, user_id)


def remove_since(db: Session, user_id: UUID, since: datetime) -> None:
    """Remove second factors that were added at or after a moment, perhaps by an attacker."""
    for kind in (TotpSeed, Passkey, RecoveryCode):
        db.execute(delete(kind).where(kind.user_id == user_id, kind.created_at >= since))
    remove_stranded_codes(db, user_id)
