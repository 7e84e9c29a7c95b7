"""Sentences for events of logins and second factors."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Details, Entries, Sentence
from webapp.core.translation import _l, _n


def session_refused(details: Details) -> Sentence:
    is_known = details.raw("is_known") is not False
    if details.raw("by") == "passkey":
        return Sentence(_l("A passkey for your account was refused."), _l("A passkey for %(user)s was refused."))
    return Sentence(
        _l("Somebody entered a wrong password for your account."),
        _l("A wrong password was entered for %(user)s.")
        if is_known
        else _l("A wrong password was entered for an unknown user name."),
    )


def throttled(details: Details) -> Sentence:
    if str(details.raw("limit")).startswith("code-"):
        return Sentence(
            _l("Too many wrong codes for your account; further attempts are blocked for a while."),
            _l("Too many wrong codes for %(user)s; further attempts are blocked for a while."),
        )
    return Sentence(
        _l("Too many wrong passwords for your account; further attempts are blocked for a while."),
        _l("Too many wrong passwords for %(user)s; further attempts are blocked for a while."),
    )


def locked(details: Details) -> Sentence:
    failed = details.number("failed")
    return Sentence(
        _n(
            "%(num)s wrong password was entered for your account. Logins from unknown browsers are locked.",
            "%(num)s wrong passwords in a row were entered for your account. Logins from unknown browsers are locked.",
            failed,
        ),
        _n(
            "%(num)s wrong password for %(user)s; logins from unknown browsers are locked.",
            "%(num)s wrong passwords in a row for %(user)s; logins from unknown browsers are locked.",
            failed,
            user="%(user)s",
        ),
    )


def recovery_code_used(details: Details) -> Sentence:
    left = details.number("left")
    return Sentence(
        _n("A recovery code was used; %(num)s is left.", "A recovery code was used; %(num)s are left.", left),
        _n(
            "%(user)s used a recovery code; %(num)s is left.",
            "%(user)s used a recovery code; %(num)s are left.",
            left,
            user="%(user)s",
        ),
    )


SESSION_ENDS = {
    "owner": Sentence(
        _l("You ended a session: %(session)s."), _l("%(user)s ended one of their sessions: %(session)s.")
    ),
    "logout": Sentence(_l("You logged out: %(session)s."), _l("%(user)s logged out: %(session)s.")),
    "login": Sentence(
        _l("A new login in the same browser replaced a session: %(session)s."),
        _l("A new login in the same browser replaced a session of %(user)s: %(session)s."),
    ),
    "admin": Sentence(
        _l("An administrator ended a session: %(session)s."),
        _l("A session of %(user)s was ended: %(session)s."),
        _l("%(actor)s ended a session of %(user)s: %(session)s."),
    ),
    "operator": Sentence(
        _l("An administrator ended a session: %(session)s."), _l("A session of %(user)s was ended: %(session)s.")
    ),
    "provider": Sentence(
        _l("A logout at %(reason)s ended a session: %(session)s."),
        _l("A logout at %(reason)s ended a session of %(user)s: %(session)s."),
    ),
}
# For events that record neither the session nor how it ended.
A_SESSION_ENDED = Sentence(
    _l("A session was ended."),
    _l("A session of %(user)s was ended."),
    _l("A session of %(user)s was ended by %(actor)s."),
)


def session_ended(details: Details) -> Sentence:
    return SESSION_ENDS.get(str(details.raw("way")), A_SESSION_ENDED)


LOGINS: Entries = {
    Event.SESSION_STARTED: Sentence(
        _l("You logged in with your %(amr)s."), _l("%(user)s logged in with their %(amr)s.")
    ),
    Event.SESSION_REFUSED: session_refused,
    Event.SESSION_CONFIRMED: Sentence(
        _l("You confirmed it's you."), _l("%(user)s confirmed it's them with their %(amr)s.")
    ),
    Event.SESSION_ENDED: session_ended,
    Event.SESSION_REUSED: Sentence(
        _l("A copy of a session cookie was used, so the session was ended."),
        _l("A copy of a session cookie of %(user)s was used, so the session was ended."),
    ),
    Event.LOGIN_THROTTLED: throttled,
    Event.LOGIN_LOCKED: locked,
    Event.LOGIN_UNLOCKED: Sentence(
        _l("Your login was unlocked."),
        _l("The login of %(user)s was unlocked."),
        _l("The login of %(user)s was unlocked by %(actor)s."),
    ),
    Event.LOGIN_DISOWNED: Sentence(
        _l(
            "A login was reported as not yours: all sessions were ended, all tokens were revoked and your "
            "password was locked."
        ),
        _l(
            "%(user)s reported a login that wasn't theirs: "
            "all sessions were ended, all tokens were revoked and the password was locked."
        ),
    ),
    Event.CODE_REFUSED: Sentence(
        _l("Somebody who knows your password entered a wrong code."),
        _l("Somebody who knows the password of %(user)s entered a wrong code."),
    ),
    Event.FACTOR_ADDED: Sentence(_l("%(factor)s was added."), _l("%(factor)s was added by %(user)s.")),
    Event.FACTOR_RENAMED: Sentence(
        _l("Your passkey %(former)s was renamed to %(name)s."), _l("%(user)s renamed a passkey.")
    ),
    Event.FACTOR_REMOVED: Sentence(_l("%(factor)s was removed."), _l("%(factor)s was removed by %(user)s.")),
    Event.RECOVERY_CODES_MADE: Sentence(
        _l("New recovery codes were created. The old ones no longer work."), _l("%(user)s created new recovery codes.")
    ),
    Event.RECOVERY_CODE_USED: recovery_code_used,
    Event.PASSKEY_COPIED: Sentence(
        _l("The passkey %(name)s may have been copied (its signature counter went back) and was refused."),
        _l("The passkey %(name)s of %(user)s may have been copied (its signature counter went back) and was refused."),
    ),
    Event.BROWSER_TRUSTED: Sentence(
        _l("A browser was trusted. It skips the second factor."),
        _l("A browser of %(user)s is now trusted and skips the second factor."),
    ),
    Event.BROWSER_DISTRUSTED: Sentence(
        _l("A browser is no longer trusted."), _l("A browser of %(user)s is no longer trusted.")
    ),
    Event.FACTORS_RESET_ASKED: Sentence(
        _l("A reset of your second factors was started. Reason: “%(reason)s”."),
        _l("A reset of the second factors of %(user)s was started."),
        _l("A reset of the second factors of %(user)s was started by %(actor)s."),
    ),
    Event.FACTORS_RESET_STOPPED: Sentence(
        _l("The reset of your second factors was stopped."),
        _l("The reset of the second factors of %(user)s was stopped."),
    ),
    Event.FACTORS_RESET: Sentence(
        _l("Your second factors were removed and all sessions ended."),
        _l("The second factors of %(user)s were removed; all sessions ended."),
    ),
}
