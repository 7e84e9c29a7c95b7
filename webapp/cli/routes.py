"""routes: list every route and who may use it."""

import click

from webapp.app import create_app
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.output import as_json, print_json, print_note, print_table
from webapp.guard.routes import Route, routes


@click.command("routes", cls=Command)
@as_json
@click.pass_context
@pass_context
def command(context: CommandContext, ctx: click.Context, *, is_json: bool) -> None:
    """List every route, and who may use it with a session and with a token.

    The exit code is 1 if a route has neither @require nor @public.

    \b
    Examples:
      python -m webapp routes
      python -m webapp routes --json | jq -r '.[] | select(.token == "everybody").path'
    """
    found = routes(create_app(context.settings_to_read))
    undeclared = [route for route in found if route.requirement is None]
    if is_json:
        print_json([route_facts(route) for route in found])
    else:
        print_table(("METHOD", "PATH", "BY SESSION", "BY TOKEN"), [cells(route) for route in found])
    for route in undeclared:
        print_note(f"{route.path} ({route.endpoint}) has neither @require nor @public, so every request is refused.")
    ctx.exit(1 if undeclared else 0)


def cells(route: Route) -> tuple[str, ...]:
    mark = "!! " if route.requirement is None else ""
    return mark + ", ".join(route.methods), route.path, route.by_session, route.by_token


def route_facts(route: Route) -> dict[str, object]:
    return {
        "methods": route.methods,
        "path": route.path,
        "endpoint": route.endpoint,
        "session": route.by_session,
        "token": route.by_token,
        "is_declared": route.requirement is not None,
    }
