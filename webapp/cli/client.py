"""client: apps that log their users in here (OAuth 2 and OpenID Connect)."""

from typing import Any

import click
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.cli.client_options import changed, chosen, settings_options
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, say_aside, say_json, say_table
from webapp.oauth import client_secrets, clients
from webapp.oauth.client_settings import ClientUnfit, settings_of
from webapp.oauth.clients import NewClient
from webapp.oauth.models import OAuthClient


@click.group("client", cls=CommandGroup)
def command() -> None:
    """Apps that log their users in with this site, by OpenID Connect or OAuth 2."""


def client_called(db: Session, name: str) -> OAuthClient:
    """The client with this name or client_id.

    Raises:
        CommandRefused
    """
    client = clients.named(db, name)
    if client is None:
        raise CommandRefused(f"There is no app {name}. List them with: client list")
    return client


@command.command("add")
@click.argument("name")
@settings_options
@click.option("--public", "is_public", is_flag=True, help="It cannot keep a secret: a single-page or native app.")
@click.option("--service-account", metavar="NAME", help="Whose tokens it gets by client credentials.")
@pass_context
def add(context: CommandContext, /, *, name: str, is_public: bool, service_account: str | None, **given: Any) -> None:
    """Register an app. Prints its client_id, and its secret once.

    \b
    Examples:
      python -m webapp client add Wiki --redirect-uri https://wiki.example.org/oidc/callback
      python -m webapp client add Phone --public --redirect-uri org.example.phone:/callback
    """
    with opened(context) as database, database.write() as db:
        account = user_queries.by_name_or_email(db, service_account) if service_account else None
        if service_account and (account is None or not account.is_service):
            raise CommandRefused(f"There is no service account {service_account}.")
        account_id = account.id if account else None
        wish = NewClient(name=name, is_public=is_public, service_account_id=account_id, **chosen(given))
        try:
            made = clients.register(db, wish, origin="cli")
        except ClientUnfit as error:
            raise CommandRefused(str(error)) from error
        say_registered(str(made.client.id), made.secret)


def say_registered(client_id: str, secret: str | None) -> None:
    click.echo(f"client_id={client_id}")
    if secret is not None:
        click.echo(f"client_secret={secret}")
        say_aside("The secret is shown only now.")


@command.command("edit")
@click.argument("name")
@settings_options
@pass_context
def edit(context: CommandContext, /, *, name: str, **given: Any) -> None:
    """Change an app. An option replaces all former values; an empty value removes them.

    \b
    Examples:
      python -m webapp client edit Wiki --role editor --role admin
      python -m webapp client edit Wiki --role ""
    """
    if not chosen(given):
        raise CommandRefused("Nothing to change. See: client edit --help")
    with opened(context) as database, database.write() as db:
        client = client_called(db, name)
        try:
            clients.edit(db, client, changed(settings_of(client), given))
        except ClientUnfit as error:
            raise CommandRefused(str(error)) from error
    say_aside("The app was changed.")


@command.command("list")
@as_json
@pass_context
def list_(context: CommandContext, *, is_json: bool) -> None:
    """List all apps.

    \b
    Example:
      python -m webapp client list
    """
    with opened(context) as database, database.read() as db:
        found = [facts_of(client) for client in clients.every(db)]
    if is_json:
        say_json(found)
        return
    rows = [
        (one["name"], one["client_id"], one["kind"], one["state"], " ".join(one["redirect_uris"]) or "-")
        for one in found
    ]
    say_table(("NAME", "CLIENT ID", "KIND", "STATE", "REDIRECT URIS"), rows)


def facts_of(client: OAuthClient) -> dict[str, Any]:
    return {
        "name": client.name,
        "client_id": str(client.id),
        "kind": "public" if client.is_public else "confidential",
        "state": "disabled" if client.disabled_at else "enabled",
        "is_first_party": client.is_first_party,
        "redirect_uris": client.redirect_uris,
        "scopes": client.scopes,
        "roles": client.roles,
    }


@command.command("secret")
@click.argument("name")
@pass_context
def secret(context: CommandContext, *, name: str) -> None:
    """Give an app a new secret. The one before works until there is a third.

    \b
    Example:
      python -m webapp client secret Wiki
    """
    with opened(context) as database, database.write() as db:
        client = client_called(db, name)
        try:
            made = client_secrets.new_secret_of(db, client, origin="cli")
        except ClientUnfit as error:
            raise CommandRefused(str(error)) from error
        say_registered(str(client.id), made)


def confirm(consequence: str, name: str) -> None:
    if click.prompt(f"{consequence}. Type “{name}” to continue", err=True) != name:
        raise CommandRefused("Nothing was changed.")


@command.command("disable")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def disable(context: CommandContext, *, name: str, yes: bool) -> None:
    """Let nobody log in to an app, and end its tokens. Its settings and secrets are kept.

    \b
    Example:
      python -m webapp client disable Wiki
    """
    with opened(context) as database, database.write() as db:
        client = client_called(db, name)
        if not yes:
            confirm(f"This ends every login to {client.name}", client.name)
        ended = clients.disable(db, client, origin="cli")
    say_aside(f"The app was disabled; {ended} logins to it ended.")


@command.command("enable")
@click.argument("name")
@pass_context
def enable(context: CommandContext, *, name: str) -> None:
    """Let users log in to an app again.

    \b
    Example:
      python -m webapp client enable Wiki
    """
    with opened(context) as database, database.write() as db:
        clients.enable(db, client_called(db, name), origin="cli")
    say_aside("The app was enabled.")


@command.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def remove(context: CommandContext, *, name: str, yes: bool) -> None:
    """Remove an app. Its users are logged in to it no longer, and its tokens end.

    \b
    Example:
      python -m webapp client remove Wiki
    """
    with opened(context) as database, database.write() as db:
        client = client_called(db, name)
        if not yes:
            confirm(f"This ends every login to {client.name}", client.name)
        ended = clients.remove(db, client, origin="cli")
    say_aside(f"The app was removed; {ended} logins to it ended.")
