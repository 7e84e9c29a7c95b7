"""audit: what happened."""

import click

from webapp.audit.log import Event
from webapp.cli.events import MOST_AT_ONCE, as_line, as_object, latest, names_in, what_follows
from webapp.cli.house import House, pass_house
from webapp.cli.opening import opened


@click.group("audit")
def command() -> None:
    """What happened here."""


@command.command("tail")
@click.option("-n", "--lines", type=click.IntRange(0, MOST_AT_ONCE), default=20, show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--event", type=click.Choice([event.value for event in Event]), metavar="EVENT", help="Only this one.")
@click.option("--json", "is_json", is_flag=True, help="Each line is an object of JSON.")
@pass_house
def tail(house: House, *, lines: int, follow: bool, event: str | None, is_json: bool) -> None:
    """Print the last events, one a line, the latest at the end.

    \b
    Examples:
      python -m webapp audit tail
      python -m webapp audit tail -n 0 --follow --event session.refused --json
    """
    with opened(house) as database:
        batches = what_follows(database, lines=lines, event=event) if follow else latest(database, lines, event)
        try:
            for found in batches:
                names = names_in(database, found)
                for entry in found:
                    click.echo(as_object(entry, names) if is_json else as_line(entry, names))
        except KeyboardInterrupt:
            return
