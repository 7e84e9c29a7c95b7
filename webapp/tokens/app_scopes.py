"""AppScope: the scope ``app:SLUG``, with which a token opens an app behind the reverse proxy."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.core.translation import _
from webapp.guard.token_grant import METHODS
from webapp.tokens.scopes import Scope, ScopedRoute

RESOURCE = "app"


@dataclass(frozen=True, slots=True)
class AppScope(Scope):
    """The scope of a proxied app, which no route of this site has."""

    app_name: str = ""
    host: str = ""
    """Where links to the app lead."""
    roles: frozenset[str] | None = None
    """Roles of which a user must have one; None if this user, or everybody with an account, may open the app."""

    @property
    def verb(self) -> str:
        # Not the short name: an app may be called "read".
        return self.name

    @property
    def title(self) -> str:
        return _("Apps")

    @property
    def label(self) -> str:
        return self.app_name

    @property
    def sentence(self) -> str:
        return _("Open %(app)s with a script.", app=self.app_name)

    @property
    def action(self) -> str:
        return _("open %(app)s", app=self.app_name)

    @property
    def is_hidden(self) -> bool:
        return True

    def is_held_by(self, roles: Sequence[str]) -> bool:
        return self.roles is None or not self.roles.isdisjoint(roles)

    def descriptions_for(self, roles: Sequence[str]) -> list[str]:  # noqa: ARG002 - rules of the app decide about paths
        return [self.host]


def app_scope(slug: str, *, name: str, host: str, roles: frozenset[str] | None) -> AppScope:
    scope = f"{RESOURCE}:{slug}"
    return AppScope(scope, tuple(ScopedRoute(f"{method} {scope}", None) for method in METHODS), None, name, host, roles)
