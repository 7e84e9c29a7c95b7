"""db: upgrade, check, back up and restore the database."""

import tempfile
from dataclasses import replace
from pathlib import Path

import click

from webapp.cli import backup, plugin_tables, restore, schema
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, bring_up
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core import instance_folder
from webapp.core.db import engine_for
from webapp.settings import Settings


@click.group("db", cls=CommandGroup)
def command() -> None:
    """The database: upgrade, check, back up, restore."""


command.add_command(backup.command)
command.add_command(restore.command)


@command.command("upgrade")
@pass_context
def upgrade(context: CommandContext) -> None:
    """Upgrade the database to the version of this program and print the version. serve does this by itself.

    \b
    Example:
      python -m webapp db upgrade
    """
    with answering():
        former = bring_up(context.settings)
    if former == schema.head():
        print_note("The database already had this version.")
    click.echo(schema.head())


@command.command("revision")
@click.argument("words", metavar="[BLUEPRINT] MESSAGE", nargs=-1, required=True)
@pass_context
def revision(context: CommandContext, words: tuple[str, ...]) -> None:
    """Write a migration for the tables of a plug-in: the difference between its models.py and the database.

    BLUEPRINT is its name; it can be left out if there is only one. The file is written to its folder migrations.

    \b
    Examples:
      python -m webapp db revision "add reports"
      python -m webapp db revision reports "add a column for the author"
    """
    found = {plugin.name: plugin for plugin in plugin_tables.plugins(context.settings_to_read)}
    if len(words) > 2:
        raise click.UsageError("Put the message in quotation marks: it is one argument.")
    *named, message = words
    known = ", ".join(sorted(found)) or "none"
    if not named and len(found) != 1:
        raise CommandRefused(f"Name the blueprint before the message. Blueprints of WEBAPP_BLUEPRINTS: {known}.")
    blueprint = named[0] if named else next(iter(found))
    if blueprint not in found:
        raise CommandRefused(f"WEBAPP_BLUEPRINTS has no blueprint {blueprint}. Its blueprints: {known}.")
    with answering():
        bring_up(context.settings)
        click.echo(plugin_tables.write_revision(context.settings, found[blueprint], message))


@command.command("check")
@click.option("--models", is_flag=True, help="Test the migrations, up and down, on a new database.")
@pass_context
def check(context: CommandContext, *, models: bool) -> None:
    """Check that the database is intact and has the current version; with --models, check the migrations.

    \b
    Examples:
      python -m webapp db check
      python -m webapp --instance "$(mktemp -d)" db check --models
    """
    if models:
        compare_models(context.settings_to_read)
        print_note("The migrations match the models and run up and down.")
        return
    with answering():
        compare_version(context.settings_to_read)
    print_note("The database is intact and has the current version.")


def compare_version(settings: Settings) -> None:
    schema.examine(settings)
    version = schema.version(settings)
    if version is None:
        raise CommandRefused(schema.NONE_YET)
    if version != schema.head():
        raise CommandRefused(
            f"The database has version {version}, not {schema.head()}. Run: python -m webapp db upgrade"
        )


def compare_models(settings: Settings) -> None:
    """Run the migrations up and down on a temporary SQLite database; the real database is not touched."""
    instance_folder.prepare(settings.instance)
    with tempfile.TemporaryDirectory(dir=settings.instance) as folder:
        trial = replace(settings, instance=Path(folder), database_url="")
        schema.upgrade(trial)
        refuse_differences(trial)
        schema.downgrade(trial, "base")
        schema.upgrade(trial)
        refuse_differences(trial)


def refuse_differences(settings: Settings) -> None:
    with schema.disposed(engine_for(settings.database)) as engine:
        found = schema.differences(engine)
    if found:
        raise CommandRefused("\n".join(["The migrations and the models differ:", *(f"  {entry}" for entry in found)]))
