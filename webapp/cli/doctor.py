"""doctor: check the settings, files, database and machine, and say how to fix what is wrong."""

from collections.abc import Iterator, Sequence

import click

from webapp.accounts import roles, user_counts, user_queries
from webapp.accounts.passwords import Passwords
from webapp.app import create_app
from webapp.audit import event_queries, untrusted_proxies
from webapp.audit.triggers import missing_triggers
from webapp.cli import doctor_proxy, schema
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.health_checks import (
    audit_log,
    database,
    directory,
    files,
    former_urls,
    jobs,
    keys,
    limits,
    login_methods,
    machine,
    mail,
    network,
    nodes,
    password_hashes,
    proxy_probe,
    routes,
    setting_values,
)
from webapp.cli.health_checks.finding import Finding
from webapp.cli.output import as_json, print_json
from webapp.cli.read_only_copy import readable
from webapp.core.db import Database
from webapp.federation import providers
from webapp.guard.routes import routes as routes_of
from webapp.jobs.leases import Job, Jobs, late
from webapp.mail.failures import count_unsent
from webapp.mail.outbox import states
from webapp.mfa.passkeys import unaccepted_by_rp_id
from webapp.mfa.relying_party import party_of
from webapp.nodes import heartbeat
from webapp.settings import Settings
from webapp.settings.paths import release
from webapp.tokens.issuers import unaccepted_by_issuer
from webapp.web.registry import services_of


@click.group("doctor", cls=CommandGroup, invoke_without_command=True)
@as_json
@click.option("--probe", "is_probed", is_flag=True, help="Also send requests to the running site, for half a minute.")
@click.pass_context
@pass_context
def command(context: CommandContext, ctx: click.Context, *, is_json: bool, is_probed: bool) -> None:
    """Check settings, files, database and machine. Each line is ok, warn or bad, and says how to fix it.

    The exit code is 1 if a check is bad. An instance folder that cannot be written, such as a copy that is kept as
    evidence, is only read. --probe shows whether the proxy buffers requests, its certificate, and HTTP/2.

    \b
    Examples:
      python -m webapp doctor
      python -m webapp doctor --json | jq -r '.[] | select(.level != "ok").remedy'
    """
    if ctx.invoked_subcommand is not None:
        return
    with readable(context.settings_to_read) as settings:
        found = list(findings(settings, has_secret_key=context.has_secret_key))
    if is_probed:
        found += proxy_probe.findings(settings)
    if is_json:
        print_json(found)
    else:
        click.echo("\n".join(str(finding) for finding in found))
    ctx.exit(1 if any(finding.level == "bad" for finding in found) else 0)


command.add_command(doctor_proxy.command)


def findings(settings: Settings, *, has_secret_key: bool) -> Iterator[Finding]:
    yield from network.findings(settings)
    yield from setting_values.findings(settings)
    yield mail.server(settings)
    yield from directory.directory_findings(settings)
    yield from limits.counted(settings)
    yield from files.findings(settings.instance, schema.file_of(settings))
    app = create_app(settings)
    yield from routes.declared(routes_of(app))
    yield from machine.hashing(Passwords(settings.hashes_at_once, settings.password_minimum))
    yield from in_database(settings, services_of(app).get(Jobs), has_secret_key=has_secret_key)


def accepted_rp_ids(settings: Settings) -> tuple[str, ...]:
    party = party_of(settings.base_url, settings.site_name, settings.former_base_urls)
    return party.ids if party else ()


def in_database(settings: Settings, periodic_jobs: Sequence[Job], *, has_secret_key: bool) -> Iterator[Finding]:
    soundness = database.soundness(settings)
    yield soundness
    if soundness.level != "ok":
        yield machine.clock(None)
        return
    opened = Database(settings.database)
    with opened.read() as db:
        yield from keys.findings(db, opened, settings, has_secret_key=has_secret_key)
        yield database.people(user_counts.count(db).number, db.scalar(roles.active_super_admins(db).limit(1)))
        hashes = user_queries.imported_hashes(db)
        yield from password_hashes.imported(hashes, has_salt=bool(settings.flask_security_password_salt))
        known_roles = [role.name for role in roles.list_roles(db)]
        yield database.demanded(settings, known_roles)
        yield login_methods.without_passwords(settings, len(providers.enabled(db)))
        yield mail.outbox(states(db), count_unsent(db))
        yield from network.untrusted(settings, untrusted_proxies.recent(db))
        yield from former_urls.left_behind(
            unaccepted_by_issuer(db, (settings.base_url, *settings.former_base_urls)),
            unaccepted_by_rp_id(db, accepted_rp_ids(settings)),
        )
        yield from jobs.late_jobs(late(db, periodic_jobs))
        yield audit_log.protected(missing_triggers(db))
        yield from nodes.this_clock(heartbeat.clock_difference(db))
        yield from nodes.versions_and_clocks(heartbeat.recently_seen(db), release())
        yield database.backed_up(event_queries.last_backup(db))
        yield machine.clock(next((event.at for event in event_queries.tail(db, limit=1)), None))
    opened.close()
