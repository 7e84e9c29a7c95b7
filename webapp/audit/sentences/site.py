"""Sentences for events of the whole site."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Details, Entries, Sentence
from webapp.core.translation import _l, _n


def archived(details: Details) -> Sentence:
    return Sentence(
        _n(
            "%(num)s event moved to the archive %(file)s, up to event %(last)s.",
            "%(num)s events moved to the archive %(file)s, up to event %(last)s.",
            details.number("events"),
            file="%(file)s",
            last="%(last)s",
        )
    )


def limits_reset(details: Details) -> Sentence:
    if details.raw("prefix"):
        return Sentence(_l("Rate limits of %(prefix)s were reset."))
    return Sentence(_l("Rate limits were reset."))


def imported(details: Details) -> Sentence:
    return Sentence(
        _n(
            "%(num)s user was imported from %(file)s.",
            "%(num)s users were imported from %(file)s.",
            details.number("users"),
            file="%(file)s",
        )
    )


def exported(details: Details) -> Sentence:
    if details.raw("with_secrets"):
        return Sentence(_l("All users were exported to %(file)s, with password hashes and authenticator app seeds."))
    return Sentence(_l("All users were exported to %(file)s, without secrets."))


def page_opened(details: Details) -> Sentence:
    if details.raw("credential") == "token":
        return Sentence(_l("You opened %(page)s with a token."), _l("%(user)s opened %(page)s with a token."))
    return Sentence(_l("You opened %(page)s."), _l("%(user)s opened %(page)s."))


SITE: Entries = {
    Event.SITE_OPENED: Sentence(_l("This site was set up."), _l("%(user)s set up this site.")),
    Event.SITE_BACKED_UP: Sentence(_l("The database was backed up.")),
    Event.PROXY_IGNORED: Sentence(_l("Forwarded headers from %(peer)s were ignored: it is not a trusted proxy.")),
    Event.DATABASE_RESTORED: Sentence(_l("The database was restored from a backup; ended: %(ended)s.")),
    Event.USERS_IMPORTED: imported,
    Event.USERS_EXPORTED: exported,
    Event.MAIL_RETRIED: Sentence(
        _l("The mail to %(to)s was retried."), by=_l("The mail to %(to)s was retried by %(actor)s.")
    ),
    Event.AUDIT_RETIRED: archived,
    Event.KEY_ROTATED: Sentence(_l("A new signing key for tokens was created.")),
    Event.KEY_RETIRED: Sentence(_l("The signing key %(retired)s was retired.")),
    Event.SECRET_KEY_CHANGED: Sentence(_l("Stored secrets were encrypted again with the current secret key.")),
    Event.SECRET_KEY_REPLACED: Sentence(_l("The secret key was lost and replaced: ended %(ended)s.")),
    Event.EMERGENCY_DECLARED: Sentence(_l("Emergency logout: ended %(ended)s.")),
    Event.LIMITS_RESET: limits_reset,
    Event.PAGE_OPENED: page_opened,
}
