"""user: who has an account here."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from webapp.accounts import browsing, closing, recovery, registration, roles
from webapp.accounts.closing import LastSuperAdmin, PasswordElsewhere
from webapp.accounts.models import User
from webapp.accounts.names import AddressUnfit, NameUnfit
from webapp.accounts.registration import AddressTaken, NameTaken, NewUser
from webapp.audit.log import Event, record
from webapp.cli import logins, setup_link
from webapp.cli.asking import hashed_password, password_stdin
from webapp.cli.finding import role_named, user_named
from webapp.cli.house import House, pass_house
from webapp.cli.opening import opened
from webapp.cli.output import as_json, count, moment, say_aside, say_json, say_table
from webapp.cli.refusals import Refused
from webapp.credentials import lifecycle as credentials

ONLY_SUPER_ADMIN = "{} is the only super_admin, and nobody else could let others in; make another one first."


@contextmanager
def kept_here() -> Iterator[None]:
    """For what concerns a password, which may be somebody else's to keep."""
    try:
        yield
    except PasswordElsewhere as error:
        raise Refused(f"The password of {error} is kept by the identity provider; it is changed there.") from error


@click.group("user")
def command() -> None:
    """Who has an account here.

    NAME is a user's name or e-mail address.
    """


for twin in (logins.sessions, logins.logout, logins.purge):
    command.add_command(twin)


@command.command("add")
@click.argument("name")
@click.option("--email", help="It works in place of the name at the login.")
@click.option("--role", default="user", show_default=True)
@password_stdin
@pass_house
def add(house: House, *, name: str, email: str | None, role: str, password_stdin: bool) -> None:
    """Add a user, and print their id.

    \b
    Examples:
      python -m webapp user add ada --email ada@example.org
      pass latchkey/ada | python -m webapp user add ada --role admin --password-stdin
    """
    hashed = hashed_password(house.settings, name, email=email or "", from_stdin=password_stdin)
    new = NewUser(username=name, email=email, password_hash=hashed, role=role)
    try:
        with opened(house) as database, database.write() as db:
            role_named(db, role)
            user = registration.add(db, new, origin="cli")
    except (NameUnfit, AddressUnfit) as error:
        raise Refused(str(error)) from error
    except NameTaken as error:
        raise Refused(f"There is a user named {name} already.") from error
    except AddressTaken as error:
        raise Refused(f"Another user has the address {email} already.") from error
    say_aside(f"{user.username} may log in now, with the role {role}.")
    click.echo(user.id)


@command.command("list")
@as_json
@pass_house
def list_(house: House, *, is_json: bool) -> None:
    """List all users.

    \b
    Example:
      python -m webapp user list --json | jq -r '.[] | select(.role == "super_admin").username'
    """
    with opened(house) as database, database.read() as db:
        users = browsing.everybody(db)
    if is_json:
        say_json([described(user) for user in users])
        return
    rows = [(user.username, user.email or "-", user.role, state_of(user), moment(user.created_at)) for user in users]
    say_table(("NAME", "E-MAIL", "ROLE", "STATE", "SINCE"), rows)


def described(user: User) -> dict[str, object]:
    names = ("id", "username", "email", "role", "created_at", "disabled_at")
    return {name: getattr(user, name) for name in names}


def state_of(user: User) -> str:
    return f"disabled {moment(user.disabled_at)}" if user.disabled_at else "active"


@command.command("show")
@click.argument("name")
@as_json
@pass_house
def show(house: House, *, name: str, is_json: bool) -> None:
    """Show one user: role, state, and what can act as them now.

    \b
    Example:
      python -m webapp user show ada
    """
    with opened(house) as database, database.read() as db:
        user = user_named(db, name)
        counts = credentials.counts(db, [user.id])
        sessions, tokens = counts.get((user.id, "session"), 0), counts.get((user.id, "token"), 0)
        closure = roles.included_in(db, user.role)
    if is_json:
        more = {"last_login_at": user.last_login_at, "roles": closure, "sessions": sessions, "tokens": tokens}
        say_json(described(user) | more)
        return
    facts = {
        "Name": user.username,
        "E-mail": user.email or "-",
        "Role": " ".join(closure[::-1]) or user.role,
        "State": state_of(user),
        "Since": moment(user.created_at),
        "Last login": moment(user.last_login_at),
        "Can act now": f"{count(sessions, 'session')}, {count(tokens, 'token')}",
        "Id": str(user.id),
    }
    for word, value in facts.items():
        click.echo(f"{word:<12} {value}")


