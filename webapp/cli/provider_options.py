"""Options of ``provider add`` and ``provider edit``: one for each field of ``ProviderSettings``, with its name."""

from collections.abc import Callable
from typing import Any

import click

from webapp.federation.new_accounts import POLICIES
from webapp.federation.provider_settings import AUTH_METHODS, NAMES

Command = Callable[..., Any]


def role_rule(text: str) -> dict[str, str]:
    """Parse a role rule: claim, value and role.

    Args:
        text: such as ``groups=editors:editor``.
    """
    claim, has_value, assignment = text.partition("=")
    value, has_role, role = assignment.rpartition(":")
    if not (has_value and has_role):
        raise click.BadParameter(f"{text} is no rule like groups=editors:editor")
    return {"claim": claim, "value": value, "role": role}


def rules(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(role_rule(text) if text else text for text in values)


def named_values(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str] | None:
    pairs = dict(text.partition("=")[::2] for text in values)
    return {name: value for name, value in pairs.items() if name} if values else None


OPTIONS = (
    click.option("--name", help="On the button of the login page."),
    click.option("--client-id", help="That the provider shows."),
    click.option("--position", type=int, help="Order of the buttons: the lowest number first."),
    click.option(
        "--scope", "scopes", multiple=True, help="What is requested of the provider; replaces the usual ones."
    ),
    click.option(
        "--endpoint",
        "endpoints",
        multiple=True,
        metavar="NAME=URL",
        callback=named_values,
        help="URL of a provider without discovery, such as token_endpoint=https://…",
    ),
    click.option(
        "--claim-name",
        "claim_names",
        multiple=True,
        metavar="CLAIM=NAME",
        callback=named_values,
        help="Where a provider without OpenID Connect has a claim, such as sub=id.",
    ),
    click.option(
        "--client-auth-method",
        type=click.Choice(AUTH_METHODS[1:]),
        help="How this site authenticates at a provider without metadata.",
    ),
    click.option(
        "--email-domain",
        "email_domains",
        multiple=True,
        metavar="DOMAIN",
        help="The provider is authoritative for e-mail addresses of this domain: a verified one finds the account "
        "here. * is every domain.",
    ),
    click.option(
        "--accounts",
        "account_policy",
        type=click.Choice(POLICIES),
        help="Who gets an account at the first login.",
    ),
    click.option(
        "--account-domain",
        "account_domains",
        multiple=True,
        metavar="DOMAIN",
        help="With --accounts domains: users with a verified e-mail address of this domain get an account.",
    ),
    click.option(
        "--grantable-role", "grantable_roles", multiple=True, metavar="ROLE", help="A role that the rules may give."
    ),
    click.option(
        "--role-rule",
        "role_rules",
        multiple=True,
        metavar="CLAIM=VALUE:ROLE",
        callback=rules,
        help="Users with this value in this claim get the role, such as groups=editors:editor; the first rule counts.",
    ),
    click.option("--trusted-acr", multiple=True, metavar="ACR", help="A value of acr that counts as two factors."),
    click.option("--trusted-amr", multiple=True, metavar="AMR", help="A value of amr that counts as two factors."),
    click.option(
        "--logout/--no-logout",
        "logs_out",
        default=None,
        help="Whether a logout here also logs out at the provider.",
    ),
)


def settings_options(command: Command) -> Command:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that options name; an empty text stands for an empty list."""
    values_by_name = {name: options[name] for name in NAMES if options.get(name) not in (None, ())}
    return {
        name: [entry for entry in value if entry] if isinstance(value, tuple) else value
        for name, value in values_by_name.items()
    }
