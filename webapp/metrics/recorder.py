"""Recorder: the metrics that a process counts itself.

Every label has few values: patterns of routes, codes, names from this program. What a client sends is never a label.
"""

import math
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from webapp.audit.log import Event
from webapp.audit.models import AuditEvent
from webapp.core.clock import now
from webapp.core.ratelimit import Limit
from webapp.web.request_observer import RequestRecord

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER, NO_ROUTE = "other", "none"
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, math.inf)
TRANSACTIONS = (0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, math.inf)
# Limits of how often something is written to the audit log: no request is refused by them.
SILENT = "noted"
WAYS = frozenset({"pwd", "otp", "hwk", "swk", "mfa", "recovery", "fed", "user", "cli"})
"""Words of ``amr`` that this site writes itself."""
REFUSED_LOGINS: dict[str, str] = {
    Event.SESSION_REFUSED: "refused",
    Event.CODE_REFUSED: "code refused",
    Event.PASSKEY_COPIED: "passkey refused",
    Event.LOGIN_THROTTLED: "throttled",
    Event.LOGIN_LOCKED: "locked",
    Event.LOGIN_DISOWNED: "disavowed",
}
ENDING = frozenset(
    {
        *(Event.SESSION_ENDED, Event.TOKEN_REVOKED, Event.EVERYTHING_ENDED, Event.USER_DISABLED, Event.USER_DELETED),
        *(Event.REFRESH_ENDED, Event.APP_ENDED, Event.EXCHANGED_TOKEN_REVOKED, Event.LOGIN_DISOWNED),
        *(Event.USER_CLOSED, Event.CLIENT_DISABLED, Event.CLIENT_REMOVED),
    }
)


class Recorder:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Histogram(
            "latchkey_request_duration_seconds",
            "Requests and their duration until the response is ready, by method, pattern of the route and status.",
            ["method", "route", "status"],
            buckets=LATENCIES,
            registry=registry,
        )
        self.decisions = Counter(
            "latchkey_guard_decisions", "Decisions of the guard: allowed, or why not.", ["code"], registry=registry
        )
        self.lookups = Histogram(
            "latchkey_credential_lookup_seconds",
            "Time to read one row directly, such as the credential of a request.",
            buckets=TRANSACTIONS,
            registry=registry,
        )
        self.transactions = Histogram(
            "latchkey_database_transaction_seconds",
            "Time that a database transaction was open, with its commit.",
            ["kind"],
            buckets=TRANSACTIONS,
            registry=registry,
        )
        self.limits = Counter(
            "latchkey_limits_hit", "Requests that were over a rate limit.", ["limit"], registry=registry
        )
        self.events = Counter("latchkey_audit_events", "Events of the audit log.", ["event"], registry=registry)
        self.logins = Counter(
            "latchkey_logins", "Logins in browsers, by result and way (amr).", ["result", "way"], registry=registry
        )
        self.ended = Histogram(
            "latchkey_revocation_delay_seconds",
            "From the end of a session, token or account until its commit, from when on every process refuses it.",
            buckets=TRANSACTIONS,
            registry=registry,
        )
        self.hashing = Gauge(
            "latchkey_hashing_places_taken",
            "Passwords that are hashed or wait for it.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.hashing_refused = Counter(
            "latchkey_hashing_refused", "Requests refused because all places for hashing were taken.", registry=registry
        )
        # ``labels()`` takes longer than to count.
        self._requests: dict[tuple[str, str | None, int], Histogram] = {}
        self._decisions: dict[str, Counter] = {}
        self._transactions = {kind: self.transactions.labels(kind) for kind in ("read", "write")}

    def request(self, record: RequestRecord) -> None:
        key = record.method, record.route, record.status
        if (histogram := self._requests.get(key)) is None:
            histogram = self._labelled(*key)
        histogram.observe(record.seconds)
        if (code := record.decision) is not None:
            if (counter := self._decisions.get(code)) is None:
                counter = self._decisions[code] = self.decisions.labels(code)
            counter.inc()

    def _labelled(self, method: str, route: str | None, status: int) -> Histogram:
        method_label = method if method in METHODS else OTHER
        found = self.requests.labels(method_label, route or NO_ROUTE, str(status))
        # Under the method as it was sent only if that is one of few.
        if method_label == method:
            self._requests[method, route, status] = found
        return found

    def lookup(self, seconds: float) -> None:
        self.lookups.observe(seconds)

    def transaction(self, kind: str, seconds: float) -> None:
        self._transactions[kind].observe(seconds)

    def limit(self, limit: Limit) -> None:
        if SILENT not in limit.name:
            self.limits.labels(limit.name).inc()

    def event(self, event: AuditEvent) -> None:
        """An event whose transaction was committed."""
        self.events.labels(event.event).inc()
        if event.event == Event.SESSION_STARTED:
            self.logins.labels("started", way_of(str(event.details.get("amr", "")))).inc()
        elif (result := REFUSED_LOGINS.get(event.event)) is not None:
            self.logins.labels(result, refused_way(event)).inc()
        if event.event in ENDING:
            self.ended.observe(max(timedelta(0), now() - event.at).total_seconds())

    def hashing_place(self, change: int) -> None:
        """A place for hashing was taken (1) or is free again (-1), or none was free (0)."""
        if change:
            self.hashing.inc(change)
        else:
            self.hashing_refused.inc()


def refused_way(event: AuditEvent) -> str:
    """What was tried: ``password``, ``code`` or ``passkey``; empty where the event does not say it."""
    if event.event == Event.SESSION_REFUSED:
        return "passkey" if event.details.get("by") == "passkey" else "password"
    return {Event.CODE_REFUSED: "code", Event.PASSKEY_COPIED: "passkey"}.get(Event(event.event), "")


def way_of(amr: str) -> str:
    ways = amr.split()
    return amr if ways and WAYS.issuperset(ways) else OTHER
