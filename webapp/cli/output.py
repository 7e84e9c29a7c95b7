"""Output of commands: tables for people, JSON for scripts, notes on standard error."""

from collections.abc import Sequence
from datetime import datetime

import click
import msgspec

from webapp.core.clock import NEVER

as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON.")


def print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; print nothing if there are no rows."""
    lines = [head, *rows] if rows else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_note(sentence: str) -> None:
    """Print a note for the operator to standard error, so that scripts that read standard output do not see it."""
    click.echo(sentence, err=True)


def moment(at: datetime | None) -> str:
    """The time in UTC, to the minute; ``-`` for None."""
    if at is None or at >= NEVER:
        return "never" if at else "-"
    return at.strftime("%Y-%m-%d %H:%MZ")
