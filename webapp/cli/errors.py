"""CommandRefused: a command fails with one sentence on standard error."""

from typing import IO, Any

import click


class CommandRefused(click.ClickException):
    """A command fails: not found or not allowed. The message is one sentence for the operator."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=True)


class Unusable(CommandRefused):
    """A command cannot run: invalid settings, or a damaged database."""

    exit_code = 2
