"""How results are written: tables for people, JSON for scripts."""

from collections.abc import Sequence
from datetime import datetime

import click
import msgspec

from webapp.core.clock import NEVER

as_json = click.option("--json", "is_json", is_flag=True, help="Answer in JSON.")


def say_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def say_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Nothing at all where there are no rows."""
    lines = [head, *rows] if rows else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def say_aside(sentence: str) -> None:
    """To whoever watches; a script that reads our answer does not see it."""
    click.echo(sentence, err=True)


def moment(at: datetime | None) -> str:
    if at is None or at >= NEVER:
        return "never" if at else "-"
    return at.strftime("%Y-%m-%d %H:%MZ")
