"""proxied-app test: what the rules of an app decide about a request of a user or token."""

import click

from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, print_json
from webapp.cli.proxied_app_lookup import app_called
from webapp.forward_auth import rule_test
from webapp.forward_auth.checks import AccessDecisions
from webapp.forward_auth.credential_query import CredentialQuery
from webapp.forward_auth.rule_test import InvalidTestRequest, RuleTest
from webapp.guard.assurance import demands_of


@click.command("test", cls=Command)
@click.argument("slug")
@click.argument("url")
@click.option("--method", default="GET", help="Method of the request.")
@click.option("--person", default="", metavar="USER", help="Who sends it; nobody if not given.")
@click.option("--token", default="", metavar="ID|NAME", help="ID of an API token, or its name with --person.")
@click.option("--level", type=click.Choice(("aal2", "phr")), default=None, help="Level of the login.")
@click.option("--ip-address", "--address", "ip_address", default="", metavar="IP", help="For rules with networks.")
@as_json
@pass_context
def test(
    context: CommandContext,
    /,
    *,
    slug: str,
    url: str,
    method: str,
    person: str,
    token: str,
    level: str | None,
    ip_address: str,
    is_json: bool,
) -> None:
    """Say whether a request would be allowed, and by which rule. Exit code 0 if it would, else 1. Nothing is sent.

    \b
    Examples:
      python -m webapp proxied-app test wiki /admin --person ada
      python -m webapp proxied-app test wiki https://wiki.example.org/api --method POST --person ada --token laptop
    """
    settings = context.settings
    decisions = AccessDecisions(demands_of(settings.second_factor_for, settings.passkey_for))
    with opened(context) as database, database.read() as db:
        row = app_called(db, slug)
        try:
            app = rule_test.app_as_applied(db, row)
            caller = rule_test.caller_called(db, person, token, acr=level or "", ip_address=ip_address)
            request = rule_test.request_to(app, method, url)
        except InvalidTestRequest as error:
            raise CommandRefused(str(error)) from error
        outcome = rule_test.outcome_for(
            RuleTest(decisions, CredentialQuery(database)).verdict(db, app, request, caller), row
        )
    if is_json:
        print_json(outcome)
    else:
        click.echo(f"{'' if outcome.allowed else 'Refused. '}{outcome.sentence} {outcome.where}".rstrip())
        if outcome.reason:
            click.echo(f"In the log: {outcome.reason}.")
    if not outcome.allowed:
        click.get_current_context().exit(1)
