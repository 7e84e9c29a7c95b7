"""Checks of the database: intact, backed up, with a super_admin."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from webapp.accounts.configured_roles import unknown_role
from webapp.cli import schema
from webapp.cli.errors import CommandRefused
from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.core.backup import OUTDATED_AFTER
from webapp.core.clock import now
from webapp.core.db_file import Damaged
from webapp.core.raw_reader import Unavailable
from webapp.guard.assurance import Level, demands_of
from webapp.settings import Settings

UPGRADE = "Run: python -m webapp db upgrade"


def soundness(settings: Settings) -> Finding:
    """Whether the database is intact and has the current version. Other checks read it only after an ``ok``."""
    try:
        schema.examine(settings)
        version = schema.version(settings)
    except (Damaged, CommandRefused) as error:
        return bad("database", str(error), "")
    except Unavailable as error:
        return bad("database", f"The database does not answer ({' '.join(str(error).split())}).", "Start it, or wait.")
    if version is None:
        return warn("database", "There is no database yet.", "The first start creates it.")
    if version != schema.head():
        return bad("database", f"The database has version {version}, not {schema.head()}.", UPGRADE)
    return ok("database", "The database is intact and has the current version.")


def backed_up(at: datetime | None) -> Finding:
    remedy = "Run every day: python -m webapp db backup FILE"
    if at is None:
        return warn("backup", "The database was never backed up.", remedy)
    age = now() - at
    if age > OUTDATED_AFTER:
        return warn("backup", f"The last backup is {age.days} days old.", remedy)
    return ok("backup", f"The last backup was made at {at:%Y-%m-%d %H:%M}Z.")


def people(users: int, super_admin_id: UUID | None) -> Finding:
    """Whether there is a user, and one who may do everything.

    Args:
        users: their number, or about that.
        super_admin_id: of any who can log in.
    """
    if not users:
        return warn("users", "There is no account yet.", "Create the first: python -m webapp user setup-link")
    if super_admin_id is None:
        return bad("users", "No user is super_admin.", "Run: python -m webapp user role NAME super_admin")
    return ok("users", "There is a super_admin.")


def demanded(settings: Settings, roles: Collection[str]) -> Finding:
    """Whether every role that the settings name exists, such as one that requires a second factor."""
    if sentence := unknown_role(settings, roles):
        return bad("roles", sentence, "Until then the server does not start.")
    demands = demands_of(settings.second_factor_for, settings.passkey_for)
    if demands.of_roles(roles) is Level.ONE:
        return ok("second factors", "No role requires one. WEBAPP_SECOND_FACTOR_FOR=admin would require one of admins.")
    return ok("second factors", "Every role that requires one exists.")
