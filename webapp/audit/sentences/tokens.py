"""Sentences for events of tokens and script logins."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Details, Entries, Sentence
from webapp.core.translation import _l


def created(details: Details) -> Sentence:
    """How it was created, and how the user had authenticated."""
    match details.raw("origin"):
        case "api":
            return Sentence(_l("A script logged in as you."), _l("A script logged in as %(user)s."))
        case "rotation":
            return Sentence(
                _l("%(token)s was created by rotating another."),
                _l("%(token)s of %(user)s was created by rotating another."),
            )
        case "page" if details.raw("amr"):
            return Sentence(
                _l("%(token)s was created on the API tokens page, after a login with %(amr)s."),
                _l("%(token)s of %(user)s was created on the API tokens page, after a login with %(amr)s."),
                _l("%(token)s of %(user)s was created by %(actor)s, after a login with %(amr)s."),
            )
        case "cli":
            return Sentence(
                _l("%(token)s was created on the command line."),
                _l("%(token)s of %(user)s was created on the command line."),
            )
        case _:
            return Sentence(_l("%(token)s was created."), _l("%(token)s of %(user)s was created."))


def edited(details: Details) -> Sentence:
    if details.raw("widened"):
        return Sentence(
            _l("%(token)s was given more permissions."), _l("%(token)s of %(user)s was given more permissions.")
        )
    return Sentence(_l("%(token)s was changed."), _l("%(token)s of %(user)s was changed."))


def rotated(details: Details) -> Sentence:
    if details.raw("again"):
        return Sentence(
            _l("%(token)s repeated its rotation and got the same new token."),
            _l("%(token)s of %(user)s repeated its rotation and got the same new token."),
        )
    if details.raw("origin") == "self":
        return Sentence(_l("%(token)s was rotated by itself."), _l("%(token)s of %(user)s was rotated by itself."))
    return Sentence(_l("%(token)s was rotated."), _l("%(token)s of %(user)s was rotated."))


def access_refused(details: Details) -> Sentence:
    return Sentence(
        _l("%(name)s was refused at %(route)s: %(code)s.")
        if details.raw("name")
        else _l("A request was refused at %(route)s: %(code)s."),
        _l("%(user)s was refused at %(route)s: %(code)s."),
    )


def revoked(details: Details) -> Sentence:
    by_admin = details.raw("origin") == "admin"
    return Sentence(
        _l("%(token)s was revoked by an administrator.") if by_admin else _l("%(token)s was revoked."),
        _l("%(token)s of %(user)s was revoked."),
        _l("%(token)s of %(user)s was revoked by %(actor)s."),
    )


def script_logged_out(details: Details) -> Sentence:
    by_admin = details.raw("origin") == "admin"
    return Sentence(
        _l("A script was logged out by an administrator.") if by_admin else _l("A script was logged out."),
        _l("A script of %(user)s was logged out."),
        _l("A script of %(user)s was logged out by %(actor)s."),
    )


TOKENS: Entries = {
    Event.TOKEN_MINTED: created,
    Event.TOKEN_EDITED: edited,
    Event.TOKEN_ROTATED: rotated,
    Event.TOKEN_FIRST_USED: Sentence(
        _l("%(token)s was used for the first time."), _l("%(token)s of %(user)s was used for the first time.")
    ),
    Event.TOKEN_REVOKED: revoked,
    Event.TOKEN_EXCHANGED: Sentence(
        _l("%(token)s was exchanged for a token for %(audience)s."),
        _l("%(token)s of %(user)s was exchanged for a token for %(audience)s."),
    ),
    Event.EXCHANGED_TOKEN_REVOKED: Sentence(
        _l("%(token)s was exchanged for a token for %(audience)s, which was revoked."),
        _l("%(token)s of %(user)s was exchanged for a token for %(audience)s, which was revoked."),
    ),
    Event.REFRESH_USED: Sentence(_l("A script refreshed its login."), _l("A script of %(user)s refreshed its login.")),
    Event.REFRESH_REUSED: Sentence(
        _l("A refresh token was used twice. The script was logged out and its tokens were revoked."),
        _l("A refresh token of %(user)s was used twice: the script was logged out and its tokens were revoked."),
    ),
    Event.REFRESH_REFUSED: Sentence(
        _l("A script could not refresh its login: %(refresh_reason)s."),
        _l("A script of %(user)s could not refresh its login: %(refresh_reason)s."),
    ),
    Event.REFRESH_ENDED: script_logged_out,
    Event.ACCESS_REFUSED: access_refused,
}
