"""provider test-claims: which account and role somebody with certain claims would get."""

from typing import BinaryIO

import click

from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, print_json
from webapp.cli.provider_lookup import provider_called
from webapp.federation.login_outcome import (
    LARGEST,
    InvalidPastedClaims,
    account_in_words,
    outcome_of,
    pasted_identity,
    role_in_words,
)


@click.command("test-claims", cls=Command)
@click.argument("slug")
@click.argument("file", type=click.File("rb"), default="-")
@as_json
@pass_context
def test_claims(context: CommandContext, *, slug: str, file: BinaryIO, is_json: bool) -> None:
    """Read claims as JSON, and show which account and role their user would get. Nothing is stored.

    \b
    Example:
      echo '{"sub": "1", "groups": ["editors"]}' | python -m webapp provider test-claims acme
    """
    text = file.read(LARGEST + 1).decode(errors="replace")
    with opened(context) as database, database.read() as db:
        row = provider_called(db, slug)
        try:
            found = outcome_of(db, row, pasted_identity(row, text))
        except InvalidPastedClaims as error:
            raise CommandRefused(str(error)) from error
        sentences = account_in_words(found, row), role_in_words(found)
    if is_json:
        print_json(found)
        return
    click.echo(f"Account: {sentences[0]}")
    click.echo(f"Role: {sentences[1]}")
