"""Where a user's scripts are logged in by themselves, and what each row says of it."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webapp.audit.log import LONGEST_AGENT
from webapp.core.client_network import network_of
from webapp.core.client_product import product_of
from webapp.core.translation import _
from webapp.credentials import lifecycle as credentials
from webapp.credentials.models import Credential
from webapp.tokens.issuing import scopes_of
from webapp.tokens.models import RefreshFamily
from webapp.tokens.refresh_families import ScriptClient


class ScriptLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A script that is logged in by itself; all its access tokens are part of this."""

    id: UUID
    client: str
    """As it names itself."""
    scopes: list[str]
    started_at: datetime
    started_from: str | None
    refreshed_at: datetime | None
    refreshed_from: str | None
    idle_at: datetime | None
    """When it ends unless it refreshes before."""
    expires_at: datetime
    """However often it refreshes."""
    refreshes: bool
    """Whether it still may; what it has may last longer."""
    token_expires_at: datetime | None
    """When the last of its access tokens ends; None where none works."""


SEEN = (
    select(RefreshFamily.user_agent, RefreshFamily.address)
    .join(Credential, Credential.id == RefreshFamily.id)
    .where(Credential.user_id == bindparam("user_id"), Credential.kind == "refresh")
)
CALLERS = SEEN.distinct()
EXACTLY = SEEN.where(
    RefreshFamily.user_agent == bindparam("user_agent"),
    RefreshFamily.address.is_not_distinct_from(bindparam("address")),
).limit(1)


def is_known(db: Session, user_id: UUID, caller: ScriptClient) -> bool:
    """Whether a script of this name has logged in as a user before, from where this one calls."""
    whose = {"user_id": user_id}
    alike = whose | {"user_agent": caller.user_agent[:LONGEST_AGENT], "address": caller.address}
    if db.execute(EXACTLY, alike).first():
        # Every hour, for most; the others need not be looked at.
        return True
    wanted = product_of(caller.user_agent), network_of(caller.address)
    return any((product_of(agent), network_of(address)) == wanted for agent, address in db.execute(CALLERS, whose))


def live(db: Session, user_id: UUID) -> list[ScriptLogin]:
    """Where a user's scripts are logged in, or have a token left from when they were; the newest first."""
    ends = credentials.member_ends(db, user_id)
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
        client=family.user_agent.partition(" ")[0] or _("a script"),
        scopes=scopes_of(credential),
        started_at=credential.created_at,
        started_from=family.address,
        refreshed_at=credential.last_used_at,
        refreshed_from=credential.last_used_from,
        idle_at=credential.idle_at,
        expires_at=credential.expires_at,
        refreshes=refreshes and credential.idle is not None,
        token_expires_at=token_expires_at,
    )
