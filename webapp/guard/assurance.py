"""Authentication assurance levels (SP 800-63B-4 §2), derived from ``amr``; minimum levels from settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

# RFC 8176 defines no value for recovery codes.
RECOVERY = "recovery"
CODES = {"otp", RECOVERY}
# Only stored for passkeys with user verification, so each counts as two factors.
KEYS = {"hwk", "swk"}


class Level(IntEnum):
    """Assurance level; each includes the lower ones (SP 800-63B-4 §2)."""

    ONE = 1
    """One factor."""
    TWO = 2
    """Two factors."""
    PHISHING_RESISTANT = 3
    """Two factors, one of them a key that works for this site alone."""

    @property
    def acr(self) -> str:
        """``acr`` in tokens and challenges; ``phr`` is from OpenID Connect EAP ACR Values 1.0 §2."""
        return {Level.ONE: "aal1", Level.TWO: "aal2", Level.PHISHING_RESISTANT: "phr"}[self]

    @property
    def description(self) -> str:
        """For commands and the log, which are English."""
        return {
            Level.ONE: "one factor",
            Level.TWO: "a second factor",
            Level.PHISHING_RESISTANT: "a passkey",
        }[self]


BY_ACR = {level.acr: level for level in Level}


@lru_cache(64)
def level_of(amr: str) -> Level:
    """The level that authentication methods reach.

    Args:
        amr: RFC 8176 values, separated by spaces.
    """
    methods = set(amr.split())
    if methods & KEYS:
        return Level.PHISHING_RESISTANT
    if "mfa" in methods:
        return Level.TWO
    # A code is one factor (something you have); it needs another method for level two.
    return Level.TWO if methods & CODES and methods - CODES else Level.ONE


def joined(former: str, proven: str) -> str:
    """The ``amr`` of a session after a step-up: a code is added to the first factor, any other method replaces it.

    Args:
        former: ``amr`` before.
        proven: the method used for the step-up.
    """
    if proven not in CODES:
        return proven
    # Passkeys are left out: they were not used again.
    return " ".join([*(way for way in former.split() if way not in CODES | KEYS | {"user"}), proven])


@dataclass(frozen=True, slots=True)
class Demands:
    """What the settings of this site require beyond what its routes do."""

    roles: Mapping[str, Level] = field(default_factory=dict)
    """Minimum level by role, for everything its users do."""
    scopes: Mapping[str, Level] = field(default_factory=dict)
    """Minimum level by scope, for routes with the scope and tokens that have it."""

    def __bool__(self) -> bool:
        return bool(self.roles or self.scopes)

    def of_roles(self, roles: Iterable[str]) -> Level:
        return max((self.roles.get(role, Level.ONE) for role in roles), default=Level.ONE)

    def of_scopes(self, scopes: Iterable[str]) -> Level:
        return max((self.scopes.get(scope, Level.ONE) for scope in scopes), default=Level.ONE)


def demands_of(second_factor: Iterable[str], passkey: Iterable[str]) -> Demands:
    """``Demands`` from two settings, each a list of roles and scopes; names with a colon are scopes."""
    minimums = dict.fromkeys(second_factor, Level.TWO) | dict.fromkeys(passkey, Level.PHISHING_RESISTANT)
    return Demands(
        roles={name: level for name, level in minimums.items() if ":" not in name},
        scopes={name: level for name, level in minimums.items() if ":" in name},
    )
