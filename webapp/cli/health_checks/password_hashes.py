"""Checks of imported password hashes: how many no login has replaced yet, and whether they can be checked."""

from collections import Counter
from collections.abc import Iterable, Iterator

from webapp.accounts.foreign_hashes import ForeignHash, recognized
from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.core.humanize import counted

SALT = "WEBAPP_FLASK_SECURITY_PASSWORD_SALT"


def imported(hashes: Iterable[str], *, has_salt: bool) -> Iterator[Finding]:
    """Check imported password hashes: whether they are weak, and whether they can be verified.

    Args:
        hashes: those that an import brought.
        has_salt: whether the salt of Flask-Security is set.
    """
    found = [hashed for stored in hashes if (hashed := recognized(stored)) is not None]
    yield from flask_security(sum(hashed.is_signed for hashed in found), has_salt=has_salt)
    weak = [hashed for hashed in found if hashed.is_weak]
    if weak:
        yield warn(
            "hashes",
            f"Imported password hashes from which passwords can be guessed quickly: {kinds(weak)}.",
            "The next login of each user replaces theirs. List these users: python -m webapp user list --imported-hash"
            " and send a link to those who do not log in: python -m webapp user reset-link NAME",
        )
    elif found:
        yield ok("hashes", f"Imported password hashes, replaced at the next login: {kinds(found)}.")
    else:
        yield ok("hashes", "No imported password hashes are left.")


def kinds(hashes: Iterable[ForeignHash]) -> str:
    return ", ".join(f"{number} {name}" for name, number in Counter(h.scheme.name for h in hashes).most_common())


def flask_security(signed: int, *, has_salt: bool) -> Iterator[Finding]:
    if signed and not has_salt:
        problem = f"{counted(signed, 'user')} from Flask-Security cannot log in: its salt is not set."
        yield bad("hashes", problem, f"Set {SALT} to the former SECURITY_PASSWORD_SALT.")
    elif has_salt and not signed:
        yield warn("hashes", f"No password hash needs {SALT} any more.", "Remove it.")
