"""invite: links by which people make themselves an account."""

from datetime import timedelta

import click

from webapp.accounts import invitations
from webapp.accounts.invitations import LIFETIME, LONGEST, MOST_USES, InvitationRequest
from webapp.accounts.names import EmailUnfit, checked_address
from webapp.app import close, create_app
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import DURATION
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import role_named
from webapp.cli.output import as_json, say_aside, say_json
from webapp.core.combining_marks import is_stacked
from webapp.mail.mailer import Mailer
from webapp.web.registry import services_of


@click.command("invite", cls=Command)
@click.argument("who", nargs=-1, required=True)
@click.option("--role", default="user", show_default=True)
@click.option("--uses", type=click.IntRange(1, MOST_USES), default=1, help="How many may use a link of a name.")
@click.option("--expires", type=DURATION, default=LIFETIME, help="Such as 12h or 30d; 7d if you say nothing.")
@as_json
@pass_context
def command(
    house: CommandContext, *, who: tuple[str, ...], role: str, uses: int, expires: timedelta, is_json: bool
) -> None:
    """Invite each WHO, a name or an e-mail address.

    The link of an address is mailed there and not printed, if a mail server is named: using it then proves the address.
    Every other link is printed, and anybody may use it; the name is a note for you.

    \b
    Examples:
      python -m webapp invite ada@example.org bob@example.org
      python -m webapp invite "the whole team" --uses 12 --expires 2d
    """
    if not timedelta() < expires <= LONGEST:
        raise CommandRefused(f"An invitation lives at most {LONGEST.days} days.")
    if any(is_stacked(name) or not name.isprintable() for name in who):
        raise CommandRefused("WHO is one line of printable text, without accents stacked on a letter.")
    app = create_app(house.settings)
    post = services_of(app).get(Mailer)
    made = []
    try:
        with opened(house) as database, database.write() as db:
            role_named(db, role)
            for name in who:
                email = checked_address(name) if "@" in name else None
                email = email if house.settings.smtp_url else None
                wish = InvitationRequest(
                    role=role, email=email, note="" if email else name[:200], lifetime=expires, most_uses=uses
                )
                one = invitations.make(db, wish)
                is_mailed = invitations.mail(db, post, one)
                link = None if is_mailed else house.settings.base_url + one.path
                made.append({"who": name, "link": link, "is_mailed": is_mailed})
    except EmailUnfit as error:
        raise CommandRefused(str(error)) from error
    finally:
        close(app)
    if is_json:
        say_json(made)
        return
    mailed = sum(bool(told["is_mailed"]) for told in made)
    say_aside(f"Made: {len(made)}, in the outbox: {mailed}. Who holds a link may use it; it is shown this once.")
    for told in made:
        if told["link"]:
            click.echo(told["link"])
