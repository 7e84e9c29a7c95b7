"""Sentences for events of apps behind a reverse proxy."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Entries, Sentence
from webapp.core.translation import _l

PROXIED_APPS: Entries = {
    Event.PROXIED_APP_OPENED: Sentence(_l("You opened %(app)s."), _l("%(user)s opened %(app)s.")),
}
