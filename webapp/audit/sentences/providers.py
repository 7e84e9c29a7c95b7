"""Sentences for events of identity providers."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Details, Entries, Sentence
from webapp.core.translation import _l, _n


def removed(details: Details) -> Sentence:
    users = details.number("users")
    if not users:
        return Sentence(_l("The identity provider %(name)s was removed."))
    return Sentence(
        _n(
            "The identity provider %(name)s was removed. %(num)s user can no longer log in with it.",
            "The identity provider %(name)s was removed. %(num)s users can no longer log in with it.",
            users,
            name="%(name)s",
        )
    )


PROVIDERS: Entries = {
    Event.PROVIDER_MADE: Sentence(_l("The identity provider %(name)s was added: %(issuer)s.")),
    Event.PROVIDER_EDITED: Sentence(_l("The identity provider %(name)s was changed.")),
    Event.PROVIDER_DISABLED: Sentence(_l("The identity provider %(name)s was disabled.")),
    Event.PROVIDER_ENABLED: Sentence(_l("The identity provider %(name)s was enabled.")),
    Event.PROVIDER_REMOVED: removed,
}
