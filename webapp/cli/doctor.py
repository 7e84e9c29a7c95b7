"""doctor: what is unsafe or odd here, and how to mend it."""

from collections.abc import Iterator, Sequence

import click

from webapp.accounts import roles, user_queries
from webapp.accounts.passwords import Passwords
from webapp.app import create_app
from webapp.audit import reading
from webapp.audit.log import Event
from webapp.cli import schema
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.health_checks import database, files, jobs, keys, machine, mail, network, routes, setting_values
from webapp.cli.health_checks.finding import Finding
from webapp.cli.output import as_json, say_json
from webapp.core.db import Database
from webapp.core.keys import ring_for
from webapp.guard.routes import routes as routes_of
from webapp.jobs.leases import Job, Jobs, late
from webapp.mail.failures import unsent
from webapp.mail.outbox import states
from webapp.settings import Settings
from webapp.web.registry import services_of


@click.command("doctor", cls=Command)
@as_json
@click.pass_context
@pass_context
def command(house: CommandContext, ctx: click.Context, *, is_json: bool) -> None:
    """Look at everything that can be unsafe or odd, a line each: ok, warn or bad, and how to mend it.

    The exit code is 1 if anything is bad.

    \b
    Examples:
      python -m webapp doctor
      python -m webapp doctor --json | jq -r '.[] | select(.level != "ok").mend'
    """
    found = list(findings(house.settings))
    if is_json:
        say_json(found)
    else:
        click.echo("\n".join(str(finding) for finding in found))
    ctx.exit(1 if any(finding.level == "bad" for finding in found) else 0)


def findings(settings: Settings) -> Iterator[Finding]:
    yield from network.findings(settings)
    yield from setting_values.findings(settings)
    yield mail.server(settings)
    yield from files.findings(settings.instance, schema.file_of(settings))
    yield keys.age(ring_for(settings).current())
    app = create_app(settings)
    yield from routes.declared(routes_of(app))
    yield from machine.hashing(Passwords(settings.hashes_at_once, settings.password_minimum))
    yield from kept(settings, services_of(app).get(Jobs))


def kept(settings: Settings, rota: Sequence[Job]) -> Iterator[Finding]:
    soundness = database.soundness(settings)
    yield soundness
    if soundness.level != "ok":
        yield machine.clock(None)
        return
    opened = Database(settings.database)
    with opened.read() as db:
        yield database.people(user_queries.everybody(db))
        yield database.demanded(settings, [role.name for role in roles.every(db)])
        yield mail.outbox(states(db), unsent(db))
        yield from jobs.turns(late(db, rota))
        yield database.backed_up(reading.latest(db, Event.HOUSE_BACKED_UP))
        yield machine.clock(next((event.at for event in reading.tail(db, limit=1)), None))
    opened.close()
