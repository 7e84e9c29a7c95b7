"""Events in sentences, addressed to the person they happened to."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from webapp.audit.log import Event
from webapp.audit.models import AuditEvent
from webapp.core.humanize import in_words, ways_in_words


class AuditSentence(msgspec.Struct, frozen=True):
    """One event as people read it."""

    at: datetime
    event: str
    sentence: str
    detail: str | None
    is_refusal: bool


Details = dict[str, object]

FACTORS = {"totp": "An authenticator app", "passkey": "A passkey"}

SENTENCES: dict[Event, Callable[[Details], str]] = {
    Event.HOUSE_OPENED: lambda _: "This house was opened.",
    Event.HOUSE_BACKED_UP: lambda _: "The database was backed up.",
    Event.DATABASE_RESTORED: lambda _: "The database was restored from a backup.",
    Event.USER_MADE: lambda d: f"Your account was made, with the role {in_words(d.get('role'))}.",
    Event.USER_DISABLED: lambda _: "Your account was disabled.",
    Event.USER_ENABLED: lambda _: "Your account was enabled again.",
    Event.ROLE_CHANGED: lambda d: f"Your role changed from {in_words(d.get('former'))} to {in_words(d.get('role'))}.",
    Event.PASSWORD_CHANGED: lambda _: "Your password was changed.",
    Event.USER_RENAMED: lambda d: f"Your name changed from {d.get('former')} to {d.get('name')}.",
    Event.IDENTITY_LINKED: lambda _: "Your password is kept elsewhere now; whoever runs this house arranged that.",
    Event.IDENTITY_UNLINKED: lambda _: "Your password is kept here now; whoever runs this house arranged that.",
    Event.PROFILE_CHANGED: lambda _: "Your profile was changed.",
    Event.ADDRESS_ASKED: lambda d: f"A link was mailed to {d.get('address')}, which would make it your address.",
    Event.ADDRESS_CHANGED: lambda d: f"Your address changed from {d.get('former') or 'none'} to {d.get('address')}.",
    Event.ADDRESS_RESTORED: lambda d: f"Your address was put back to {d.get('address')}, and every session ended.",
    Event.USER_CLOSED: lambda _: "You closed your account.",
    Event.USER_REOPENED: lambda _: "You came back, and keep your account.",
    Event.DATA_EXPORTED: lambda _: "You downloaded your data.",
    Event.EVERYTHING_ENDED: lambda _: "You ended everything that could act as you.",
    Event.REGISTRATION_ASKED: lambda _: "Somebody wanted to register with your address.",
    Event.ADDRESS_VERIFIED: lambda _: "Your e-mail address was verified.",
    Event.INVITATION_MADE: lambda _: "An invitation was made.",
    Event.INVITATION_USED: lambda _: "You came by an invitation.",
    Event.INVITATION_REVOKED: lambda _: "An invitation was revoked.",
    Event.RESET_ASKED: lambda _: "A link for a new password was asked for.",
    Event.RESET_DONE: lambda _: "A new password was set by a mailed link.",
    Event.RESET_STOPPED: lambda _: "Somebody said “this was not me” of a link for a new password: it is dead.",
    Event.LOGIN_DISOWNED: lambda _: "Somebody said “this was not me”: everything was ended and the password locked.",
    Event.MAIL_RETRIED: lambda _: "A mail was sent on its way again.",
    Event.SESSION_STARTED: lambda d: f"You logged in with your {ways_in_words(d.get('amr'))}.",
    Event.SESSION_REFUSED: lambda d: (
        "A passkey that named you was refused."
        if d.get("by") == "passkey"
        else "Somebody typed a wrong password for you."
    ),
    Event.SESSION_CONFIRMED: lambda _: "You confirmed that it is you.",
    Event.SESSION_ENDED: lambda _: "A session was ended.",
    Event.LOGIN_FROZEN: lambda d: (
        f"{d.get('failed') or 'Too many'} wrong passwords in a row were typed for you; strangers are not heard now."
    ),
    Event.LOGIN_OPENED: lambda _: "Your login was unlocked: passwords and codes are accepted again.",
    Event.LOGIN_THROTTLED: lambda d: (
        f"Too many wrong {'codes' if str(d.get('limit')).startswith('code-') else 'passwords'} were typed for you; "
        "more were not looked at."
    ),
    Event.CODE_REFUSED: lambda _: "Somebody who knows your password typed a wrong code.",
    Event.FACTOR_ADDED: lambda d: f"{FACTORS.get(str(d.get('kind')), 'A factor')} was added{called_clause(d)}.",
    Event.FACTOR_RENAMED: lambda d: f"Your passkey {d.get('former')} is called {d.get('name')} now.",
    Event.FACTOR_REMOVED: lambda d: f"{FACTORS.get(str(d.get('kind')), 'A factor')} was removed{called_clause(d)}.",
    Event.RECOVERY_CODES_MADE: lambda _: "A new sheet of recovery codes was made; the one before is worth nothing.",
    Event.RECOVERY_CODE_USED: lambda d: f"A recovery code was used; {d.get('left')} are left.",
    Event.PASSKEY_BEHIND: lambda d: (
        f"The passkey {d.get('name')} had signed more often than it says now: it may have been copied, and was refused."
    ),
    Event.PASSWORD_REMOVED: lambda _: "Your password was removed; your passkeys are the way in.",
    Event.BROWSER_TRUSTED: lambda _: "A browser was trusted: a login from there asks for no second factor.",
    Event.BROWSER_DISTRUSTED: lambda _: "A browser is not trusted any more.",
    Event.FACTORS_RESET_ASKED: lambda d: f"A reset of your second factors was begun; the reason: “{d.get('reason')}”.",
    Event.FACTORS_RESET_STOPPED: lambda _: "The reset of your second factors was stopped.",
    Event.FACTORS_RESET: lambda _: "Your second factors were taken away, and every session ended.",
    Event.TOKEN_MINTED: lambda d: (
        "A script logged in as you." if d.get("origin") == "api" else f"{token_subject(d)} was made{how(d)}."
    ),
    Event.TOKEN_EDITED: lambda d: f"{token_subject(d)} was {'widened' if d.get('widened') else 'changed'}.",
    Event.TOKEN_ROTATED: lambda d: (
        f"{token_subject(d)} was rotated{' by itself' if d.get('origin') == 'self' else ''}: another took its place."
    ),
    Event.TOKEN_FIRST_USED: lambda d: f"{token_subject(d)} was used for the first time.",
    Event.TOKEN_REVOKED: lambda d: f"{token_subject(d)} was revoked.",
    Event.TOKEN_EXCHANGED: lambda d: (
        f"{token_subject(d)} was exchanged for one for {d.get('audience') or 'another service'}."
    ),
    Event.EXCHANGED_TOKEN_REVOKED: lambda d: (
        f"{token_subject(d)} had been exchanged for one for {d.get('audience') or 'another service'}, "
        "and that one was revoked."
    ),
    Event.REFRESH_USED: lambda _: "A script refreshed its login.",
    Event.REFRESH_REUSED: lambda _: (
        "A refresh token came twice: the login it belongs to was ended, with all its tokens."
    ),
    Event.REFRESH_REFUSED: lambda d: f"A script could not refresh its login: {in_words(d.get('reason'))}.",
    Event.REFRESH_ENDED: lambda _: "The login of a script was ended.",
    Event.ACCESS_REFUSED: lambda d: (
        f"{d.get('name') or 'A request'} was refused at {d.get('route')}: {in_words(d.get('code'))}{by_bound(d)}."
    ),
    Event.USER_DELETED: lambda d: f"The account {d.get('username') or 'of somebody'} was deleted.",
    Event.USER_FORGOTTEN: lambda _: "An account that its owner had closed was deleted.",
    Event.ROLE_MADE: lambda d: f"The role {in_words(d.get('role'))} was made.",
    Event.ROLE_EDITED: lambda d: f"The role {in_words(d.get('role'))} was changed.",
    Event.ROLE_REMOVED: lambda d: f"The role {in_words(d.get('role'))} was removed.",
    Event.AUDIT_RETIRED: lambda _: "Old events were moved into a file, and the log sealed where they ended.",
    Event.KEY_ROTATED: lambda _: "A new key signs the tokens of this house.",
    Event.KEY_RETIRED: lambda _: "An old key verifies no tokens of this house any more.",
    Event.EMERGENCY_DECLARED: lambda _: "An emergency was declared: every session and token of everybody was ended.",
    Event.LIMITS_RESET: lambda _: "Counted tries were forgotten by hand.",
}
REFUSALS = {
    Event.SESSION_REFUSED,
    Event.LOGIN_THROTTLED,
    Event.LOGIN_FROZEN,
    Event.ACCESS_REFUSED,
    Event.LOGIN_DISOWNED,
    Event.REFRESH_REFUSED,
    Event.REFRESH_REUSED,
    Event.CODE_REFUSED,
    Event.PASSKEY_BEHIND,
}


def called_clause(details: Details) -> str:
    return f", called {details['name']}" if details.get("name") else ""


def token_subject(details: Details) -> str:
    return f"The token {details['name']}" if details.get("name") else "A token"


def by_bound(details: Details) -> str:
    """Which restriction of a token it was."""
    return f", by the {details['bound']} restriction of the token" if details.get("bound") else ""


def how(details: Details) -> str:
    """By which door, and how its maker had proven who they are."""
    match details.get("origin"):
        case "rotation":
            return " in the place of another"
        case "page" if details.get("amr"):
            return f" on the token page, after a login with {ways_in_words(details['amr'])}"
        case "cli":
            return " on the command line"
        case _:
            return ""


def sentence_of(event: AuditEvent, names: Mapping[UUID, str] | None = None) -> AuditSentence:
    """
    Args:
        names: of tokens, by their credential, where the event itself does not say them.
    """
    kind = Event(event.event)
    name = (names or {}).get(event.credential_id) if event.credential_id else None
    details = ({"name": name} if name else {}) | event.details
    sentence = SENTENCES[kind](details) if kind in SENTENCES else event.event
    origin = f"from {event.address}" if event.address else None
    return AuditSentence(event.at, event.event, sentence, origin, kind in REFUSALS)
