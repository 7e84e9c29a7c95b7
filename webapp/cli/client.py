"""client: apps that log their users in here (OAuth 2 and OpenID Connect)."""

from typing import Any

import click

from webapp.accounts.user_ids import shown_names
from webapp.cli import client_actions, client_registration, client_registration_token
from webapp.cli.client_lookup import client_called
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.oauth import client_errors, clients, set_up
from webapp.oauth.metadata import metadata, methods_of
from webapp.oauth.models import OAuthClient


@click.group("client", cls=CommandGroup)
def command() -> None:
    """Apps that log their users in with this site, by OpenID Connect or OAuth 2."""


for part in (
    client_registration.add,
    client_registration.edit,
    client_actions.secret,
    client_actions.disable,
    client_actions.enable,
    client_actions.remove,
    client_registration_token.command,
):
    command.add_command(part)


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
        found = [facts_of(client, shown_names(db, client.people)) for client in clients.list_clients(db)]
    if is_json:
        print_json(found)
        return
    rows = [
        (one["name"], one["client_id"], one["kind"], one["state"], " ".join(one["redirect_uris"]) or "-")
        for one in found
    ]
    print_table(("NAME", "CLIENT ID", "KIND", "STATE", "REDIRECT URIS"), rows)


@command.command("show")
@click.argument("name")
@pass_context
def show(context: CommandContext, *, name: str) -> None:
    """Show what to enter in an app, and its last errors.

    \b
    Example:
      python -m webapp client show Wiki
    """
    with opened(context) as database, database.read() as db:
        client, settings = client_called(db, name), context.settings
        about = metadata(settings.base_url, algorithms=[settings.signing_algorithm])
        recipe, values = set_up.recipe_of(client), set_up.values(client, about, settings.site_name, None)
        errors = [
            f"{moment(one.last_at)}  {client_errors.in_words(one)}" for one in client_errors.of_client(db, client.id)
        ]
    click.echo(recipe.filled_in(values).rstrip())
    for line in (*map(str, recipe.notes), *errors):
        print_note(line)


def facts_of(client: OAuthClient, names: list[str]) -> dict[str, Any]:
    return {
        "name": client.name,
        "client_id": str(client.id),
        "kind": "public" if client.is_public else "confidential",
        "state": "disabled" if client.disabled_at else "enabled",
        "is_first_party": client.is_first_party,
        "operator": client.operator,
        "redirect_uris": client.redirect_uris,
        "scopes": client.scopes,
        "resources": client.resources,
        "require_pushed_authorization_requests": client.require_pushed_authorization_requests,
        "token_endpoint_auth_methods": methods_of(client),
        "roles": client.roles,
        "people": names,
        "is_for_devices": client.is_for_devices,
    }
