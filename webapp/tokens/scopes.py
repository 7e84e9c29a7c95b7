"""What a token may be allowed, and what a role may grant: read off the routes themselves."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webapp.guard.policy import Requirement

# What @require() asks where no scope is named: on the list before the first page needs it.
GENERAL = "resources:read"


@dataclass(frozen=True, slots=True)
class Opening:
    """One route behind a scope."""

    address: str
    """Method and rule, such as "GET /tokens/<uuid:token_id>"."""
    role: str | None

    @property
    def in_words(self) -> str:
        return re.sub(r"<[^>]*>", "…", self.address)


@dataclass(frozen=True, slots=True)
class Scope:
    name: str
    openings: tuple[Opening, ...]

    def is_held_by(self, roles: Sequence[str]) -> bool:
        """Whether it would open anything to somebody with these roles."""
        return not self.openings or any(opening.role is None or opening.role in roles for opening in self.openings)

    def why_not(self) -> str:
        return (
            f"You do not hold it: it takes the role {' or '.join(sorted({o.role for o in self.openings if o.role}))}."
        )

    def opens(self, roles: Sequence[str]) -> str:
        """The addresses in words, as far as these roles reach."""
        reached = [opening.in_words for opening in self.openings if opening.role is None or opening.role in roles]
        return ", ".join(reached) or "Pages to come that name no scope of their own."


class ScopeNotHeld(Exception):
    """A scope that does not exist, or that its owner's roles do not reach."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(", ".join(self.names))


class Catalogue:
    """Every scope there is, by name."""

    def __init__(self, routes: Iterable[tuple[str, Requirement]]) -> None:
        openings: dict[str, list[Opening]] = {GENERAL: []}
        for address, need in routes:
            if not need.is_public and not need.session:
                openings.setdefault(need.scope, []).append(Opening(address, need.role))
        self.scopes = {name: Scope(name, tuple(found)) for name, found in sorted(openings.items())}

    def held_by(self, roles: Sequence[str]) -> list[str]:
        return [name for name, scope in self.scopes.items() if scope.is_held_by(roles)]

    def check(self, names: Iterable[str], roles: Sequence[str]) -> frozenset[str]:
        """``names``, if they are this owner's to give.

        Raises:
            ScopeNotHeld: a token never reaches further than its owner.
        """
        wanted, held = set(names), self.held_by(roles)
        if unknown := wanted.difference(held):
            raise ScopeNotHeld(unknown)
        return frozenset(wanted)
