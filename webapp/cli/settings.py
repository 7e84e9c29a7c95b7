"""settings: print every setting, generated from the ``Settings`` class."""

import click

from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.output import as_json, print_json
from webapp.settings import ManualRow


@click.command("settings", cls=Command)
@as_json
@pass_context
def command(context: CommandContext, *, is_json: bool) -> None:
    """Print every setting: meaning, type, default, current value and its source.

    Settings are read from the environment, from files named there (WEBAPP_..._FILE, for secrets) and from config.toml
    in the instance folder, where WEBAPP_BIND is written as bind; the first source wins.

    \b
    Examples:
      python -m webapp settings
      python -m webapp settings --json | jq -r '.[] | select(.source != "default").variable'
    """
    rows = context.settings_to_read.describe(context.environ)
    if is_json:
        print_json([row._asdict() for row in rows])
        return
    click.echo("\n\n".join(paragraph(row) for row in rows))


def paragraph(row: ManualRow) -> str:
    default = f"default {row.default}" if row.default else "empty by default"
    now = row.value or "(empty)"
    return f"{row.variable} = {now}\n  {row.meaning}\n  {row.type}; {default}; set by: {row.source}"
