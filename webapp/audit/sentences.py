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
    Event.HOUSE_OPENED: lambda _: "This site was set up.",
    Event.HOUSE_BACKED_UP: lambda _: "The database was backed up.",
    Event.DATABASE_RESTORED: lambda _: "The database was restored from a backup.",
    Event.USER_MADE: lambda d: f"Your account was created with the role {in_words(d.get('role'))}.",
    Event.USER_DISABLED: lambda _: "Your account was disabled.",
    Event.USER_ENABLED: lambda _: "Your account was enabled.",
    Event.ROLE_CHANGED: lambda d: f"Your role changed from {in_words(d.get('former'))} to {in_words(d.get('role'))}.",
    Event.PASSWORD_CHANGED: lambda _: "Your password was changed.",
    Event.USER_RENAMED: lambda d: f"Your name changed from {d.get('former')} to {d.get('name')}.",
    Event.IDENTITY_LINKED: lambda _: (
        "Your password is now managed by your identity provider. Your administrator changed this."
    ),
    Event.IDENTITY_UNLINKED: lambda _: "Your password is now managed by this site. Your administrator changed this.",
    Event.PROFILE_CHANGED: lambda _: "Your profile was changed.",
    Event.ADDRESS_ASKED: lambda d: f"A link to confirm your new e-mail address was sent to {d.get('address')}.",
    Event.ADDRESS_CHANGED: lambda d: (
        f"Your e-mail address changed from {d.get('former') or 'none'} to {d.get('address')}."
    ),
    Event.ADDRESS_RESTORED: lambda d: f"Your e-mail address was restored to {d.get('address')} and all sessions ended.",
    Event.USER_CLOSED: lambda _: "You closed your account.",
    Event.USER_REOPENED: lambda _: "You reopened your account.",
    Event.DATA_EXPORTED: lambda _: "You exported your data.",
    Event.EVERYTHING_ENDED: lambda _: "You ended all your sessions and tokens.",
    Event.REGISTRATION_ASKED: lambda _: "Somebody tried to register with your e-mail address.",
    Event.ADDRESS_VERIFIED: lambda _: "Your e-mail address was verified.",
    Event.INVITATION_MADE: lambda _: "An invitation was created.",
    Event.INVITATION_USED: lambda _: "You registered with an invitation.",
    Event.INVITATION_REVOKED: lambda _: "An invitation was revoked.",
    Event.RESET_ASKED: lambda _: "A password reset link was requested.",
    Event.RESET_DONE: lambda _: "Your password was reset with a link.",
    Event.RESET_STOPPED: lambda _: "A password reset link was cancelled from the mail.",
    Event.LOGIN_DISOWNED: lambda _: (
        "A login was reported as not yours: all sessions and tokens were ended and your password was locked."
    ),
    Event.MAIL_RETRIED: lambda _: "A mail was retried.",
    Event.SESSION_STARTED: lambda d: f"You logged in with your {ways_in_words(d.get('amr'))}.",
    Event.SESSION_REFUSED: lambda d: (
        "A passkey for your account was refused."
        if d.get("by") == "passkey"
        else "Somebody entered a wrong password for your account."
    ),
    Event.SESSION_CONFIRMED: lambda _: "You confirmed it's you.",
    Event.SESSION_ENDED: lambda _: "A session was ended.",
    Event.LOGIN_FROZEN: lambda d: (
        f"{d.get('failed') or 'Too many'} wrong passwords in a row were entered for your account. "
        "Logins from unknown browsers are locked."
    ),
    Event.LOGIN_OPENED: lambda _: "Your login was unlocked.",
    Event.LOGIN_THROTTLED: lambda d: (
        f"Too many wrong {'codes' if str(d.get('limit')).startswith('code-') else 'passwords'} were typed for you; "
        "more were not looked at."
    ),
    Event.CODE_REFUSED: lambda _: "Somebody who knows your password entered a wrong code.",
    Event.FACTOR_ADDED: lambda d: f"{FACTORS.get(str(d.get('kind')), 'A factor')} was added{called_clause(d)}.",
    Event.FACTOR_RENAMED: lambda d: f"Your passkey {d.get('former')} was renamed to {d.get('name')}.",
    Event.FACTOR_REMOVED: lambda d: f"{FACTORS.get(str(d.get('kind')), 'A factor')} was removed{called_clause(d)}.",
    Event.RECOVERY_CODES_MADE: lambda _: "New recovery codes were created. The old ones no longer work.",
    Event.RECOVERY_CODE_USED: lambda d: f"A recovery code was used; {d.get('left')} are left.",
    Event.PASSKEY_BEHIND: lambda d: (
        f"The passkey {d.get('name')} may have been copied (its signature counter went back) and was refused."
    ),
    Event.PASSWORD_REMOVED: lambda _: "Your password was removed. You log in with your passkeys.",
    Event.BROWSER_TRUSTED: lambda _: "A browser was trusted. It skips the second factor.",
    Event.BROWSER_DISTRUSTED: lambda _: "A browser is no longer trusted.",
    Event.FACTORS_RESET_ASKED: lambda d: f"A reset of your second factors was started. Reason: “{d.get('reason')}”.",
    Event.FACTORS_RESET_STOPPED: lambda _: "The reset of your second factors was stopped.",
    Event.FACTORS_RESET: lambda _: "Your second factors were removed and all sessions ended.",
    Event.TOKEN_MINTED: lambda d: (
        "A script logged in as you." if d.get("origin") == "api" else f"{token_subject(d)} was created{how(d)}."
    ),
    Event.TOKEN_EDITED: lambda d: (
        f"{token_subject(d)} was {'given more permissions' if d.get('widened') else 'changed'}."
    ),
    Event.TOKEN_ROTATED: lambda d: (
        f"{token_subject(d)} was rotated{' by itself' if d.get('origin') == 'self' else ''}."
    ),
    Event.TOKEN_FIRST_USED: lambda d: f"{token_subject(d)} was used for the first time.",
    Event.TOKEN_REVOKED: lambda d: f"{token_subject(d)} was revoked.",
    Event.TOKEN_EXCHANGED: lambda d: (
        f"{token_subject(d)} was exchanged for a token for {d.get('audience') or 'another service'}."
    ),
    Event.EXCHANGED_TOKEN_REVOKED: lambda d: (
        f"{token_subject(d)} was exchanged for a token for {d.get('audience') or 'another service'}, which was revoked."
    ),
    Event.REFRESH_USED: lambda _: "A script refreshed its login.",
    Event.REFRESH_REUSED: lambda _: (
        "A refresh token was used twice. The script was logged out and its tokens were revoked."
    ),
    Event.REFRESH_REFUSED: lambda d: f"A script could not refresh its login: {in_words(d.get('reason'))}.",
    Event.REFRESH_ENDED: lambda _: "A script was logged out.",
    Event.ACCESS_REFUSED: lambda d: (
        f"{d.get('name') or 'A request'} was refused at {d.get('route')}: {in_words(d.get('code'))}{by_bound(d)}."
    ),
    Event.USER_DELETED: lambda d: f"The account {d.get('username') or 'of somebody'} was deleted.",
    Event.USER_FORGOTTEN: lambda _: "A closed account was deleted.",
    Event.ROLE_MADE: lambda d: f"The role {in_words(d.get('role'))} was created.",
    Event.ROLE_EDITED: lambda d: f"The role {in_words(d.get('role'))} was changed.",
    Event.ROLE_REMOVED: lambda d: f"The role {in_words(d.get('role'))} was removed.",
    Event.AUDIT_RETIRED: lambda _: "Old audit log entries were moved to an archive file.",
    Event.KEY_ROTATED: lambda _: "A new signing key for tokens was created.",
    Event.KEY_RETIRED: lambda _: "An old signing key was retired.",
    Event.EMERGENCY_DECLARED: lambda _: "Emergency logout: all sessions and tokens of all users were ended.",
    Event.LIMITS_RESET: lambda _: "Rate limits were reset.",
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
            return " by rotating another"
        case "page" if details.get("amr"):
            return f" on the API tokens page, after a login with {ways_in_words(details['amr'])}"
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
