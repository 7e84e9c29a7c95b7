"""invite: create invitation links."""

from dataclasses import replace
from datetime import timedelta

import click

from webapp.accounts import invitations
from webapp.accounts.invitations import LIFETIME, LONGEST, MAX_USES, InvitationRequest
from webapp.accounts.names import InvalidEmail, checked_email
from webapp.app import close, create_app
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import DURATION
from webapp.cli.lookups import role_named
from webapp.cli.output import as_json, print_json, print_note
from webapp.core.combining_marks import is_stacked
from webapp.mail.mailer import Mailer
from webapp.web.registry import services_of


@click.command("invite", cls=Command)
@click.argument("who", nargs=-1, required=True)
@click.option("--role", default="user", show_default=True, help="Role of the new users.")
@click.option("--uses", type=click.IntRange(1, MAX_USES), default=1, help="How many people may use a printed link.")
@click.option("--expires", type=DURATION, default=LIFETIME, help="Lifetime, such as 12h or 30d; the default is 7d.")
@as_json
@pass_context
def command(
    context: CommandContext, *, who: tuple[str, ...], role: str, uses: int, expires: timedelta, is_json: bool
) -> None:
    """Invite each WHO, a name or an e-mail address.

    If a mail server is configured, the link for an e-mail address is mailed and not printed; using it verifies the
    e-mail address. Every other link is printed, and anyone who has it can use it; the name is a note for you.

    \b
    Examples:
      python -m webapp invite ada@example.org bob@example.org
      python -m webapp invite "the whole team" --uses 12 --expires 2d
    """
    if not timedelta() < expires <= LONGEST:
        raise click.BadParameter(f"must be more than zero and at most {LONGEST.days} days", param_hint="--expires")
    if any(is_stacked(name) or not name.isprintable() for name in who):
        raise click.UsageError("WHO must be one line of printable text, without stacked accents.")
    # Its log lines would be printed between the links.
    app = create_app(replace(context.settings, log_level="warning"))
    mailer = services_of(app).get(Mailer)
    created = []
    try:
        with opened(context) as database, database.write() as db:
            role_named(db, role)
            for name in who:
                email = checked_email(name) if "@" in name else None
                email = email if context.settings.smtp_url else None
                requested = InvitationRequest(
                    role=role, email=email, note="" if email else name[:200], lifetime=expires, most_uses=uses
                )
                one = invitations.create(db, requested)
                is_mailed = invitations.mail(db, mailer, one)
                link = None if is_mailed else context.settings.base_url + one.path
                created.append({"who": name, "link": link, "is_mailed": is_mailed})
    except InvalidEmail as error:
        raise click.UsageError(str(error)) from error
    finally:
        close(app)
    if is_json:
        print_json(created)
        return
    mailed = sum(bool(invitation["is_mailed"]) for invitation in created)
    print_note(
        f"Created: {len(created)}, of these mailed: {mailed}. Anyone who has a link can use it. It is shown once."
    )
    for invitation in created:
        if invitation["link"]:
            click.echo(invitation["link"])