@command.command("role")
@click.argument("name")
@click.argument("role")
@pass_house
def role(house: House, *, name: str, role: str) -> None:
    """Give a user another role; it counts from their next request on.

    \b
    Example:
      python -m webapp user role ada super_admin
    """
    with opened(house) as database, database.write() as db:
        user = user_named(db, name)
        role_named(db, role)
        former = user.role
        try:
            closing.change_role(db, user, role)
        except LastSuperAdmin as error:
            raise Refused(ONLY_SUPER_ADMIN.format(user.username)) from error
    say_aside(f"{user.username} had the role {former} and has {role} now.")


@command.command("disable")
@click.argument("name")
@pass_house
def disable(house: House, *, name: str) -> None:
    """Shut a user out and end all their sessions and tokens, at once.

    \b
    Example:
      python -m webapp user disable ada
    """
    with opened(house) as database, database.write() as db:
        user = user_named(db, name)
        try:
            ended = closing.disable(db, user)
        except LastSuperAdmin as error:
            raise Refused(ONLY_SUPER_ADMIN.format(user.username)) from error
    say_aside(f"{user.username} is disabled; sessions and tokens ended: {ended}.")


@command.command("enable")
@click.argument("name")
@pass_house
def enable(house: House, *, name: str) -> None:
    """Let a disabled user log in again; what was ended stays ended.

    \b
    Example:
      python -m webapp user enable ada
    """
    with opened(house) as database, database.write() as db:
        user = user_named(db, name)
        closing.enable(db, user)
    say_aside(f"{user.username} may log in again, and needs new tokens.")


@command.command("password")
@click.argument("name")
@password_stdin
@pass_house
def password(house: House, *, name: str, password_stdin: bool) -> None:
    """Give a user another password; their sessions end, their tokens stay.

    \b
    Example:
      openssl rand -base64 18 | tee /dev/tty | python -m webapp user password ada --password-stdin
    """
    with opened(house) as database:
        with database.read() as db:
            username = user_named(db, name).username
        hashed = hashed_password(house.settings, username, from_stdin=password_stdin)
        with kept_here(), database.write() as db:
            user = user_named(db, name)
            sessions = len(credentials.live(db, user.id, "session"))
            closing.set_password(db, user, hashed)
    say_aside(f"{user.username} has a new password; {count(sessions, 'session')} ended.")


@command.command("reset-link")
@click.argument("name")
@pass_house
def make_reset_link(house: House, *, name: str) -> None:
    """Print a link by which a user sets a new password; the one before it is dead.

    \b
    Example:
      python -m webapp user reset-link ada
    """
    with kept_here(), opened(house) as database, database.write() as db:
        user = user_named(db, name)
        if user.disabled_at is not None:
            raise Refused(f"{user.username} is disabled; enable them first: python -m webapp user enable {name}")
        path = recovery.link_for(db, user)
        record(db, Event.RESET_ASKED, user_id=user.id)
    minutes = int(recovery.LIFETIME.total_seconds() // 60)
    say_aside(f"It works once, within {minutes} minutes; give it to {user.username} alone.")
    click.echo(house.settings.base_url + path)


@command.command("setup-link")
@pass_house
def make_setup_link(house: House) -> None:
    """Print a new link to make the first account; the one before it is dead.

    \b
    Example:
      python -m webapp user setup-link
    """
    with opened(house) as database:
        link = setup_link.make(database, house.settings)
    if link is None:
        raise Refused("Somebody has an account already; add others with: python -m webapp user add")
    say_aside(f"It works once, within {setup_link.lifetime_in_words(house.settings)}.")
    click.echo(link)
