"""Audience: whom an app is for."""

from dataclasses import dataclass
from uuid import UUID

from webapp.guard.principal import Principal


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an app is for: users with one of the roles, and some people besides."""

    roles: frozenset[str]
    people: frozenset[UUID]

    def includes(self, principal: Principal) -> bool:
        return principal.user_id in self.people or not self.roles.isdisjoint(principal.roles)
