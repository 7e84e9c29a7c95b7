"""The command-line program: its global options, its commands, and how errors are reported."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from webapp.cli.commands import PROGRAM, NamesProgram, with_program_name
from webapp.cli.context import CommandContext
from webapp.cli.errors import CommandRefused, Unusable
from webapp.cli.plugin_commands import groups_for
from webapp.core.db_file import Damaged
from webapp.core.lazy_import import import_uncollected
from webapp.settings import SettingsError
from webapp.settings.paths import release

COMMANDS = {
    "serve": "Upgrade the database, then serve. The default command.",
    "new": "Create a small app that runs behind the login.",
    "user": "Add, list, disable and enable users; change roles and passwords.",
    "role": "List, create, change and remove roles.",
    "client": "Register and remove apps that log users in with this site.",
    "provider": "Add and remove identity providers that users can log in with.",
    "proxied-app": "Put apps behind a reverse proxy that asks this site; change and test their rules.",
    "invite": "Create invitation links.",
    "mail": "List the outbox, retry failed mails, send a test mail.",
    "token": "Create, list, rotate and revoke API tokens.",
    "routes": "List every route and who may use it.",
    "settings": "Show every setting: meaning, default and current value.",
    "keys": "List, rotate and retire the keys that sign tokens; replace stolen keys.",
    "limits": "List and reset the counts of rate limits.",
    "db": "Upgrade, check, back up and restore the database.",
    "audit": "Read, export, verify and archive the audit log.",
    "doctor": "Check settings, files, database and machine.",
}


class Program(NamesProgram, click.Group):
    """Imports the file of a command only when that command runs, so that the others start quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return groups_for(ctx).get(cmd_name)
        found: click.Command = import_uncollected(f"webapp.cli.{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        # Help is shown even where a setting is wrong; every command says which.
        with suppress(SettingsError):
            if groups := groups_for(ctx):
                with formatter.section("Commands of your own blueprints"):
                    formatter.write_dl([(name, ", ".join(found.commands)) for name, found in groups.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingsError, Damaged) as error:
            raise Unusable(with_program_name(str(error), ctx)) from error
        except CommandRefused as error:
            raise type(error)(with_program_name(error.message, ctx)) from error


def show_version(ctx: click.Context, _option: click.Parameter, is_given: bool) -> None:
    if is_given:
        click.echo(release())
        ctx.exit()


@click.group(
    PROGRAM, cls=Program, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--instance", type=click.Path(path_type=Path), help="Instance folder; replaces WEBAPP_INSTANCE.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Show version.")
@click.pass_context
def program(ctx: click.Context, instance: Path | None) -> None:
    """Latchkey: one login for people and scripts.

    \b
    Examples:
      python -m webapp                                    start, with a link to create the admin account
      python -m webapp user add ada --email ada@example.org --role admin
      python -m webapp token mint ada --name backup --scope protected:read --expires 7d
      python -m webapp doctor                             check the installation

    Results go to standard output, everything else to standard error. Exit codes: 0 done; 1 not found or not allowed;
    2 wrong usage (also a value that is out of range or malformed), invalid settings or a damaged database.
    """
    ctx.obj = CommandContext(os.environ).otherwise(instance=instance)
    if ctx.invoked_subcommand is None and (serve := program.get_command(ctx, "serve")):
        ctx.invoke(serve)
