"""user factors, reset-factors: list and remove the second factors of a user."""

import click

from webapp.accounts import mfa_reset
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.app import close, create_app
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.lookups import user_named
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.mail.mailer import Mailer
from webapp.mfa import passkeys, resets, totp
from webapp.mfa.factor_list import left, passkey_entry
from webapp.web.registry import services_of


@click.command("factors", cls=Command)
@click.argument("name")
@as_json
@pass_context
def factors(context: CommandContext, *, name: str, is_json: bool) -> None:
    """List the second factors of a user.

    \b
    Example:
      python -m webapp user factors ada
    """
    with opened(context) as database, database.read() as db:
        user = user_named(db, name)
        seed, codes = totp.find(db, user.id), left(db, user.id)
        keys = [passkey_entry(passkey) for passkey in passkeys.of_user(db, user.id)]
        reset = resets.pending_reset(db, user.id)
    if is_json:
        app = {"created_at": seed.created_at, "last_used_at": seed.last_used_at} if seed else None
        found = {
            "passkeys": keys,
            "totp": app,
            "recovery_codes": codes.left,
            "reset_at": reset.due_at if reset else None,
        }
        print_json(found)
        return
    rows = [(key.name, "passkey", moment(key.created_at), moment(key.last_used_at)) for key in keys]
    rows += [("authenticator app", "codes", moment(seed.created_at), moment(seed.last_used_at))] if seed else []
    rows += [(f"{codes.left} recovery codes", "codes", moment(codes.made_at), "-")] if codes.left else []
    print_table(("NAME", "TYPE", "CREATED", "LAST USED"), rows)
    if reset:
        print_note(f"A reset removes them on {moment(reset.due_at)}, unless it is cancelled.")


@click.command("reset-factors", cls=Command)
@click.argument("name")
@pass_context
def reset_factors(context: CommandContext, *, name: str) -> None:
    """Remove all second factors of a user at once, log the user out, and notify them by e-mail.

    \b
    Example:
      python -m webapp user reset-factors ada
    """
    app = create_app(context.settings)
    try:
        with opened(context) as database, database.write() as db:
            user = user_named(db, name)
            resets.cancel(db, user.id)
            mfa_reset.carry_out(db, services_of(app).get(Mailer), user, services_of(app).get(NonPasskeyLogins))
    finally:
        close(app)
    print_note(f"{user.username} can now log in with the password alone and set up new factors.")
