"""mail: list the outbox, retry failed mails, send a test mail."""

from uuid import UUID, uuid4

import click

from webapp.accounts.names import InvalidEmail, checked_email
from webapp.app import close, create_app
from webapp.audit.log import Event, record
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.core.humanize import counted
from webapp.core.translation import DEFAULT
from webapp.mail import outbox
from webapp.mail.outbox import Content, LeasedMail
from webapp.mail.transport import NotSent, transport_for
from webapp.web.mail_templates import render_mail


@click.group("mail", cls=CommandGroup)
def command() -> None:
    """The outbox of e-mails."""


@command.command("list")
@click.option("--failed", is_flag=True, help="Only mails that could not be sent.")
@as_json
@pass_context
def list_(context: CommandContext, *, failed: bool, is_json: bool) -> None:
    """List the latest mails, without their content, which is deleted once they are sent.

    \b
    Example:
      python -m webapp mail list --failed
    """
    with opened(context) as database, database.read() as db:
        mails = outbox.latest(db, limit=200, state="failed" if failed else "")
    if is_json:
        names = ("id", "kind", "to", "state", "created_at", "tries", "sent_at", "last_error")
        print_json([{name: getattr(mail, name) for name in names} for mail in mails])
        return
    rows = [
        (str(mail.id), mail.kind, mail.to, mail.state, moment(mail.created_at), mail.last_error or "-")
        for mail in mails
    ]
    print_table(("ID", "KIND", "TO", "STATE", "CREATED", "REASON"), rows)


@command.command("retry")
@click.argument("mail_id", type=click.UUID, required=False)
@pass_context
def retry(context: CommandContext, *, mail_id: UUID | None) -> None:
    """Queue a mail again; without an ID, all mails that failed.

    \b
    Example:
      python -m webapp mail retry
    """
    with opened(context) as database, database.write() as db:
        ids = [mail_id] if mail_id else [mail.id for mail in outbox.unsent(db) if mail.state == "failed"]
        again = [mail for one in ids if (mail := outbox.retry(db, one))]
        for mail in again:
            record(db, Event.MAIL_RETRIED, mail_id=str(mail.id), kind=mail.kind, to=mail.to)
    if mail_id and not again:
        raise CommandRefused("There is no such mail to send. It was already sent, or never existed.")
    print_note(f"{counted(len(again), 'mail')} queued again. They are sent while the server runs.")


@command.command("test")
@click.argument("email", metavar="EMAIL")
@pass_context
def test(context: CommandContext, *, email: str) -> None:
    """Send a test mail now and report the answer of the mail server.

    \b
    Example:
      python -m webapp mail test ada@example.org
    """
    settings = context.settings_to_read
    if not settings.smtp_url:
        raise CommandRefused("No mail server is configured. Set WEBAPP_SMTP_URL.")
    app = create_app(settings)
    try:
        rendered = render_mail(app, "test", {}, DEFAULT)
        mail = LeasedMail(uuid4(), checked_email(email), Content(rendered.subject, rendered.text, rendered.html))
        transport_for(settings.smtp_url, settings.mail_from, settings.host).send(mail)
    except InvalidEmail as error:
        raise click.UsageError(str(error)) from error
    except NotSent as error:
        raise CommandRefused(f"The mail was not sent: {error}") from error
    finally:
        close(app)
    print_note(f"The mail server accepted the mail. Check the mailbox of {email}.")
