"""Sentences for events of apps behind a reverse proxy."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Details, Entries, Sentence
from webapp.core.translation import _l


def granted(details: Details) -> Sentence:
    if details.raw("until"):
        return Sentence(
            _l("You were granted access to %(app)s until %(granted_until)s."),
            _l("%(user)s was granted access to %(app)s until %(granted_until)s."),
            _l("%(actor)s granted %(user)s access to %(app)s until %(granted_until)s."),
        )
    return Sentence(
        _l("You were granted access to %(app)s."),
        _l("%(user)s was granted access to %(app)s."),
        _l("%(actor)s granted %(user)s access to %(app)s."),
    )


PROXIED_APPS: Entries = {
    Event.APP_ACCESS_REQUESTED: Sentence(
        _l("You asked for access to %(app)s (%(reason)s)."), _l("%(user)s asked for access to %(app)s (%(reason)s).")
    ),
    Event.APP_ACCESS_GRANTED: granted,
    Event.APP_ACCESS_DECLINED: Sentence(
        _l("Your request for access to %(app)s was declined."),
        _l("The request of %(user)s for access to %(app)s was declined."),
        _l("%(actor)s declined the request of %(user)s for access to %(app)s."),
    ),
    Event.APP_ACCESS_ENDED: Sentence(
        _l("Your access to %(app)s was ended early."),
        _l("The access of %(user)s to %(app)s was ended early."),
        _l("%(actor)s ended the access of %(user)s to %(app)s early."),
    ),
    Event.PROXIED_APP_MADE: Sentence(_l("The proxied app %(name)s was added.")),
    Event.PROXIED_APP_EDITED: Sentence(_l("The access rules or settings of the app %(name)s were changed.")),
    Event.PROXIED_APP_DISABLED: Sentence(_l("The app %(name)s was disabled.")),
    Event.PROXIED_APP_ENABLED: Sentence(_l("The app %(name)s was enabled.")),
    Event.PROXIED_APP_REMOVED: Sentence(_l("The proxied app %(name)s was removed.")),
    Event.GUEST_LINK_MADE: Sentence(
        _l("You created a guest link for %(path)s of %(app)s until %(granted_until)s (%(note)s)."),
        _l("%(user)s created a guest link for %(path)s of %(app)s until %(granted_until)s (%(note)s)."),
    ),
    Event.GUEST_LINK_OPENED: Sentence(
        _l("Your guest link for %(path)s of %(app)s was opened (%(note)s)."),
        _l("A guest link of %(user)s for %(path)s of %(app)s was opened (%(note)s)."),
    ),
    Event.GUEST_LINK_REVOKED: Sentence(
        _l("Your guest link for %(path)s of %(app)s was revoked (%(note)s)."),
        _l("A guest link of %(user)s for %(path)s of %(app)s was revoked (%(note)s)."),
        _l("%(actor)s revoked a guest link of %(user)s for %(path)s of %(app)s (%(note)s)."),
    ),
    Event.PROXIED_APP_CLOSED: Sentence(
        _l("You logged a device out of %(app)s."), _l("%(user)s logged a device out of %(app)s.")
    ),
    Event.PROXIED_APP_OPENED: Sentence(_l("You opened %(app)s."), _l("%(user)s opened %(app)s.")),
}
