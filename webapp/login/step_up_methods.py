"""The methods with which a user can step up, by the factors that they have."""

from dataclasses import dataclass

from webapp.guard.assurance import Level, joined, level_of
from webapp.mfa.factors import Factors


@dataclass(frozen=True, slots=True)
class Offered:
    """The methods with which a user can step up to the required level."""

    password: bool
    code: bool
    passkey: bool

    @property
    def anything(self) -> bool:
        return self.password or self.code or self.passkey


def offered(found: Factors, former: str, asked: Level = Level.ONE, *, has_password: bool) -> Offered:
    """Methods for step-up: at least as strong as the session's, and with two factors for users who have them.

    Args:
        former: the session's methods (``amr``).
        asked: the level that the page requires.
        has_password: whether the user can log in with a password.
    """
    wanted = max(asked, level_of(former), Level.TWO if found.has_second else Level.ONE)
    by_code = wanted <= Level.TWO and level_of(joined(former, "otp")) >= wanted
    return Offered(
        password=has_password and wanted is Level.ONE,
        code=by_code and found.has_second and (found.has_totp or found.codes > 0),
        passkey=found.passkeys > 0,
    )
