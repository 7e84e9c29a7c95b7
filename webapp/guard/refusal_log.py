"""Refusals in the audit log: distinguished by credential, code, route, bound and network, and limited in number."""

import logging
from datetime import timedelta
from typing import Any

from flask import request

from webapp.audit.log import Event, record
from webapp.core.client_network import network_of
from webapp.core.ratelimit import Limit, Limiter
from webapp.guard.principal import CredentialRow, Principal
from webapp.web.problem_codes import ProblemCode
from webapp.web.registry import service
from webapp.web.transaction import database

log = logging.getLogger(__name__)

# What a script repeats that does not listen is one event a minute.
REPEATED = Limit("refusal-noted", 1, timedelta(minutes=1))
# What one network tries with one credential, such as a scan of every route, is so many events.
OF_NETWORK = Limit("refusal-noted-of-network", 20, timedelta(minutes=10))
# So many networks of one credential are counted apart, so that a job in one of them hides none of the others; those
# that come after them share the count of one.
APART = Limit("refusal-noted-apart", 1, timedelta(hours=1))
NETWORKS = Limit("refusal-noted-networks", 20, timedelta(hours=1))
OTHERS = "others"


def note(code: ProblemCode, reason: str, who: Principal | CredentialRow | None, *, bound: str | None = None) -> None:
    """Write a refusal to the log, and as an audit event where an account is concerned and it is news.

    What strangers send must not fill a table, nor what a script repeats.

    Args:
        bound: the restriction of a token that refused: ``network``, ``method``, ``resource`` or ``rate``.
    """
    details: dict[str, Any] = {"code": code, "reason": reason, "route": str(request.url_rule)} | (
        {"bound": bound} if bound else {}
    )
    if who is None or not is_news(who.credential_id.hex, code, details["route"], bound or ""):
        ids = {"user_id": who.user_id, "credential_id": who.credential_id} if who else {}
        log.info(Event.ACCESS_REFUSED.value, extra={"fields": ids | details | {"address": request.remote_addr}})
        return
    with database().write() as db:
        record(db, Event.ACCESS_REFUSED, user_id=who.user_id, credential_id=who.credential_id, **details)


def is_news(credential: str, code: ProblemCode, route: str, bound: str) -> bool:
    limiter = service(Limiter)
    network = network_of(request.remote_addr)
    # Asked first: of a noisy job it is the only statement.
    if not limiter.take(REPEATED, credential, code, route, bound, network).allowed:
        return False
    return limiter.take(OF_NETWORK, credential, counted_as(limiter, credential, network)).allowed


def counted_as(limiter: Limiter, credential: str, network: str) -> str:
    """The network itself, if it is one of the first of the hour with this credential."""
    if not limiter.take(APART, credential, network).allowed or limiter.take(NETWORKS, credential).allowed:
        return network
    # Asked again the next time, and found to be none of the first again.
    limiter.clear(APART, credential, network)
    return OTHERS
