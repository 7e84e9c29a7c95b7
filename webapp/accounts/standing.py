"""In what standing a credential and its user are: one row, by the driver, because every request pays for it."""

from collections.abc import Callable

from sqlalchemy import Integer, String, bindparam, case, cast, select

from webapp.accounts.models import Role, User
from webapp.accounts.roles import closure_of
from webapp.credentials.models import Credential
from webapp.guard.principal import Standing
from webapp.kernel.db import Database


def standing_of(database: Database) -> Callable[[str], Standing | None]:
    """The question of every request: None for a credential that does not exist."""
    question = (
        select(
            Credential.id,
            Credential.kind,
            User.id,
            User.username,
            cast(Role.closure, String),
            case((User.disabled_at.is_(None), 0), else_=1).cast(Integer),
            case((Credential.revoked_at.is_(None), 0), else_=1).cast(Integer),
            Credential.expires_at,
            Credential.idle_at,
            Credential.last_used_at,
            Credential.auth_time,
            Credential.amr,
            User.time_zone,
            User.theme,
            Credential.authority,
        )
        .join(User, User.id == Credential.user_id)
        .outerjoin(Role, Role.name == User.role)
        .where(Credential.key == bindparam("key"))
    )
    statement = database.compile_for(question)

    def standing(key: str) -> Standing | None:
        row = database.row(statement.sql, statement.bind(key=key))
        if row is None:
            return None
        values = list(statement.convert(row))
        values[4] = closure_of(values[4])
        return Standing(*values)

    return standing
