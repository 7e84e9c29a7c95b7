"""client add, edit: what is registered of an app."""

from typing import Any

import click
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.cli.client_lookup import client_called, print_registered
from webapp.cli.client_options import changed, chosen, settings_options
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.key_table import KeyTable
from webapp.oauth import allowed_users, clients
from webapp.oauth.client_settings import ClientSettings, InvalidClientSettings, settings_of
from webapp.oauth.clients import NewClient
from webapp.oauth.recipes import RECIPES
from webapp.settings import Settings


@click.command("add", cls=Command)
@click.argument("name")
@settings_options
@click.option("--recipe", type=click.Choice(sorted(RECIPES)), help="The kind of app; the rest follows from it.")
@click.option("--url", "app_url", metavar="URL", help="Of the app, from which a recipe makes the redirect URIs.")
@click.option("--public", "is_public", is_flag=True, help="It cannot keep a secret: a single-page or native app.")
@click.option("--service-account", metavar="NAME", help="Whose tokens it gets by client credentials.")
@pass_context
def add(
    context: CommandContext,
    /,
    *,
    name: str,
    recipe: str | None,
    app_url: str | None,
    is_public: bool,
    service_account: str | None,
    **options: Any,
) -> None:
    """Register an app. Prints its client_id, and its secret once.

    \b
    Examples:
      python -m webapp client add Wiki --redirect-uri https://wiki.example.org/oidc/callback
      python -m webapp client add Cloud --recipe nextcloud --url https://cloud.example.org
      python -m webapp client add Phone --public --redirect-uri org.example.phone:/callback
    """
    with opened(context) as database, database.write() as db:
        account = user_queries.by_name_or_email(db, service_account) if service_account else None
        if service_account and (account is None or not account.is_service):
            raise CommandRefused(f"There is no service account {service_account}.")
        try:
            desired = NewClient(
                name=name,
                is_public=is_public or (recipe is not None and RECIPES[recipe].is_public),
                service_account_id=account.id if account else None,
                recipe=recipe,
                **by_recipe(recipe, app_url) | chosen(options),
            )
            key_for(context.settings, database, db, desired)
            registered = clients.register(db, allowed_users.with_ids(db, desired), origin="cli")
        except InvalidClientSettings as error:
            raise CommandRefused(str(error)) from error
        print_registered(str(registered.client.id), registered.secret)
    if recipe is not None:
        print_note(f"What to enter in the app: python -m webapp client show {name!r}")


def key_for(settings: Settings, database: Database, db: Session, desired: ClientSettings) -> None:
    """Make the RSA key, if the app is the first that needs one."""
    IdTokenKeys.of(settings, KeyTable(database, settings)).signing_key(db, is_rs256=desired.wants_rs256)


def by_recipe(recipe: str | None, app_url: str | None) -> dict[str, Any]:
    """The settings of a recipe for an app at this URL; none without a recipe.

    Raises:
        InvalidClientSettings
    """
    return RECIPES[recipe].settings_for(app_url or "") if recipe is not None else {}


@click.command("edit", cls=Command)
@click.argument("name")
@settings_options
@pass_context
def edit(context: CommandContext, /, *, name: str, **options: Any) -> None:
    """Change an app. An option replaces all former values; an empty value removes them.

    \b
    Examples:
      python -m webapp client edit Wiki --role editor --role admin
      python -m webapp client edit Wiki --role ""
    """
    if not chosen(options):
        raise CommandRefused("Nothing to change. See: client edit --help")
    with opened(context) as database, database.write() as db:
        client = client_called(db, name)
        try:
            desired = changed(settings_of(client), options)
            key_for(context.settings, database, db, desired)
            clients.edit(db, client, allowed_users.with_ids(db, desired))
        except InvalidClientSettings as error:
            raise CommandRefused(str(error)) from error
    print_note("The app was changed.")
