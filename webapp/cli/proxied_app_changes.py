"""proxied-app add, edit: what is entered of an app."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from webapp.accounts.user_ids import ids_of
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.cli.proxied_app_lookup import OPERATOR, app_called, refusing
from webapp.forward_auth import app_queries, lifecycle
from webapp.forward_auth.app_settings import AppSettings, host_of_site
from webapp.forward_auth.rule_presets import RULE_PRESETS, USUAL

OPTIONS = (
    click.option("--host", "hosts", multiple=True, metavar="HOST", help="Where the proxy serves the app."),
    click.option("--icon", help="An emoji, or one or two letters."),
    click.option("--owner", metavar="USER", help="Who decides about requests for access."),
    click.option("--role", "roles", multiple=True, metavar="ROLE", help="Users with this role may open it."),
    click.option("--person", "people", multiple=True, metavar="USER", help="This user may open it."),
)


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen(db: Session, options: dict[str, Any]) -> dict[str, Any]:
    """The settings that options name; an empty text stands for an empty list.

    Raises:
        UnknownPeople
    """
    values_by_name = {name: value for name, value in options.items() if value not in (None, ())}
    values = {
        name: [*filter(None, value)] if isinstance(value, tuple) else value for name, value in values_by_name.items()
    }
    if "people" in values:
        values["people"] = ids_of(db, values["people"])
    if "owner" in values:
        owners = ids_of(db, [options["owner"]] if values.pop("owner") else [])
        values["owner_id"] = UUID(owners[0]) if owners else None
    return values


@click.command("add", cls=Command)
@click.argument("name")
@click.option("--slug", help="Short name, for commands and the scope of tokens; by default from the name.")
@click.option("--preset", type=click.Choice(list(RULE_PRESETS)), default=USUAL, help="Rules to begin with.")
@settings_options
@pass_context
def add(context: CommandContext, /, *, name: str, slug: str | None, preset: str, **options: Any) -> None:
    """Put an app behind the login. Without --role and --person, everybody with an account may open it.

    \b
    Examples:
      python -m webapp proxied-app add Wiki --host wiki.example.org
      python -m webapp proxied-app add Shop --host shop.example.org --preset public_except_admin --role admin
    """
    with opened(context) as database, database.write() as db, refusing():
        values = {"hosts": []} | chosen(db, options)
        desired = AppSettings(name=name, rules=RULE_PRESETS[preset].rules, **values)
        own_host = host_of_site(context.settings.base_url)
        row = lifecycle.add(db, slug or app_queries.free_slug(db, name), desired, OPERATOR, own_host=own_host)
        click.echo(f"slug={row.slug}")
    print_note("Set up its proxy next. See: python -m webapp proxied-app config --help")


@click.command("edit", cls=Command)
@click.argument("slug")
@click.option("--name", help="Shown to users who log in for it.")
@settings_options
@pass_context
def edit(context: CommandContext, /, *, slug: str, **options: Any) -> None:
    """Change an app. An option replaces all former values; an empty value removes them.

    \b
    Example:
      python -m webapp proxied-app edit wiki --role admin --person ada --person bob
    """
    with opened(context) as database, database.write() as db, refusing():
        changes = chosen(db, options)
        if not changes:
            raise CommandRefused("Nothing to change. See: python -m webapp proxied-app edit --help")
        row = app_called(db, slug)
        desired = replace(lifecycle.settings_of(db, row), **changes)
        lifecycle.edit(db, row, desired, OPERATOR, own_host=host_of_site(context.settings.base_url))
    print_note("The app was changed.")
