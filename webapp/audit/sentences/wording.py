"""Sentence: the wordings of an event. Details: the words for its placeholders."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.core.humanize import humanize, methods_in_words, minute
from webapp.core.translation import _, _l, _n

NAMES = re.compile(r"%\((user|actor)\)s")
VARIABLE = re.compile(r"<(?:[^<>]*:)?([a-zA-Z_][a-zA-Z0-9_]*)>")
"""A variable of a URL rule, such as ``<int:number>``."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The wordings of an event; ``%(user)s`` and ``%(actor)s`` stand for names, which pages show as links."""

    you: str
    """For the user it concerns."""
    they: str | None = None
    """For admins; None if it is the same."""
    by: str | None = None
    """For admins, if somebody else did it to the user, such as another admin."""


class Details:
    """Words for the placeholders of a sentence.

    It records which details of the event were used, because a page shows the others beside the sentence.
    """

    def __init__(self, details: Mapping[str, Any]) -> None:
        self._details = details
        self.used: set[str] = set()

    def raw(self, name: str) -> Any:
        self.used.add(name)
        if name == "email" and name not in self._details:
            # Its name in events of former versions.
            return self.raw("address")
        return self._details.get(name)

    def number(self, name: str) -> int:
        return int(self.raw(name) or 0)

    def __getitem__(self, name: str) -> str:
        if name in FORMATTERS:
            return FORMATTERS[name](self)
        value = self.raw(name)
        return _("unknown") if value is None else str(value)


Entries = Mapping[str, Sentence | Callable[[Details], Sentence]]
"""For each event its sentence, or a function that chooses one by the details."""
CODES = {
    "anonymous_required": _l("only when logged out"),
    "credentials_invalid": _l("credentials invalid"),
    "csrf_failed": _l("form expired"),
    "mfa_required": _l("second factor required"),
    "owner_required": _l("owner required"),
    "refresh_invalid": _l("refresh token invalid"),
    "refresh_reused": _l("refresh token used twice"),
    "role_required": _l("role required"),
    "scope_required": _l("scope required"),
    "session_ended": _l("session ended"),
    "step_up_required": _l("confirmation required"),
    "throttled": _l("too many requests"),
    "token_expired": _l("token expired"),
    "token_invalid": _l("token invalid"),
    "token_limited": _l("token limited"),
    "token_missing": _l("token missing"),
    "token_revoked": _l("token revoked"),
    "undeclared": _l("page without an access rule"),
}
"""Problem codes in words."""
BOUNDS = {
    "network": _l("not allowed by the token's limit on networks"),
    "method": _l("not allowed by the token's limit on methods"),
    "resource": _l("not allowed by the token's limit on paths"),
    "rate": _l("over the token's limit of requests per minute"),
}
REFRESH_REASONS = {
    "its key was not proven": _l("its key was not proven"),
    "the login has ended": _l("the login has ended"),
    "its owner may not log in": _l("its owner may not log in"),
    "another request used it first": _l("another request used it first"),
}
COUNTS: dict[str, Callable[[int], str]] = {
    "session": lambda count: _n("%(num)s session", "%(num)s sessions", count),
    "token": lambda count: _n("%(num)s token", "%(num)s tokens", count),
    "refresh": lambda count: _n("%(num)s script login", "%(num)s script logins", count),
    "trust": lambda count: _n("%(num)s trusted browser", "%(num)s trusted browsers", count),
    "pending": lambda count: _n("%(num)s pending login", "%(num)s pending logins", count),
    "link": lambda count: _n("%(num)s mailed link", "%(num)s mailed links", count),
    "invitation": lambda count: _n("%(num)s invitation", "%(num)s invitations", count),
    "factor reset": lambda count: _n("%(num)s reset of second factors", "%(num)s resets of second factors", count),
    "waiting mail": lambda count: _n("%(num)s waiting mail", "%(num)s waiting mails", count),
    "app login": lambda count: _n("%(num)s login to an app", "%(num)s logins to apps", count),
    "registration token": lambda count: _n("%(num)s registration token", "%(num)s registration tokens", count),
}


def refusal(details: Details) -> str:
    """The problem code in words, and which restriction of a token refused."""
    code, bound = details.raw("code"), details.raw("bound")
    return str(BOUNDS.get(bound) or CODES.get(code) or humanize(code or _("unknown")))


def ended(details: Details) -> str:
    counts = details.raw("ended") or {}
    return ", ".join(COUNTS[kind](n) if kind in COUNTS else f"{n} {kind}" for kind, n in counts.items()) or _("nothing")


def factor(details: Details) -> str:
    kind, name = details.raw("kind"), details.raw("name")
    if kind == "passkey":
        return _("A passkey called %(name)s", name=name) if name else _("A passkey")
    return _("An authenticator app") if kind == "totp" else _("A factor")


def token(details: Details) -> str:
    name = details.raw("name")
    return _("The token %(name)s", name=name) if name else _("A token")


def refresh_reason(details: Details) -> str:
    reason = details.raw("reason") or _("unknown")
    return str(REFRESH_REASONS.get(reason, humanize(reason)))


def opened_page(details: Details) -> str:
    """Method and path of a request, such as "GET /reports/7"; without its values, the URL rule."""
    method, rule, arguments = (details.raw(name) for name in ("method", "route", "arguments"))
    values: Mapping[str, object] = arguments or {}
    path = VARIABLE.sub(lambda found: str(values.get(found[1], found[0])), str(rule or _("a page")))
    return f"{method} {path}" if method else path


def session(details: Details) -> str:
    """Such as "Firefox on Linux, since 14 March 2027, 12:00 UTC"."""
    browser, system, started_at = (details.raw(name) for name in ("browser", "system", "started_at"))
    name = browser or _("A browser")
    name = _("%(browser)s on %(system)s", browser=name, system=system) if system else name
    if not started_at:
        return str(name)
    return _("%(browser)s, since %(when)s", browser=name, when=minute(datetime.fromisoformat(started_at)))


def granted_until(details: Details) -> str:
    until = details.raw("until")
    return minute(datetime.fromisoformat(until)) if until else _("unknown")


FORMATTERS: dict[str, Callable[[Details], str]] = {
    "amr": lambda details: methods_in_words(details.raw("amr") or "pwd"),
    "audience": lambda details: details.raw("audience") or _("another service"),
    "code": refusal,
    "ended": ended,
    "factor": factor,
    "granted_until": granted_until,
    "former_role": lambda details: humanize(details.raw("former") or _("unknown")),
    "page": opened_page,
    "logins": lambda details: ", ".join(COUNTS[kind](details.number(f"{kind}s")) for kind in ("session", "token")),
    "owner_role": lambda details: humanize(details.raw("owner_role") or _("unknown")),
    "refresh_reason": refresh_reason,
    "role": lambda details: humanize(details.raw("role") or _("unknown")),
    "scopes": lambda details: ", ".join(details.raw("scopes") or []) or _("none"),
    "session": session,
    "token": token,
}
"""Functions for placeholders that are not shown as they are stored."""
