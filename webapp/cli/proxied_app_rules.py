"""proxied-app rule: add, change, move and remove the access rules of an app."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from webapp.cli.commands import Command, CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.cli.proxied_app_lookup import OPERATOR, app_called, refusing
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import AUTHORIZATION, LEVELS, RuleSettings, host_of_site

OPTIONS = (
    click.option(
        "--method", "methods", multiple=True, metavar="METHOD", help="Only for this method; GET includes HEAD."
    ),
    click.option("--public/--login", "is_public", default=None, help="Whether everybody gets in without a login."),
    click.option("--role", help="Users who may open the app also need this role."),
    click.option("--level", type=click.Choice(LEVELS), help="What the login must have reached: aal2 or phr."),
    click.option("--tokens/--no-tokens", "accepts_tokens", default=None, help="Whether API tokens are accepted."),
    click.option(
        "--authorization",
        type=click.Choice(AUTHORIZATION),
        help="Who reads the Authorization header: bearer or basic for tokens of this site, app for the app's own.",
    ),
    click.option("--dpop/--no-dpop", "accepts_dpop", default=None, help="Whether tokens bound to a key are accepted."),
    click.option("--preflight/--no-preflight", "allows_preflight", default=None, help="Whether CORS preflights pass."),
    click.option(
        "--identity/--no-identity", "sends_identity", default=None, help="Whether the app gets the user name and roles."
    ),
    click.option("--network", "networks", multiple=True, metavar="CIDR", help="Only from this network."),
)
number_argument = click.argument("number", type=click.IntRange(1))


def rule_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The fields that options name; an empty text stands for an empty list."""
    values_by_name = {name: value for name, value in options.items() if value not in (None, ())}
    return {
        name: [*filter(None, value)] if isinstance(value, tuple) else value for name, value in values_by_name.items()
    }


@click.group("rule", cls=CommandGroup)
def rule() -> None:
    """Access rules of an app. The first that matches applies; their numbers are in: proxied-app show."""


def change(context: CommandContext, slug: str, changed: Callable[[list[RuleSettings]], None]) -> None:
    with opened(context) as database, database.write() as db, refusing():
        row = app_called(db, slug)
        current = lifecycle.settings_of(db, row)
        rules = list(current.rules)
        changed(rules)
        own_host = host_of_site(context.settings.base_url)
        lifecycle.edit(db, row, replace(current, rules=rules), OPERATOR, own_host=own_host)


def index_of(rules: list[RuleSettings], number: int) -> int:
    if number > len(rules):
        raise CommandRefused(f"There is no rule {number}. The app has {len(rules)}.")
    return number - 1


@rule.command("add", cls=Command)
@click.argument("slug")
@click.argument("path")
@click.option("--number", type=click.IntRange(1), default=1, help="Position in the list; default: first.")
@rule_options
@pass_context
def add_rule(context: CommandContext, /, *, slug: str, path: str, number: int, **options: Any) -> None:
    """Add a rule.

    \b
    Examples:
      python -m webapp proxied-app rule add wiki '/admin/*' --role admin --level aal2
      python -m webapp proxied-app rule add wiki '/api/*' --authorization app --public
    """
    new_rule = RuleSettings(path=path, **chosen(options))
    change(context, slug, lambda rules: rules.insert(number - 1, new_rule))
    print_note("The rule was added.")


@rule.command("edit", cls=Command)
@click.argument("slug")
@number_argument
@click.option("--path", help="Pattern, such as /admin/*.")
@rule_options
@pass_context
def edit_rule(context: CommandContext, /, *, slug: str, number: int, **options: Any) -> None:
    """Change a rule.

    \b
    Example:
      python -m webapp proxied-app rule edit wiki 1 --level phr
    """
    changes = chosen(options)
    if not changes:
        raise CommandRefused("Nothing to change. See: python -m webapp proxied-app rule edit --help")

    def changed(rules: list[RuleSettings]) -> None:
        place = index_of(rules, number)
        rules[place] = replace(rules[place], **changes)

    change(context, slug, changed)
    print_note("The rule was changed.")


@rule.command("move", cls=Command)
@click.argument("slug")
@number_argument
@click.argument("to", type=click.IntRange(1))
@pass_context
def move_rule(context: CommandContext, *, slug: str, number: int, to: int) -> None:
    """Move a rule to another place.

    \b
    Example:
      python -m webapp proxied-app rule move wiki 3 1
    """
    change(context, slug, lambda rules: rules.insert(to - 1, rules.pop(index_of(rules, number))))
    print_note("The rule was moved.")


@rule.command("remove", cls=Command)
@click.argument("slug")
@number_argument
@pass_context
def remove_rule(context: CommandContext, *, slug: str, number: int) -> None:
    """Remove a rule. Requests that it matched fall under the next one that matches, or are refused.

    \b
    Example:
      python -m webapp proxied-app rule remove wiki 2
    """

    def changed(rules: list[RuleSettings]) -> None:
        del rules[index_of(rules, number)]

    change(context, slug, changed)
    print_note("The rule was removed.")
