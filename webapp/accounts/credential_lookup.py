"""credential_lookup: the one query of every authenticated request, which reads a credential with its user and role.

It runs on the database driver without the ORM, because each request pays for it.
"""

import json
from collections.abc import Callable
from functools import lru_cache

from sqlalchemy import Dialect, String, TypeDecorator, bindparam, cast, select, type_coerce

from webapp.accounts.models import Role, User
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.guard.principal import CredentialRow


class Closure(TypeDecorator[tuple[str, ...]]):
    """Column type of ``Role.closure`` as a tuple; empty for an unknown role."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002 - SQLAlchemy's
        return closure_of(value)


@lru_cache(256)
def closure_of(stored: str | None) -> tuple[str, ...]:
    """Parse a stored closure. Cached, because each request brings one of the same few texts."""
    return tuple(json.loads(stored)) if stored else ()


CREDENTIALS = (
    select(
        User.id,
        User.username,
        type_coerce(cast(Role.closure, String), Closure),
        Credential.kind,
        Credential.id,
        Credential.expires_at,
        Credential.auth_time,
        Credential.amr,
        Credential.grant,
        Credential.idle_at,
        Credential.last_used_at,
        User.time_zone,
        User.theme,
        User.language,
        User.disabled_at,
        Credential.revoked_at,
        User.closes_at,
    )
    .join(User, User.id == Credential.user_id)
    .outerjoin(Role, Role.name == User.role)
)
"""The columns of ``CredentialRow``, in their order."""
BY_KEY = CREDENTIALS.where(Credential.key == bindparam("key"))


def credential_lookup(database: Database) -> Callable[[str], CredentialRow | None]:
    """Compile the query and return a function that looks a credential up by its key (digest of secret or ``jti``).

    Returns:
        A function that returns None if there is no such credential. Expiry, revocation and disabled users are for the
        caller to check.
    """
    statement = database.compile_for(BY_KEY)

    def credential_row(key: str) -> CredentialRow | None:
        row = database.row(statement.sql, statement.bind(key=key))
        return CredentialRow(*statement.convert(row)) if row is not None else None

    return credential_row
