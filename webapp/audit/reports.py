"""Audit events as sentences for admins: whom they concern and who did it."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from webapp.audit.log import Event
from webapp.audit.sentences import FACTORS, by_bound, how
from webapp.core.humanize import counted, in_words, ways_in_words


class UserReference(Enum):
    """Stands where a name stands, so that a page can make a link of it."""

    USER = "user"
    ACTOR = "actor"


class Details(dict[str, Any]):
    """Knows what was asked of it: what the sentence says needs not be said again."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        super().__init__(details)
        self.said: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.said.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.said.add(name)
        return super().__getitem__(name)


Words = tuple[str | UserReference, ...]
USER, ACTOR = UserReference.USER, UserReference.ACTOR
SOMEBODY = "somebody"


def role(details: Details) -> str:
    return in_words(details.get("role") or "unknown")


def of_theirs(details: Details) -> str:
    """A token as its owner named it."""
    name = details.get("name")
    return f"The token {name} of " if name else "A token of "


def ended_counts(counts: object) -> str:
    found = counts if isinstance(counts, dict) else {}
    return ", ".join(counted(count, kind) for kind, count in found.items()) or "nothing"


def factor(details: Details) -> str:
    name = details.get("name")
    return FACTORS.get(str(details.get("kind")), "A factor") + (f", called {name}," if name else "")


