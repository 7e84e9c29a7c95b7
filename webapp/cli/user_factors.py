"""user factors, reset-factors: what somebody has beside the password, and the end of it."""

import click

from webapp.accounts import mfa_reset
from webapp.app import close, create_app
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.lookups import user_named
from webapp.cli.output import as_json, moment, say_aside, say_json, say_table
from webapp.mail.mailer import Mailer
from webapp.mfa import passkeys, resets, totp
from webapp.mfa.factor_list import entry, left
from webapp.web.registry import services_of


@click.command("factors", cls=Command)
@click.argument("name")
@as_json
@pass_context
def factors(house: CommandContext, *, name: str, is_json: bool) -> None:
    """List the second factors of a user.

    \b
    Example:
      python -m webapp user factors ada
    """
    with opened(house) as database, database.read() as db:
        user = user_named(db, name)
        seed, codes = totp.find(db, user.id), left(db, user.id)
        keys = [entry(passkey) for passkey in passkeys.of_user(db, user.id)]
        reset = resets.pending_reset(db, user.id)
    if is_json:
        app = {"created_at": seed.created_at, "last_used_at": seed.last_used_at} if seed else None
        found = {
            "passkeys": keys,
            "totp": app,
            "recovery_codes": codes.left,
            "reset_at": reset.due_at if reset else None,
        }
        say_json(found)
        return
    rows = [(key.name, "passkey", moment(key.created_at), moment(key.last_used_at)) for key in keys]
    rows += [("authenticator app", "codes", moment(seed.created_at), moment(seed.last_used_at))] if seed else []
    rows += [(f"{codes.left} recovery codes", "codes", moment(codes.made_at), "-")] if codes.left else []
    say_table(("WHAT", "KIND", "SINCE", "LAST USED"), rows)
    if reset:
        say_aside(f"They are taken away on {moment(reset.due_at)}, unless somebody stops it.")


@click.command("reset-factors", cls=Command)
@click.argument("name")
@pass_context
def reset_factors(house: CommandContext, *, name: str) -> None:
    """Take all second factors of a user away, at once, and log them out; they are told by mail.

    \b
    Example:
      python -m webapp user reset-factors ada
    """
    app = create_app(house.settings)
    try:
        with opened(house) as database, database.write() as db:
            user = user_named(db, name)
            resets.take_away(db, user.id)
            mfa_reset.carry_out(db, services_of(app).get(Mailer), user)
    finally:
        close(app)
    say_aside(f"{user.username} logs in with the password alone now, and sets up new factors.")
