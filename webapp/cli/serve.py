"""serve: upgrade the database, then become the main process of the server."""

import os

import click

from webapp import requirements
from webapp.cli import granian_server, server_process, setup_link
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, bring_up, opened
from webapp.cli.json_output import logged_refusals
from webapp.core.db import Database
from webapp.core.keys import configured_ring
from webapp.core.lazy_import import lazily
from webapp.login.password_backends import authenticate_of
from webapp.settings import Settings, SettingsError
from webapp.web import logs


@click.command("serve", cls=Command)
@click.option("--bind", help="IP address and port; replaces WEBAPP_BIND.")
@click.option("--workers", help="Number of processes; replaces WEBAPP_WORKERS.")
@click.option("--threads", help="Threads per process; replaces WEBAPP_THREADS.")
@click.option(
    "--debug",
    is_flag=True,
    help="For development: one process, restarted when a file changes; shows tracebacks on this machine.",
)
@pass_context
def command(
    context: CommandContext, *, bind: str | None, workers: str | None, threads: str | None, debug: bool
) -> None:
    """Upgrade the database, then serve until SIGTERM or Ctrl-C.

    As long as there is no admin account, every start prints a new link to create it.

    The options apply to this start only. Tokens and links contain the URL of the site: to change it permanently, or
    if other commands mint tokens, set WEBAPP_BIND or WEBAPP_BASE_URL instead of --bind.

    \b
    Examples:
      python -m webapp serve
      WEBAPP_BIND=127.0.0.1:8010 python -m webapp --instance /srv/latchkey serve --workers 4
    """
    context = context.otherwise(bind=bind, workers=workers, threads=threads)
    with logged_refusals(context):
        settings = context.settings
        if settings.log_json:
            logs.all_as_json()
        prepare(settings)
        welcome = welcome_for(context)
    os.environ.update(context.otherwise(instance=settings.instance).environ)
    server_process.replace_this_process(debug=debug, welcome=welcome)


def prepare(settings: Settings) -> None:
    """Upgrade the database, and find errors of the operator before a worker is started.

    Raises:
        SettingsError, CommandRefused, Damaged
    """
    # Errors that would stop each worker stop the start here, before anything is changed.
    if missing := requirements.sentence():
        raise SettingsError(missing)
    configured_ring(settings)
    authenticate_of(settings)
    granian_server.refuse_taken(settings.bind)
    if settings.metrics_bind:
        granian_server.refuse_taken(settings.metrics_bind, "WEBAPP_METRICS_BIND")
    with answering():
        bring_up(settings)
        load_declared_providers(settings)
        load_declared_apps(settings)
    refuse_unknown_roles(settings)
    if settings.blueprints or any(":" in name for name in (*settings.second_factor_for, *settings.passkey_for)):
        # A view without a rule, or a scope that no route has, would stop every new worker, and the message would
        # be lost among their tracebacks.
        app = lazily("webapp.app")
        app.close(app.create_app(settings))


def refuse_unknown_roles(settings: Settings) -> None:
    """Refuse to start with settings that name a role that does not exist.

    Raises:
        SettingsError: a setting names a role that does not exist.
    """
    configured_roles = lazily("webapp.accounts.configured_roles")
    if not any(configured_roles.configured_roles(settings)):
        return
    database = Database(settings.database)
    try:
        with database.read() as db:
            configured_roles.refuse_unknown(
                settings, [role.name for role in lazily("webapp.accounts.roles").list_roles(db)]
            )
    finally:
        database.close()


def load_declared_providers(settings: Settings) -> None:
    if not (settings.instance / "providers.toml").exists():
        return
    declared, providers = lazily("webapp.federation.declared_providers"), lazily("webapp.federation.providers")
    encryptor = providers.encryptor_for(settings.secret_key, settings.secret_key_fallbacks)
    private = lazily("webapp.core.outgoing_http").PrivateHosts.of(settings.private_hosts)
    database = Database(settings.database)
    try:
        declared.load(database, encryptor, private, settings.instance)
    finally:
        database.close()


def load_declared_apps(settings: Settings) -> None:
    if not (settings.instance / "apps.toml").exists():
        return
    own_host = lazily("webapp.forward_auth.app_settings").host_of_site(settings.base_url)
    database = Database(settings.database)
    try:
        lazily("webapp.forward_auth.declared_apps").load(database, settings.instance, own_host)
    finally:
        database.close()


def welcome_for(context: CommandContext) -> dict[str, str] | None:
    """A new link to create the first admin account, and its lifetime; None if there is an admin."""
    with opened(context) as database:
        link = setup_link.create(database, context.settings)
    return {"link": link, "within": setup_link.lifetime_in_words(context.settings)} if link else None
