"""Codes and signature counters used by two processes at once: which one wins."""

from collections.abc import Callable
from uuid import UUID

from flask import Flask
from sqlalchemy.orm import Session

from webapp.core.db import Database
from webapp.mfa import passkeys, recovery_codes, totp, webauthn_ceremonies
from webapp.mfa.models import Passkey
from webapp.mfa.totp import TotpEncryptor
from webapp.web.registry import services_of


def code(app: Flask, whose: str, typed: str) -> str:
    return spent(app, lambda db: totp.spend(db, services_of(app).get(TotpEncryptor), UUID(whose), typed))


def sheet(app: Flask, whose: str, typed: str) -> str:
    def spend(db: Session) -> None:
        if not recovery_codes.spend(db, UUID(whose), typed):
            raise totp.WrongCode

    return spent(app, spend)


def passkey(app: Flask, which: str, count: str) -> str:
    shown = webauthn_ceremonies.VerifiedAssertion(int(count), is_synced=False)
    return spent(app, lambda db: passkeys.use(db, db.get_one(Passkey, UUID(which)), shown))


def spent(app: Flask, spend: Callable[[Session], object]) -> str:
    try:
        with services_of(app).get(Database).write() as db:
            spend(db)
    except (totp.WrongCode, passkeys.CounterNotIncreased):
        return "late"
    return "won"
