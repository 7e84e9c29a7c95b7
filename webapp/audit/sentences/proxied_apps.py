"""Sentences for events of apps behind a reverse proxy."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Entries, Sentence
from webapp.core.translation import _l

PROXIED_APPS: Entries = {
    Event.PROXIED_APP_MADE: Sentence(_l("The app %(name)s was put behind the login.")),
    Event.PROXIED_APP_EDITED: Sentence(_l("The access rules or settings of the app %(name)s were changed.")),
    Event.PROXIED_APP_DISABLED: Sentence(_l("The app %(name)s was disabled.")),
    Event.PROXIED_APP_ENABLED: Sentence(_l("The app %(name)s was enabled.")),
    Event.PROXIED_APP_REMOVED: Sentence(_l("The app %(name)s was removed from behind the login.")),
    Event.PROXIED_APP_OPENED: Sentence(_l("You opened %(app)s."), _l("%(user)s opened %(app)s.")),
}
