"""The methods with which a user can step up, by the factors that they have."""

from dataclasses import dataclass

from webapp.guard.assurance import Level, joined, level_of
from webapp.mfa.factors import Factors


@dataclass(frozen=True, slots=True)
class StepUpMethods:
    """The methods with which a user can step up to the required level."""

    password: bool
    code: bool
    passkey: bool
    provider: bool = False
    """Whether an identity provider can do it."""

    @property
    def anything(self) -> bool:
        return self.password or self.code or self.passkey or self.provider


def step_up_level(found: Factors, former: str, required: Level = Level.ONE) -> Level:
    """The level that a step-up needs: that of the session, and two factors for users who have them.

    Args:
        former: the session's methods (``amr``).
        required: the level that the page requires.
    """
    return max(required, level_of(former), Level.TWO if found.has_second else Level.ONE)


def offered(
    found: Factors, former: str, required: Level = Level.ONE, *, has_password: bool, by_provider: bool = False
) -> StepUpMethods:
    """Methods for step-up that reach the required level; the arguments are those of ``step_up_level``.

    Args:
        has_password: whether the user can log in with a password.
        by_provider: whether an identity provider can do it.
    """
    required_level = step_up_level(found, former, required)
    by_code = required_level <= Level.TWO and level_of(joined(former, "otp")) >= required_level
    return StepUpMethods(
        password=required_level is Level.ONE and has_password,
        code=by_code and found.has_second and (found.has_totp or found.codes > 0),
        passkey=found.passkeys > 0,
        provider=by_provider,
    )
