"""mail: what waits in the outbox, what was given up, and whether the server takes anything at all."""

from uuid import UUID, uuid4

import click

from webapp.accounts.names import EmailUnfit, checked_address
from webapp.app import close, create_app
from webapp.audit.log import Event, record
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, moment, say_aside, say_json, say_table
from webapp.core.humanize import counted
from webapp.core.translation import DEFAULT
from webapp.mail import outbox
from webapp.mail.outbox import Content, LeasedMail
from webapp.mail.transport import NotSent, transport_for
from webapp.web.mail_templates import render_mail


@click.group("mail", cls=CommandGroup)
def command() -> None:
    """The outbox."""


@command.command("list")
@click.option("--failed", is_flag=True, help="Only what was given up.")
@as_json
@pass_context
def list_(house: CommandContext, *, failed: bool, is_json: bool) -> None:
    """List the latest mails; what stands in them is not kept once they are sent.

    \b
    Example:
      python -m webapp mail list --failed
    """
    with opened(house) as database, database.read() as db:
        mails = outbox.latest(db, limit=200, state="failed" if failed else "")
    if is_json:
        names = ("id", "kind", "to", "state", "created_at", "tries", "sent_at", "last_error")
        say_json([{name: getattr(mail, name) for name in names} for mail in mails])
        return
    rows = [
        (str(mail.id), mail.kind, mail.to, mail.state, moment(mail.created_at), mail.last_error or "-")
        for mail in mails
    ]
    say_table(("ID", "KIND", "TO", "STATE", "MADE", "REASON"), rows)


@command.command("retry")
@click.argument("mail_id", type=click.UUID, required=False)
@pass_context
def retry(house: CommandContext, *, mail_id: UUID | None) -> None:
    """Put a mail on its way again; without an id, all that were given up.

    \b
    Example:
      python -m webapp mail retry
    """
    with opened(house) as database, database.write() as db:
        ids = [mail_id] if mail_id else [mail.id for mail in outbox.unsent(db) if mail.state == "failed"]
        again = [mail for one in ids if (mail := outbox.retry(db, one))]
        for mail in again:
            record(db, Event.MAIL_RETRIED, mail_id=str(mail.id), kind=mail.kind, to=mail.to)
    if mail_id and not again:
        raise CommandRefused("There is no such mail to send: it was sent, or never there.")
    say_aside(f"{counted(len(again), 'mail')} queued again. They are sent while the server runs.")


@command.command("test")
@click.argument("address")
@pass_context
def test(house: CommandContext, *, address: str) -> None:
    """Send a test mail, now, and say what the server said.

    \b
    Example:
      python -m webapp mail test ada@example.org
    """
    settings = house.settings
    if not settings.smtp_url:
        raise CommandRefused("No mail server is named; set WEBAPP_SMTP_URL.")
    app = create_app(settings)
    try:
        made = render_mail(app, "test", {}, DEFAULT)
        mail = LeasedMail(uuid4(), checked_address(address), Content(made.subject, made.text, made.html))
        transport_for(settings.smtp_url, settings.mail_from).send(mail)
    except EmailUnfit as error:
        raise CommandRefused(str(error)) from error
    except NotSent as error:
        raise CommandRefused(f"It was not sent: {error}") from error
    finally:
        close(app)
    say_aside(f"The server took it; look into the mailbox of {address}.")
