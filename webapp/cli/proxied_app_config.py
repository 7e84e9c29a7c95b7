"""proxied-app config: print the configuration of a reverse proxy for an app."""

import click

from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.forward_auth import lifecycle
from webapp.forward_auth.proxy_configs import FILES, InvalidHostPort, Proxy, config_of, setup_of

UPSTREAM = "127.0.0.1:3000"
ANY = ("0.0.0.0:", "[::]:")


@click.command("config", cls=Command)
@click.argument("slug")
@click.argument("proxy", type=click.Choice(tuple(FILES)))
@click.option("--upstream", metavar="HOST:PORT", help=f"Where the proxy reaches the app, such as {UPSTREAM}.")
@click.option("--site", metavar="HOST:PORT", help="Where the proxy reaches this site; WEBAPP_BIND if not given.")
@pass_context
def command(context: CommandContext, *, slug: str, proxy: Proxy, upstream: str | None, site: str | None) -> None:
    """Print the configuration of nginx, Caddy or Traefik that puts an app behind the login of this site.

    See docs/forward-auth.md for the rest of the setup. Print it again when you change the hosts of the app, or who
    reads its Authorization header. Other changes of rules apply immediately.

    \b
    Example:
      python -m webapp proxied-app config wiki nginx --upstream 127.0.0.1:3000 > /etc/nginx/conf.d/wiki.conf
    """
    with opened(context, needs_secret_key=False) as database, database.read() as db:
        row = lifecycle.by_slug(db, slug)
        if row is None:
            raise CommandRefused(f"There is no app {slug}. Short names of all: python -m webapp proxied-app list.")
        app = lifecycle.settings_of(db, row)
    settings = context.settings_to_read
    try:
        setup = setup_of(
            slug, app, base_url=settings.base_url, site=site or reached_at(settings.bind), upstream=upstream or UPSTREAM
        )
    except InvalidHostPort as error:
        raise click.UsageError(f"{error} is not a host with a port, such as {UPSTREAM}.") from error
    click.echo(config_of(setup, proxy), nl=False)
    if upstream is None:
        print_note(f"It passes requests on to {UPSTREAM}. If the app is elsewhere, give --upstream.")
    if not settings.trusted_proxies:
        print_note("This site answers no proxy yet. Set WEBAPP_TRUSTED_PROXIES=127.0.0.1 if yours is on this machine.")


def reached_at(bind: str) -> str:
    """Host and port at which a proxy on the same machine reaches what is bound there."""
    port = bind.rpartition(":")[2]
    return f"127.0.0.1:{port}" if bind.startswith(ANY) else bind
