"""provider: identity providers that users can log in with (OpenID Connect and OAuth 2)."""

import click

from webapp.cli import provider_actions, provider_changes, provider_claims
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.cli.provider_lookup import facts_of, provider_called
from webapp.federation import provider_errors, provider_use, providers
from webapp.federation.presets import PRESETS


@click.group("provider", cls=CommandGroup)
def command() -> None:
    """Identity providers that users can log in with, such as Google, GitHub or Keycloak."""


for part in (
    provider_changes.add,
    provider_changes.edit,
    provider_actions.disable,
    provider_actions.enable,
    provider_actions.remove,
    provider_claims.test_claims,
):
    command.add_command(part)


@command.command("list")
@as_json
@pass_context
def list_(context: CommandContext, *, is_json: bool) -> None:
    """List all providers, in the order of their buttons on the login page.

    \b
    Example:
      python -m webapp provider list
    """
    with opened(context) as database, database.read() as db:
        rows = providers.list_providers(db)
        people = provider_use.use_by_provider(db)
        found = [facts_of(row, people.get(row.id), context.settings.base_url) for row in rows]
    if is_json:
        print_json(found)
        return
    table = [(one["slug"], one["name"], one["state"], str(one["users"]), one["issuer"]) for one in found]
    print_table(("SHORT NAME", "NAME", "STATE", "USERS", "ISSUER"), table)


@command.command("show")
@click.argument("name")
@as_json
@pass_context
def show(context: CommandContext, *, name: str, is_json: bool) -> None:
    """Show a provider, the redirect URI to enter there, and its last errors.

    \b
    Example:
      python -m webapp provider show google
    """
    with opened(context) as database, database.read() as db:
        row = provider_called(db, name)
        facts = facts_of(row, provider_use.use_by_provider(db).get(row.id), context.settings.base_url)
        errors = [
            {"at": moment(one.last_at), "times": one.times, "sentence": provider_errors.in_words(one)}
            for one in provider_errors.of_provider(db, row.id)
        ]
        preset = PRESETS.get(row.preset)
    if is_json:
        print_json(facts | {"errors": errors})
        return
    for key, value in facts.items():
        click.echo(f"{key}={value if isinstance(value, str | int) else ' '.join(map(str, value or []))}")
    for note in (preset.where, *preset.notes) if preset else ():
        print_note(str(note))
    for error in errors:
        print_note(f"{error['at']}  {error['sentence']}")
