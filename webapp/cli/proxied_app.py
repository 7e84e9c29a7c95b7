"""proxied-app: apps behind a reverse proxy that asks this site about each request."""

import click

from webapp.cli import (
    proxied_app_actions,
    proxied_app_changes,
    proxied_app_config,
    proxied_app_rules,
    proxied_app_test,
)
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.output import as_json, moment, print_json, print_table
from webapp.cli.proxied_app_lookup import app_called, facts_of
from webapp.forward_auth import app_file, app_queries, lifecycle


@click.group("proxied-app", cls=CommandGroup)
def command() -> None:
    """Apps behind a reverse proxy: who may open them, and by which rules."""


for part in (
    proxied_app_changes.add,
    proxied_app_changes.edit,
    proxied_app_rules.rule,
    proxied_app_test.test,
    proxied_app_config.command,
    proxied_app_actions.disable,
    proxied_app_actions.enable,
    proxied_app_actions.remove,
):
    command.add_command(part)


@command.command("list")
@as_json
@pass_context
def list_(context: CommandContext, *, is_json: bool) -> None:
    """List all apps by name.

    \b
    Example:
      python -m webapp proxied-app list
    """
    with opened(context) as database, database.read() as db:
        hosts, last = app_queries.hosts_by_app(db), app_queries.last_opened_by_app(db)
        rows = lifecycle.list_apps(db)
        if is_json:
            print_json([facts_of(db, row) for row in rows])
            return
        table = [
            (
                row.slug,
                row.name,
                "disabled" if row.disabled_at else "enabled",
                " ".join(hosts.get(row.id, ())),
                moment(last.get(row.id)),
            )
            for row in rows
        ]
    print_table(("SHORT NAME", "NAME", "STATE", "HOSTS", "LAST OPENED"), table)


@command.command("show")
@click.argument("slug")
@as_json
@pass_context
def show(context: CommandContext, *, slug: str, is_json: bool) -> None:
    """Show an app and its rules in order.

    \b
    Example:
      python -m webapp proxied-app show wiki
    """
    with opened(context) as database, database.read() as db:
        facts = facts_of(db, app_called(db, slug))
    if is_json:
        print_json(facts)
        return
    for key, value in facts.items():
        if key != "rules":
            click.echo(f"{key}={' '.join(map(str, value)) if isinstance(value, list) else value or ''}")
    for one in facts["rules"]:
        click.echo(f"rule {one['number']}: {one['where']}")
        for sentence in one["sentences"]:
            click.echo(f"  {sentence}")


@command.command("export")
@click.argument("slugs", nargs=-1)
@pass_context
def export(context: CommandContext, *, slugs: tuple[str, ...]) -> None:
    """Print apps as apps.toml, which declares the same; all apps without an argument.

    \b
    Example:
      python -m webapp proxied-app export > instance/apps.toml
    """
    with opened(context) as database, database.read() as db:
        rows = [app_called(db, slug) for slug in slugs] or lifecycle.list_apps(db)
        click.echo(app_file.written(db, rows), nl=False)
