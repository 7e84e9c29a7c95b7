"""doctor proxy: test an app behind the login from outside, through its proxy."""

from contextlib import ExitStack
from urllib.parse import urlsplit

import click

from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.errors import CommandRefused
from webapp.cli.health_checks import app_proxy
from webapp.cli.health_checks.app_proxy import ProxyProbe
from webapp.cli.health_checks.echo_app import echo_app
from webapp.cli.output import as_json, print_json
from webapp.forward_auth.proxy_configs import HOST_PORT


@click.command("proxy", cls=Command)
@click.argument("url")
@click.option(
    "--token", envvar="LATCHKEY_TOKEN", metavar="TOKEN", default="", help="API token with the scope app:SLUG."
)
@click.option(
    "--echo", metavar="HOST:PORT", help="Where the proxy finds the app. Stop the app first: the test listens there."
)
@click.option("--direct", metavar="URL", default="", help="URL of the app without the proxy, which should not answer.")
@as_json
@click.pass_context
@pass_context
def command(
    context: CommandContext, ctx: click.Context, *, url: str, token: str, echo: str | None, direct: str, is_json: bool
) -> None:
    """Test an app behind the login from outside: URL is a page of it that needs a login.

    One line per check; the exit code is 1 if a check is bad. What reaches the app (identity headers, cookie, IP
    address, WebSocket, an upload of 50 MB) can be tested only in its place: stop the app, and give --echo with the
    host and port at which the proxy finds it, and an API token for it.

    \b
    Examples:
      python -m webapp doctor proxy https://wiki.example.org/ --direct http://192.0.2.10:9001/
      LATCHKEY_TOKEN=... python -m webapp doctor proxy https://wiki.example.org/ --echo 127.0.0.1:9001
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError("URL begins with http:// or https://.")
    if echo is not None and not HOST_PORT.fullmatch(echo):
        raise click.UsageError(f"{echo} is no host with a port, such as 127.0.0.1:9001.")
    with ExitStack() as stack:
        place = None
        if echo is not None:
            host, _colon, port = echo.rpartition(":")
            try:
                place = stack.enter_context(echo_app(host.strip("[]"), int(port)))
            except OSError as error:
                raise CommandRefused(
                    f"The test cannot listen at {echo} ({error.strerror}). Stop the app first."
                ) from error
        found = list(app_proxy.findings(ProxyProbe(parts, token), context.settings_to_read.base_url, place, direct))
    if is_json:
        print_json(found)
    else:
        click.echo("\n".join(str(finding) for finding in found))
    ctx.exit(1 if any(finding.level == "bad" for finding in found) else 0)
