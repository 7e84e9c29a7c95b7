"""Events in sentences, addressed to the person they happened to."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from webapp.audit.log import Event
from webapp.audit.models import AuditEvent


class Happening(msgspec.Struct, frozen=True):
    """One event as people read it."""

    at: datetime
    event: str
    sentence: str
    detail: str | None
    is_refusal: bool


Details = dict[str, object]

METHODS = {"pwd": "password", "setup": "setup link"}

SENTENCES: dict[Event, Callable[[Details], str]] = {
    Event.HOUSE_OPENED: lambda _: "This house was opened.",
    Event.USER_MADE: lambda d: f"Your account was made, with the role {d.get('role')}.",
    Event.USER_DISABLED: lambda _: "Your account was disabled.",
    Event.USER_ENABLED: lambda _: "Your account was enabled again.",
    Event.ROLE_CHANGED: lambda d: f"Your role changed from {d.get('former')} to {d.get('role')}.",
    Event.PASSWORD_CHANGED: lambda _: "Your password was changed.",
    Event.SESSION_STARTED: lambda d: f"You logged in with your {METHODS.get(str(d.get('amr')), d.get('amr'))}.",
    Event.SESSION_REFUSED: lambda _: "Somebody typed a wrong password for you.",
    Event.SESSION_CONFIRMED: lambda _: "You confirmed that it is you.",
    Event.SESSION_ENDED: lambda _: "A session was ended.",
    Event.LOGIN_THROTTLED: lambda _: "Too many wrong passwords were typed for you; more were not looked at.",
    Event.TOKEN_MINTED: lambda d: f"You made the token {d.get('name')}.",
    Event.TOKEN_FIRST_USED: lambda _: "A token was used for the first time.",
    Event.TOKEN_REVOKED: lambda d: f"The token {d['name']} was revoked." if d.get("name") else "A token was revoked.",
    Event.ACCESS_REFUSED: lambda d: f"Refused at {d.get('route')}: {str(d.get('code')).replace('_', ' ')}.",
}
REFUSALS = {Event.SESSION_REFUSED, Event.LOGIN_THROTTLED, Event.ACCESS_REFUSED}


def told(event: AuditEvent) -> Happening:
    kind = Event(event.event)
    sentence = SENTENCES[kind](event.details) if kind in SENTENCES else event.event
    origin = f"from {event.address}" if event.address else None
    return Happening(event.at, event.event, sentence, origin, kind in REFUSALS)
