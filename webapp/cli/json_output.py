"""Output of ``serve`` with WEBAPP_LOG_JSON: messages for people become log lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from webapp.cli.context import CommandContext
from webapp.cli.errors import CommandRefused, Unusable
from webapp.core.db_file import Damaged
from webapp.core.lazy_import import lazily
from webapp.settings import Settings, SettingsError
from webapp.settings.types import TRUTH


class LoggedRefusal(CommandRefused):
    """The sentence of an error as a line of JSON."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(json_line("error", self.message), file=file, err=True)


class LoggedUnusable(LoggedRefusal):
    exit_code = Unusable.exit_code


@contextmanager
def logged_refusals(context: CommandContext) -> Iterator[None]:
    """With ``log_json``, errors of the operator are lines of JSON too."""
    try:
        yield
    except (SettingsError, Damaged, CommandRefused) as error:
        if not is_json(context):
            raise
        is_plain = isinstance(error, CommandRefused) and error.exit_code == CommandRefused.exit_code
        raise (LoggedRefusal if is_plain else LoggedUnusable)(str(error)) from error


def is_json(context: CommandContext) -> bool:
    try:
        return context.settings_to_read.log_json
    except SettingsError:
        return TRUTH.get(context.environ.get("WEBAPP_LOG_JSON", "").lower(), False)


def print_message(settings: Settings, text: str, *, err: bool = False, **fields: object) -> None:
    """Print ``text`` for people, or its first line as the event of a JSON line with ``fields``."""
    click.echo(json_line("info", text.splitlines()[0], **fields) if settings.log_json else text, err=err)


def json_line(level: str, event: str, **fields: object) -> str:
    # Lazy, because it needs Flask, which the main process of the server does without.
    line: str = lazily("webapp.web.logs").json_line(level, event, **fields)
    return line
