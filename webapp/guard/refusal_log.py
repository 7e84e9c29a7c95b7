"""record_refusal(): records refused requests in the audit log, with limits by credential, code, route and network."""

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
from webapp.web.transaction import database, roll_back

log = logging.getLogger(__name__)

# The same refusal, repeated by a script, is recorded once a minute.
REPEATED = Limit("refusal-noted", 1, timedelta(minutes=1), is_volatile=True)
# Limits what one network does with one credential, such as trying every route.
OF_NETWORK = Limit("refusal-noted-of-network", 20, timedelta(minutes=10), is_volatile=True)
# The first networks of a credential have limits of their own, so that a noisy script does not hide refusals elsewhere;
# all further networks share one limit.
APART = Limit("refusal-noted-apart", 1, timedelta(hours=1), is_volatile=True)
NETWORKS = Limit("refusal-noted-networks", 20, timedelta(hours=1), is_volatile=True)
OTHERS = "others"


def record_refusal(
    code: ProblemCode,
    reason: str,
    caller: Principal | CredentialRow | None,
    *,
    bound: str | None = None,
    route: str | None = None,
) -> None:
    """Record a refusal: as an audit event if it has an account and is within the limits, else only in the log.

    Neither anonymous clients nor a script that repeats its request may fill the table.

    Args:
        reason: English, for the log.
        bound: the restriction of a token that refused: ``network``, ``method``, ``resource`` or ``rate``.
        route: what was to be opened, if it is not the route of this request.
    """
    # A rule may have read its object in the request's transaction, whose lock the writes below would wait for.
    roll_back()
    details: dict[str, Any] = {"code": code, "reason": reason, "route": route or str(request.url_rule)} | (
        {"bound": bound} if bound else {}
    )
    if caller is None or not is_news(caller.credential_id.hex, code, details["route"], bound or ""):
        ids = {"user_id": caller.user_id, "credential_id": caller.credential_id} if caller else {}
        log.info(Event.ACCESS_REFUSED.value, extra={"fields": ids | details | {"ip_address": request.remote_addr}})
        return
    with database().write() as db:
        record(db, Event.ACCESS_REFUSED, user_id=caller.user_id, credential_id=caller.credential_id, **details)


def is_news(credential: str, code: ProblemCode, route: str, bound: str) -> bool:
    limiter = service(Limiter)
    network = network_of(request.remote_addr)
    # First, so that a noisy script costs only one statement per refusal.
    if not limiter.take(REPEATED, credential, code, route, bound, network).allowed:
        return False
    return limiter.take(OF_NETWORK, credential, counted_as(limiter, credential, network)).allowed


def counted_as(limiter: Limiter, credential: str, network: str) -> str:
    """``network`` if it is one of the first of this hour with this credential, else ``OTHERS``."""
    if not limiter.take(APART, credential, network).allowed or limiter.take(NETWORKS, credential).allowed:
        return network
    # Undo the first count, so that the next refusal from this network is decided in the same way.
    limiter.clear(APART, credential, network)
    return OTHERS
