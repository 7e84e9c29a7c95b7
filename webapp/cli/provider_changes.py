"""provider add, edit: what is entered of an identity provider."""

import sys
from dataclasses import replace
from typing import Any

import click

from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.cli.prompts import piped
from webapp.cli.provider_lookup import OPERATOR, provider_called, refusing
from webapp.cli.provider_options import chosen, settings_options
from webapp.core.outgoing_http import PrivateHosts
from webapp.federation import lifecycle, providers
from webapp.federation.new_provider import from_preset
from webapp.federation.presets import PRESETS
from webapp.federation.provider_preset import GENERIC
from webapp.federation.provider_settings import settings_of

# As an argument, the secret would stay in the history of the shell and in the list of processes.
secret_stdin = click.option("--secret-stdin", is_flag=True, help="Read the client secret from standard input.")


@click.command("add", cls=Command)
@click.argument("slug", required=False)
@click.option("--preset", type=click.Choice(list(PRESETS)), default=GENERIC, help="The kind of provider.")
@click.option(
    "--issuer", "entered", default="", metavar="URL", help="Issuer, realm URL or tenant, as the preset needs."
)
@click.option("--public", is_flag=True, help="This site has no client secret there.")
@secret_stdin
@settings_options
@pass_context
def add(
    context: CommandContext,
    /,
    *,
    slug: str | None,
    preset: str,
    entered: str,
    public: bool,
    secret_stdin: bool,
    **options: Any,
) -> None:
    """Add an identity provider. Prints the redirect URI to enter there. Prompts for the client secret.

    SLUG is its short name in URLs, which cannot be changed later; by default that of the preset.

    \b
    Examples:
      python -m webapp provider add --preset google --client-id 123.apps.googleusercontent.com
      python -m webapp provider add acme --issuer https://id.acme.example --client-id latchkey --name Acme
    """
    settings = context.settings
    client_id = options.pop("client_id") or ""
    encryptor = providers.encryptor_for(settings.secret_key, settings.secret_key_fallbacks)
    private = PrivateHosts.of(settings.private_hosts)
    secret = "" if public else read_secret(from_stdin=secret_stdin)
    with opened(context) as database, database.write() as db, refusing():
        desired = from_preset(
            db, PRESETS[preset], issuer_or_tenant=entered, slug=slug or "", client_id=client_id, **chosen(options)
        )
        row = lifecycle.add(db, encryptor, private, desired, secret, OPERATOR)
        click.echo(f"slug={row.slug}")
        click.echo(f"redirect_uri={providers.redirect_uri(settings.base_url, row.slug)}")
    print_note("Enter the redirect URI at the provider, exactly as it is shown.")


def read_secret(*, from_stdin: bool) -> str:
    if from_stdin:
        return piped()
    if not sys.stdin.isatty():
        raise click.UsageError(
            "The client secret cannot be entered without a terminal. Use --secret-stdin or --public."
        )
    secret: str = click.prompt("Client secret", hide_input=True, err=True)
    return secret.strip()


@click.command("edit", cls=Command)
@click.argument("slug")
@click.option("--issuer", metavar="URL", help="Only as long as no account is linked.")
@click.option("--secret", "prompts", is_flag=True, help="Prompt for another client secret.")
@secret_stdin
@settings_options
@pass_context
def edit(context: CommandContext, /, *, slug: str, prompts: bool, secret_stdin: bool, **options: Any) -> None:
    """Change a provider. An option replaces all former values; an empty value removes them.

    \b
    Examples:
      python -m webapp provider edit acme --accounts domains --account-domain acme.example
      python -m webapp provider edit acme --grantable-role editor --role-rule groups=editors:editor
      python -m webapp provider edit acme --secret
    """
    settings, changes = context.settings, chosen(options)
    has_secret = prompts or secret_stdin
    if not (changes or has_secret):
        raise CommandRefused("Nothing to change. See: provider edit --help")
    secret = read_secret(from_stdin=secret_stdin) if has_secret else None
    encryptor = providers.encryptor_for(settings.secret_key, settings.secret_key_fallbacks)
    private = PrivateHosts.of(settings.private_hosts)
    with opened(context) as database, database.write() as db, refusing():
        row = provider_called(db, slug)
        lifecycle.edit(db, encryptor, private, row, replace(settings_of(row), **changes), OPERATOR, secret=secret)
    print_note("The provider was changed.")