ACCOUNTS: dict[Event, Callable[[Details], Words]] = {
    Event.HOUSE_OPENED: lambda _: (USER, " set up this site"),
    Event.USER_MADE: lambda d: (USER, f" got an account with the role {role(d)}"),
    Event.USER_DISABLED: lambda _: (USER, " was disabled"),
    Event.USER_ENABLED: lambda _: (USER, " was enabled"),
    Event.USER_DELETED: lambda d: (USER, f" was deleted{'' if d.get('username') else ' with all their data'}"),
    Event.USER_RENAMED: lambda _: (USER, " was renamed"),
    Event.USER_CLOSED: lambda _: (USER, " closed their account"),
    Event.USER_REOPENED: lambda _: (USER, " reopened their account"),
    Event.USER_FORGOTTEN: lambda _: ("A closed account was deleted",),
    Event.IDENTITY_LINKED: lambda d: (
        "The password of ",
        USER,
        f" is now managed by the identity provider, where they are {d.get('known_as') or 'somebody else'}",
    ),
    Event.IDENTITY_UNLINKED: lambda _: ("The password of ", USER, " is managed by this site again"),
    Event.ROLE_CHANGED: lambda _: ("The role of ", USER, " was changed"),
    Event.ROLE_MADE: lambda d: (f"The role {role(d)} was created",),
    Event.ROLE_EDITED: lambda d: (f"The role {role(d)} was changed",),
    Event.ROLE_REMOVED: lambda d: (f"The role {role(d)} was removed",),
    Event.PROFILE_CHANGED: lambda _: (USER, " changed their profile"),
    Event.ADDRESS_ASKED: lambda d: (
        USER,
        f" asked to change their e-mail address{f' to {a}' if (a := d.get('address')) else ''}",
    ),
    Event.ADDRESS_CHANGED: lambda _: (USER, " changed their e-mail address"),
    Event.ADDRESS_RESTORED: lambda d: (
        USER,
        f" restored their e-mail address{f' {a}' if (a := d.get('address')) else ''}; all sessions ended",
    ),
    Event.ADDRESS_VERIFIED: lambda _: (USER, " verified their e-mail address"),
    Event.DATA_EXPORTED: lambda _: (USER, " exported their data"),
    Event.EVERYTHING_ENDED: lambda d: (
        USER,
        f" ended all their logins: {counted(d.get('sessions') or 0, 'session')}, "
        f"{counted(d.get('tokens') or 0, 'token')}",
    ),
    Event.REGISTRATION_ASKED: lambda _: ("Somebody tried to register with the e-mail address of ", USER),
    Event.INVITATION_MADE: lambda d: (f"{d.get('email') or 'Anyone with the link'} was invited to the role {role(d)}",),
    Event.INVITATION_USED: lambda _: (USER, " registered with an invitation"),
    Event.INVITATION_REVOKED: lambda d: (
        f"The invitation for {d.get('email')} was revoked" if d.get("email") else "An invitation was revoked",
    ),
    Event.RESET_ASKED: lambda d: (
        f"A password reset link was {'mailed to' if d.get('way') == 'by mail' else 'created for'} ",
        USER,
    ),
    Event.RESET_DONE: lambda _: (USER, " reset their password"),
    Event.RESET_STOPPED: lambda _: ("A password reset link for ", USER, " was cancelled from the mail"),
    Event.PASSWORD_CHANGED: lambda _: ("The password of ", USER, " was changed"),
    Event.PASSWORD_REMOVED: lambda _: (USER, " removed their password"),
}
LOGINS: dict[Event, Callable[[Details], Words]] = {
    Event.SESSION_STARTED: lambda d: (USER, f" logged in with their {ways_in_words(d.get('amr') or 'pwd')}"),
    Event.SESSION_REFUSED: lambda d: (
        "A passkey for " if d.get("by") == "passkey" else "A wrong password was entered for ",
        USER if d.get("is_known", True) else "an unknown user name",
        " was refused" if d.get("by") == "passkey" else "",
    ),
    Event.SESSION_CONFIRMED: lambda d: (
        USER,
        f" confirmed it's them with their {ways_in_words(d.get('amr') or 'pwd')}",
    ),
    Event.SESSION_ENDED: lambda _: ("A session of ", USER, " was ended"),
    Event.LOGIN_THROTTLED: lambda d: (
        f"Too many wrong {'codes' if str(d.get('limit')).startswith('code-') else 'passwords'} for ",
        USER,
        "; further attempts are blocked for a while",
    ),
    Event.LOGIN_FROZEN: lambda d: (
        f"{d.get('failed') or 'Too many'} wrong passwords in a row for ",
        USER,
        "; logins from unknown browsers are locked",
    ),
    Event.LOGIN_OPENED: lambda _: ("The login of ", USER, " was unlocked"),
    Event.LOGIN_DISOWNED: lambda _: (
        USER,
        " reported a login that wasn't theirs: all sessions and tokens were ended and the password was locked",
    ),
    Event.CODE_REFUSED: lambda _: ("Somebody who knows the password of ", USER, " entered a wrong code"),
    Event.FACTOR_ADDED: lambda d: (f"{factor(d)} was added by ", USER),
    Event.FACTOR_RENAMED: lambda _: (USER, " renamed a passkey"),
    Event.FACTOR_REMOVED: lambda d: (f"{factor(d)} was removed by ", USER),
    Event.RECOVERY_CODES_MADE: lambda _: (USER, " created new recovery codes"),
    Event.RECOVERY_CODE_USED: lambda d: (USER, f" used a recovery code; {d.get('left', 'some')} are left"),
    Event.PASSKEY_BEHIND: lambda d: (
        f"The passkey {d.get('name') or 'without a name'} of ",
        USER,
        " may have been copied (its signature counter went back) and was refused",
    ),
    Event.BROWSER_TRUSTED: lambda _: ("A browser of ", USER, " is now trusted and skips the second factor"),
    Event.BROWSER_DISTRUSTED: lambda _: ("A browser of ", USER, " is no longer trusted"),
    Event.FACTORS_RESET_ASKED: lambda _: ("A reset of the second factors of ", USER, " was started"),
    Event.FACTORS_RESET_STOPPED: lambda _: ("The reset of the second factors of ", USER, " was stopped"),
    Event.FACTORS_RESET: lambda _: ("The second factors of ", USER, " were removed; all sessions ended"),
}
SCRIPTS: dict[Event, Callable[[Details], Words]] = {
    Event.TOKEN_MINTED: lambda d: (
        ("A script logged in as ", USER)
        if d.get("origin") == "api"
        else (USER, f" got a new token{f' {n}' if (n := d.get('name')) else ''}{how(d)}")
    ),
    Event.TOKEN_EDITED: lambda d: (
        of_theirs(d),
        USER,
        f" was {'given more permissions' if d.get('widened') else 'changed'}",
    ),
    Event.TOKEN_ROTATED: lambda d: (
        of_theirs(d),
        USER,
        f" was rotated{' by itself' if d.get('origin') == 'self' else ''}",
    ),
    Event.TOKEN_FIRST_USED: lambda d: (of_theirs(d), USER, " was used for the first time"),
    Event.TOKEN_REVOKED: lambda d: (of_theirs(d), USER, " was revoked"),
    Event.TOKEN_EXCHANGED: lambda d: (
        of_theirs(d),
        USER,
        f" was exchanged for a token for {d.get('audience') or 'another service'}",
    ),
    Event.EXCHANGED_TOKEN_REVOKED: lambda d: (
        of_theirs(d),
        USER,
        f": the token it was exchanged for, for {d.get('audience') or 'another service'}, was revoked",
    ),
    Event.REFRESH_USED: lambda _: ("A script of ", USER, " refreshed its login"),
    Event.REFRESH_REUSED: lambda _: (
        "A refresh token of ",
        USER,
        " was used twice: the script was logged out and its tokens were revoked",
    ),
    Event.REFRESH_REFUSED: lambda d: (
        "A script of ",
        USER,
        f" could not refresh its login: {in_words(d.get('reason') or 'unknown')}",
    ),
    Event.REFRESH_ENDED: lambda _: ("A script of ", USER, " was logged out"),
    Event.ACCESS_REFUSED: lambda d: (
        USER,
        f" was refused at {d.get('route') or 'an endpoint'}: {in_words(d.get('code') or 'unknown')}{by_bound(d)}",
    ),
}
HOUSE: dict[Event, Callable[[Details], Words]] = {
    Event.HOUSE_BACKED_UP: lambda _: ("The database was backed up",),
    Event.DATABASE_RESTORED: lambda d: (
        f"The database was restored from a backup; ended: {ended_counts(d.get('ended'))}",
    ),
    Event.MAIL_RETRIED: lambda d: (f"The mail to {d.get('to') or 'somebody'} was retried",),
    Event.AUDIT_RETIRED: lambda d: (
        f"{counted(d.get('events') or 0, 'event')} moved to the archive {d.get('file') or 'file'}, "
        f"up to event {d.get('last', 0)}",
    ),
    Event.KEY_ROTATED: lambda _: ("A new signing key for tokens was created",),
    Event.KEY_RETIRED: lambda d: (f"The signing key {d.get('retired') or 'before'} was retired",),
    Event.EMERGENCY_DECLARED: lambda d: (f"Emergency logout: ended {ended_counts(d.get('ended'))}",),
    Event.LIMITS_RESET: lambda d: (f"Rate limits{f' of {p}' if (p := d.get('prefix')) else ''} were reset",),
}
REPORTS = ACCOUNTS | LOGINS | SCRIPTS | HOUSE


def words(event: str, details: Details, *, has_actor: bool) -> Words:
    """What happened, in pieces, without the stop at the end; an event that is not known here by its name."""
    report = REPORTS.get(event)  # type: ignore[call-overload]  # an Event is its text
    found: Words = report(details) if report else (event,)
    return (*found, " by ", ACTOR) if has_actor else found
