"""Which mails report an action on an account and have a link that undoes it."""

from pathlib import Path

MAILS = Path(__file__).resolve().parents[2] / "templates" / "mail"

# What needs no way to take it back, and why.
WITHOUT = {
    "access_decided": "the owner of an app did it",
    "access_requested": "nobody has access yet",
    "account_deleted": "nothing is left",
    "account_disabled": "an admin did it, for a reason that stands there",
    "account_enabled": "an admin did it",
    "login_unlocked": "an admin did it",
    "role_changed": "an admin did it",
    "sessions_ended": "an admin did it",
    "credential_ended": "an admin did it, for a reason that stands there",
    "reset_offered": "an admin did it, and nothing has changed yet",
    "email_taken_by_change": "nothing was changed",
    "email_taken_by_registration": "nothing was changed",
    "name_taken": "nothing was made",
    "confirm_email": "nothing was changed",
    "verify_email": "without its link nothing opens",
    "invitation": "without its link nothing is made",
    "login_locked": "nobody came in",
    "factors_reset_begun": "its link stops it, in words of its own",
    "token_revoked": "the site did it",
    "token_came_late": "it is refused",
    "tokens_expiring": "a reminder",
    "tokens_unused": "a reminder",
    "test": "asked for by an admin",
}


def test_every_mail_is_classified_as_a_security_mail_or_not():
    kinds = {template.stem for template in MAILS.glob("[!_]*.txt")}
    of_security = {kind for kind in kinds if "_layouts/mail_security.txt" in (MAILS / f"{kind}.txt").read_text()}
    assert kinds - of_security == WITHOUT.keys()
    assert {kind for kind in kinds if "mail_security.html" in (MAILS / f"{kind}.html").read_text()} == of_security
