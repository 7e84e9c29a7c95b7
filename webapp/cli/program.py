"""The program: options of all commands, the commands by name, and what is said where one fails."""

import os
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from webapp.cli.context import CommandContext
from webapp.cli.errors import Unusable
from webapp.core.db_file import Damaged
from webapp.settings import ROOT, SettingsError

NOUNS = {
    "serve": "Bring the database up to date, then serve. What is done without a command.",
    "user": "Add, list, disable and enable users; their roles and passwords.",
    "invite": "Make links by which people make themselves an account.",
    "mail": "The outbox: list it, try again, send a test.",
    "token": "Mint, list and revoke API tokens.",
    "routes": "Every address, and who may reach it by session and by token.",
    "settings": "The manual of the settings, with what is set.",
    "keys": "The keys that sign tokens: list, rotate and retire them; and what to do after a theft.",
    "limits": "Counted login tries: list and forget them.",
    "db": "Bring the database up to date, or check it.",
    "audit": "What happened: read it, prove it, carry it away.",
    "doctor": "What is unsafe or odd here, and how to mend it.",
}


class Program(click.Group):
    """Imports a command's file when that command is asked for: what one needs, the others do not wait for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in NOUNS:
            return None
        found: click.Command = import_module(f"webapp.cli.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Commands"):
            formatter.write_dl(list(NOUNS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingsError, Damaged) as error:
            raise Unusable(str(error)) from error


def say_version(ctx: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
        ctx.exit()


@click.group(cls=Program, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--instance", type=click.Path(path_type=Path), help="The instance folder, in place of WEBAPP_INSTANCE.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=say_version, help="Say it, stop.")
@click.pass_context
def program(ctx: click.Context, instance: Path | None) -> None:
    """Latchkey: one login for people and scripts.

    \b
    Examples:
      python -m webapp                                    start, with a link to make the first account
      python -m webapp user add ada --email ada@example.org --role admin
      python -m webapp token mint ada --name backup --scope protected:read --expires 7d
      python -m webapp doctor                             is it safe?

    Results are written to standard output, everything else to standard error. The exit code is 0 for done, 1 for not
    found or not allowed, 2 for wrong usage, settings that do not stand or a database that cannot be trusted.
    """
    ctx.obj = CommandContext(os.environ).otherwise(instance=instance)
    if ctx.invoked_subcommand is None and (serve := program.get_command(ctx, "serve")):
        ctx.invoke(serve)
