"""The database as commands may use it: there, of this version, and closed afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from webapp.accounts import names
from webapp.audit.log import door
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.cli.errors import CommandRefused
from webapp.cli.output import say_aside
from webapp.core.db import Database
from webapp.core.raw_reader import Unavailable
from webapp.settings import Settings


@contextmanager
def opened(house: CommandContext) -> Iterator[Database]:
    """A house without a database is given one; an older one is left to ``db upgrade`` and ``serve``."""
    with answering():
        names.allow_domains(house.settings.email_special_domains)
        make_or_compare(house.settings)
        database = Database(house.settings.database)
        came_in = door.set("cli")
        try:
            yield database
        finally:
            door.reset(came_in)
            database.close()


@contextmanager
def answering() -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        raise CommandRefused(
            f"The database does not answer ({' '.join(str(error).split())}); try again later."
        ) from error


def make_or_compare(settings: Settings) -> None:
    version = schema.version(settings)
    if version is None:
        bring_up(settings)
    elif version != schema.head():
        raise CommandRefused("The database is older than this program; run: python -m webapp db upgrade")


def bring_up(settings: Settings) -> str | None:
    """Migrate, and say so where it takes a moment. Returns the former version."""
    return schema.upgrade(settings, tell=lambda: say_aside("Bringing the database up to date ..."))
