"""The secret key of a new site, and what is said where that of an older one is missing."""

from webapp.cli import schema
from webapp.cli.db_context import answering
from webapp.core.db_file import Damaged
from webapp.settings import SecretKeyMissing, Settings, private_files


def missing(settings: Settings) -> str:
    path = settings.instance / private_files.SECRET_KEY
    return (
        f"The secret key of this database is missing. Restore {path}, or set WEBAPP_SECRET_KEY. "
        "If it is lost, see: python -m webapp keys new-secret --help"
    )


def is_lost(settings: Settings) -> bool:
    """Whether there is a database although there is no secret key.

    Raises:
        CommandRefused: the database does not answer.
        Damaged
    """
    try:
        with answering():
            schema.examine(settings)
            return schema.version(settings) is not None and not is_there(settings)
    except Damaged:
        # Another process has just begun to create both.
        if is_there(settings):
            return False
        raise


def is_there(settings: Settings) -> bool:
    return private_files.read(settings.instance / private_files.SECRET_KEY) is not None


def make_for_new_site(settings: Settings) -> None:
    """Create the secret key of the instance folder, if there is no database yet.

    Raises:
        SecretKeyMissing: there is one, which was used with another secret key.
    """
    if is_lost(settings):
        raise SecretKeyMissing(missing(settings))
    private_files.make_secret_key(settings.instance)
