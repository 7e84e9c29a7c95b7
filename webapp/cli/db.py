"""db: the database's version and health."""

import tempfile
from dataclasses import replace
from pathlib import Path

import click

from webapp.cli import backup, restore, schema
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, bring_up
from webapp.cli.errors import CommandRefused
from webapp.cli.output import say_aside
from webapp.core import instance_folder
from webapp.core.db import engine_for
from webapp.settings import Settings


@click.group("db", cls=CommandGroup)
def command() -> None:
    """The database: its version and its health."""


command.add_command(backup.command)
command.add_command(restore.command)


@command.command("upgrade")
@pass_context
def upgrade(house: CommandContext) -> None:
    """Bring the database to this version, and print which it is. serve does it by itself.

    \b
    Example:
      python -m webapp db upgrade
    """
    with answering():
        former = bring_up(house.settings)
    if former == schema.head():
        say_aside("It was of this version already.")
    click.echo(schema.head())


@command.command("check")
@click.option("--models", is_flag=True, help="Try the migrations on a new database, both ways, against the models.")
@pass_context
def check(house: CommandContext, *, models: bool) -> None:
    """Say whether the database is sound and of this version; with --models, whether the program is.

    \b
    Examples:
      python -m webapp db check
      python -m webapp --instance "$(mktemp -d)" db check --models
    """
    if models:
        compare_models(house.settings)
        say_aside("The migrations make what the models say, and run both ways.")
        return
    with answering():
        compare_version(house.settings)
    say_aside("The database is sound and of this version.")


def compare_version(settings: Settings) -> None:
    schema.examine(settings)
    version = schema.version(settings)
    if version is None:
        raise CommandRefused("There is no database yet; the first start makes it, or: python -m webapp db upgrade")
    if version != schema.head():
        raise CommandRefused(
            f"The database has the version {version}, not {schema.head()}; run: python -m webapp db upgrade"
        )


def compare_models(settings: Settings) -> None:
    """On SQLite and beside the real database, of which nothing is touched."""
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
        raise CommandRefused("\n".join(["The migrations and the models disagree:", *(f"  {entry}" for entry in found)]))
