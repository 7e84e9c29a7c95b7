"""Sentences for audit events: one entry per event, with wording for the user and for admins."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec

from webapp.audit.log import REFUSALS, current_name
from webapp.audit.models import AuditEvent
from webapp.audit.sentences.accounts import ACCOUNTS
from webapp.audit.sentences.apps import APPS
from webapp.audit.sentences.declared import DECLARED
from webapp.audit.sentences.logins import LOGINS
from webapp.audit.sentences.providers import PROVIDERS
from webapp.audit.sentences.proxied_apps import PROXIED_APPS
from webapp.audit.sentences.site import SITE
from webapp.audit.sentences.tokens import TOKENS
from webapp.audit.sentences.wording import NAMES, Details, Entries, Sentence
from webapp.core.translation import _

SENTENCES: Entries = {**ACCOUNTS, **APPS, **LOGINS, **PROVIDERS, **PROXIED_APPS, **TOKENS, **SITE}


class UserReference(Enum):
    """Placeholder for a user name, which a page shows as a link."""

    USER = "user"
    ACTOR = "actor"


Part = str | UserReference


class AuditSentence(msgspec.Struct, frozen=True):
    """An event as its user reads it."""

    at: datetime
    event: str
    sentence: str
    detail: str | None
    is_refusal: bool


def sentence_of(event: AuditEvent, names: Mapping[UUID, str] | None = None) -> AuditSentence:
    """The sentence of an event for the user it concerns.

    Args:
        names: names of tokens by credential id, for events that do not contain them.
    """
    kind = current_name(event.event)
    name = (names or {}).get(event.credential_id) if event.credential_id else None
    details = Details(({"name": name} if name else {}) | event.details)
    sentence = found(kind, details)
    origin = _("from %(ip_address)s", ip_address=event.address) if event.address else None
    return AuditSentence(event.at, kind, str(sentence.you) % details if sentence else kind, origin, kind in REFUSALS)


def parts(event: str, details: Details, *, has_actor: bool) -> list[Part]:
    """The sentence of an event for admins, split at user names; for an unknown event its name."""
    sentence = found(event, details)
    if sentence is None:
        return [event]
    template = str(sentence.they or sentence.you)
    if has_actor:
        actor = _("Done by %(actor)s.", actor="%(actor)s")
        template = str(sentence.by or f"{template} {actor}")
    # ``split`` puts the names at odd positions.
    cut = [UserReference(part) if place % 2 else part % details for place, part in enumerate(NAMES.split(template))]
    return [part for part in cut if part]


def found(event: str, details: Details) -> Sentence | None:
    entry = SENTENCES.get(current_name(event)) or DECLARED.get(event)
    return entry(details) if callable(entry) else entry
