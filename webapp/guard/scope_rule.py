"""ScopeRule: which scopes a token must have, from the text of ``@require(scope=…)``, such as ``a:read b:read|all``."""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from webapp.core.translation import listed

# Characters of a scope (RFC 6749 §3.3), except for the separator of alternatives.
NAME = re.compile(r"[!#-\[\]-{}~]+")


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """The scopes that a token must have: at least one of each group."""

    groups: tuple[tuple[str, ...], ...]
    names: frozenset[str]
    """All scopes that it mentions."""
    words: str
    """The rule in English words."""

    def is_met_by(self, token_scopes: Set[str]) -> bool:
        return all(not token_scopes.isdisjoint(group) for group in self.groups)

    def unmet_by(self, token_scopes: Set[str]) -> list[tuple[str, ...]]:
        """The groups of which a token with the scopes ``token_scopes`` has none."""
        return [group for group in self.groups if token_scopes.isdisjoint(group)]

    def sufficient(self) -> list[str]:
        """Scopes that meet it: of alternatives the first."""
        return list(dict.fromkeys(group[0] for group in self.groups))

    def ways(self) -> list[list[str]]:
        """Every smallest set of scopes that meets it, for OpenAPI, whose lists of scopes mean all of them."""
        return [sorted(set(combination)) for combination in product(*self.groups)]

    def besides(self, name: str) -> "ScopeRule":
        """What a token with the scope ``name`` needs as well."""
        return rule_of(" ".join("|".join(group) for group in self.groups if name not in group))

    @property
    def translated(self) -> str:
        """The rule in the language of the request."""
        return listed(listed(group, style="or") for group in self.groups)


def spelled(scope: str | Iterable[str]) -> str:
    """The text of a rule, from the text itself or from a list of scopes that are all needed."""
    return scope if isinstance(scope, str) else " ".join(scope)


@lru_cache(1024)
def rule_of(text: str) -> ScopeRule:
    """Parse a rule: scopes separated by spaces are all needed, of those separated by ``|`` one is enough.

    Raises:
        ValueError: it has a character that no scope has, or an alternative without a name.
    """
    groups = tuple(tuple(group.split("|")) for group in text.split())
    if wrong := [name for group in groups for name in group if not NAME.fullmatch(name)]:
        raise ValueError(
            f"the scope rule {text!r} has {wrong[0]!r} where a scope is expected. Separate scopes that are all needed "
            "by spaces, and alternatives by | without spaces"
        )
    phrases = [" or ".join(group) for group in groups]
    is_mixed = len(groups) > 1
    words = " and ".join(f"({phrase})" if is_mixed and " " in phrase else phrase for phrase in phrases)
    return ScopeRule(groups, frozenset(name for group in groups for name in group), words)
