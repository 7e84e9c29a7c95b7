"""Refused: what a command says in one sentence instead of doing it."""

from typing import IO, Any

import click


class CommandRefused(click.ClickException):
    """Not found, or not allowed. The sentence goes to standard error."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=True)


class Unusable(CommandRefused):
    """Settings that do not stand, or a database that cannot be trusted."""

    exit_code = 2
