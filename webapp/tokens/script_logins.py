"""A user's script logins, for lists; is_known(): whether a script has logged in before."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from webapp.audit.log import LONGEST_AGENT
from webapp.core.client_network import network_of
from webapp.core.client_product import product_of
from webapp.core.translation import _
from webapp.credentials import families
from webapp.credentials import lifecycle as credentials
from webapp.credentials.models import Credential
from webapp.tokens.issuing import scopes_of
from webapp.tokens.models import RefreshFamily
from webapp.tokens.refresh_families import ScriptClient


class ScriptLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A script that is logged in by itself; all its access tokens are part of this."""

    id: UUID
    client: str
    """Name of the app, else a short name from its User-Agent."""
    scopes: list[str]
    started_at: datetime
    started_from: str | None
    refreshed_at: datetime | None
    refreshed_from: str | None
    idle_at: datetime | None
    """When it ends unless it is refreshed before."""
    expires_at: datetime
    """When it ends, however often it is refreshed."""
    refreshes: bool
    """Whether it can still refresh; its last access token may be valid longer."""
    token_expires_at: datetime | None
    """When its last live access token expires; None if it has none."""


SEEN = (
    select(RefreshFamily.user_agent, RefreshFamily.ip_address)
    .join(Credential, Credential.id == RefreshFamily.id)
    .where(Credential.user_id == bindparam("user_id"), Credential.kind == "refresh")
)
CALLERS = SEEN.distinct()
EXACTLY = SEEN.where(
    RefreshFamily.user_agent == bindparam("user_agent"),
    RefreshFamily.ip_address.is_not_distinct_from(bindparam("ip_address")),
).limit(1)


def is_known(db: Session, user_id: UUID, caller: ScriptClient) -> bool:
    """Whether a script with this product in its User-Agent has logged in as this user before, from this network."""
    user_parameters = {"user_id": user_id}
    exact_caller = user_parameters | {"user_agent": caller.user_agent[:LONGEST_AGENT], "ip_address": caller.ip_address}
    if db.execute(EXACTLY, exact_caller).first():
        # The usual case, hourly for most scripts: no need to compare all former logins.
        return True
    product_and_network = product_of(caller.user_agent), network_of(caller.ip_address)
    return any(
        (product_of(agent), network_of(ip_address)) == product_and_network
        for agent, ip_address in db.execute(CALLERS, user_parameters)
    )


def live(db: Session, user_id: UUID) -> list[ScriptLogin]:
    """The script logins of a user that can refresh or have a live access token, the newest first."""
    ends = families.member_ends(db, user_id)
    refreshing = {credential.id for credential in credentials.live(db, user_id, "refresh")}
    query = select(RefreshFamily, Credential).join(Credential, Credential.id == RefreshFamily.id)
    query = query.where(RefreshFamily.id.in_(refreshing | ends.keys())).order_by(Credential.created_at.desc())
    return [
        script_login(family, credential, refreshes=family.id in refreshing, token_expires_at=ends.get(family.id))
        for family, credential in db.execute(query)
    ]


def script_login(
    family: RefreshFamily, credential: Credential, *, refreshes: bool, token_expires_at: datetime | None
) -> ScriptLogin:
    return ScriptLogin(
        id=family.id,
        client=family.app_name or family.user_agent.partition(" ")[0] or _("a script"),
        scopes=scopes_of(credential),
        started_at=credential.created_at,
        started_from=family.ip_address,
        refreshed_at=credential.last_used_at,
        refreshed_from=credential.last_used_from,
        idle_at=credential.idle_at,
        expires_at=credential.expires_at,
        refreshes=refreshes and credential.idle is not None,
        token_expires_at=token_expires_at,
    )


def last_uses_by_client(db: Session, user_id: UUID) -> dict[UUID | None, datetime]:
    """When each client last logged this user in or used a token of theirs; what was deleted since does not count."""
    last = func.max(func.coalesce(Credential.last_used_at, Credential.created_at))
    found = select(RefreshFamily.client_id, last).join(
        Credential, or_(Credential.id == RefreshFamily.id, Credential.family_id == RefreshFamily.id)
    )
    query = found.where(Credential.user_id == user_id, RefreshFamily.client_id.is_not(None))
    return dict(db.execute(query.group_by(RefreshFamily.client_id)).all())
