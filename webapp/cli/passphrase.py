"""The passphrase of a backup: from a file, the environment or a terminal, never an argument, which others can see."""

import sys
from pathlib import Path

import click

from webapp.cli.context import CommandContext
from webapp.cli.errors import CommandRefused

VARIABLE = "LATCHKEY_BACKUP_PASSPHRASE"
SHORTEST = 12
"""Characters: whoever has the file can try as many as they like."""

option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help=f"File with the passphrase of the backup; otherwise {VARIABLE} is used, or it is asked for.",
)


def configured(context: CommandContext, file: Path | None) -> str | None:
    """The passphrase of the file or of the environment, if there is one."""
    if file is None:
        return context.environ.get(VARIABLE) or None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise CommandRefused(f"{file} cannot be read.") from error


def typed(*, is_new: bool) -> str:
    if not is_terminal():
        raise click.UsageError(f"The passphrase cannot be entered without a terminal. Set {VARIABLE}.")
    entered: str = click.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=is_new, err=True)
    return entered


def is_terminal() -> bool:
    return sys.stdin.isatty()


def new(context: CommandContext, file: Path | None) -> str:
    passphrase = configured(context, file) or typed(is_new=True)
    if len(passphrase) < SHORTEST:
        raise CommandRefused(f"The passphrase must have at least {SHORTEST} characters. No backup was made.")
    return passphrase
