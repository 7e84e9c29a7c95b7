"""How well somebody has proven who they are: a level, read off the ways in which they did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

# RFC 8176 knows no word for a recovery code.
RECOVERY = "recovery"
CODES = {"otp", RECOVERY}
# Only ever written down of a key whose device checked that it was its owner.
KEYS = {"hwk", "swk"}


class Level(IntEnum):
    """The higher ones hold all that the lower do (SP 800-63B-4 §2)."""

    ONE = 1
    """One factor."""
    TWO = 2
    """Two factors."""
    PHISHING_RESISTANT = 3
    """Two factors, one of them a key that works for this site alone."""

    @property
    def acr(self) -> str:
        """As tokens and challenges say it; ``phr`` is OpenID's word (EAP ACR Values 1.0 §2)."""
        return {Level.ONE: "aal1", Level.TWO: "aal2", Level.PHISHING_RESISTANT: "phr"}[self]

    @property
    def in_words(self) -> str:
        """For commands and the log, which are English."""
        return {
            Level.ONE: "one factor",
            Level.TWO: "a second factor",
            Level.PHISHING_RESISTANT: "a passkey",
        }[self]


BY_ACR = {level.acr: level for level in Level}


@lru_cache(64)
def level_of(amr: str) -> Level:
    """
    Args:
        amr: RFC 8176 values, separated by spaces.
    """
    ways = set(amr.split())
    if ways & KEYS:
        return Level.PHISHING_RESISTANT
    if "mfa" in ways:
        return Level.TWO
    # A code proves that one has something; it takes something else beside it.
    return Level.TWO if ways & CODES and ways - CODES else Level.ONE


def joined(former: str, proven: str) -> str:
    """The ways of a session after a step-up: a code stands beside what it began with, all else stands for itself."""
    if proven not in CODES:
        return proven
    # What may stand beside it is a factor that the session has shown; a key is never kept that was not shown again.
    return " ".join([*(way for way in former.split() if way not in CODES | KEYS | {"user"}), proven])


@dataclass(frozen=True, slots=True)
class Demands:
    """What the settings of this site require beyond what its routes do."""

    roles: Mapping[str, Level] = field(default_factory=dict)
    """Of everybody who has the role, whatever they open."""
    scopes: Mapping[str, Level] = field(default_factory=dict)
    """For the resources behind the scope, and of the tokens that carry it."""

    def __bool__(self) -> bool:
        return bool(self.roles or self.scopes)

    def of_roles(self, roles: Iterable[str]) -> Level:
        return max((self.roles.get(role, Level.ONE) for role in roles), default=Level.ONE)

    def of_scopes(self, scopes: Iterable[str]) -> Level:
        return max((self.scopes.get(scope, Level.ONE) for scope in scopes), default=Level.ONE)


def demands_of(second_factor: Iterable[str], passkey: Iterable[str]) -> Demands:
    """From two lists of roles and scopes; a scope is known by its colon."""
    asked = dict.fromkeys(second_factor, Level.TWO) | dict.fromkeys(passkey, Level.PHISHING_RESISTANT)
    return Demands(
        roles={name: level for name, level in asked.items() if ":" not in name},
        scopes={name: level for name, level in asked.items() if ":" in name},
    )
