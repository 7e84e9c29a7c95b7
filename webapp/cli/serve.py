"""serve: migrate, say where we are, and serve."""

import os

import click

from webapp.cli import granian_server, setup_link
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, bring_up, opened
from webapp.core.keys import ring_for
from webapp.login.external_identity import load_authenticate
from webapp.settings import Settings


@click.command("serve", cls=Command)
@click.option("--bind", help="Address and port, in place of WEBAPP_BIND.")
@click.option("--workers", help="Processes, in place of WEBAPP_WORKERS.")
@click.option("--threads", help="Threads of each process, in place of WEBAPP_THREADS.")
@click.option("--debug", is_flag=True, help="One process, started again whenever a file changes.")
@pass_context
def command(house: CommandContext, *, bind: str | None, workers: str | None, threads: str | None, debug: bool) -> None:
    """Bring the database up to date, then serve until SIGTERM or Ctrl-C.

    As long as nobody has an account that looks after others, every start prints a new link to make it.

    The options count for this start alone. Tokens and links name the address of the house, so where it is to stay, or
    where other commands mint tokens, set WEBAPP_BIND or WEBAPP_BASE_URL instead of --bind.

    \b
    Examples:
      python -m webapp serve
      WEBAPP_BIND=127.0.0.1:8010 python -m webapp --instance /srv/latchkey serve --workers 4
    """
    house = house.otherwise(bind=bind, workers=workers, threads=threads)
    settings = house.settings
    # What would stop each worker stops the start, before anything is touched.
    ring_for(settings)
    load_authenticate(settings.identity_provider)
    granian_server.refuse_taken(settings.bind)
    with answering():
        bring_up(settings)
    print_welcome(house)
    os.environ.update(house.otherwise(instance=settings.instance).environ)
    granian_server.serve(settings, debug=debug)


def print_welcome(house: CommandContext) -> None:
    settings = house.settings
    click.echo(f"{settings.site_name} is on {settings.base_url}{elsewhere(settings)}")
    with opened(house) as database:
        link = setup_link.make(database, settings)
    if link:
        within = setup_link.lifetime_in_words(settings)
        click.echo(f"This site has no admin yet. Create the admin account within {within}:")
        click.echo(f"  {link}")


def elsewhere(settings: Settings) -> str:
    return "" if settings.base_url.endswith(f"//{settings.bind}") else f", listening on {settings.bind}"
