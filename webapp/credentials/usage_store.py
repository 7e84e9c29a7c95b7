"""Use: what waits to be written of one credential; write: it goes into the rows, and who should know is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.client_network import network_of
from webapp.core.client_product import client_name, product_of
from webapp.credentials.models import Credential, CredentialUse, ResourceUse, TokenNetwork

# Of what a token is used for on a day, so many things are told apart; the rest is counted together.
MOST_RESOURCES, OTHER = 50, "other"
# A token that came from so many networks is at home everywhere, and no other is news.
MOST_NETWORKS = 20
MOST_ADDRESSES = 16

Resource = tuple[str, str]
"""Method and rule."""


@dataclass(slots=True)
class Use:
    user_id: UUID
    kind: str
    requests: int
    first_at: datetime
    last_at: datetime
    address: str | None
    resources: dict[Resource, int]
    """Of a token."""
    addresses: set[str | None]
    """Those before the last."""
    resource: Resource | None = None
    user_agent: str | None = None

    def leave(self, address: str | None) -> None:
        """Go on from another address."""
        if len(self.addresses) < MOST_ADDRESSES:
            self.addresses.add(self.address)
        self.address = address

    def take_in(self, former: "Use") -> None:
        """What was not written before."""
        self.requests, self.first_at = self.requests + former.requests, former.first_at
        self.addresses |= former.addresses | {former.address}
        for resource, requests in former.resources.items():
            self.resources[resource] = self.resources.get(resource, 0) + requests


@dataclass(frozen=True, slots=True)
class NewNetwork:
    """A token was used from a network that it had not come from before."""

    user_id: UUID
    credential_id: UUID
    at: datetime
    address: str
    client: str


Tell = Callable[[Session, NewNetwork], None]


def ignore_new_network(db: Session, arrival: NewNetwork) -> None:
    """Where nobody wants to know."""


def write(db: Session, pending: dict[UUID, Use], tell: Tell = ignore_new_network) -> None:
    for credential_id, use in pending.items():
        # Locked, so that two processes add their counts one after the other, and only one of them saw the first use.
        credential = db.get(Credential, credential_id, with_for_update=True)
        if credential is None:
            continue
        # What a script mints for itself every hour is no news.
        is_news = use.kind == "token" and credential.family_id is None
        if credential.last_used_at is None and is_news:
            record(db, Event.TOKEN_FIRST_USED, user_id=use.user_id, credential_id=credential_id, address=use.address)
        credential.last_used_at, credential.last_used_from = use.last_at, use.address
        if credential.idle is not None:
            credential.idle_at = use.last_at + credential.idle
        add_requests(db, credential_id, use)
        if use.resource is not None:
            credential.last_used_for = resource_text(use.resource)
            credential.last_used_by = product_of(use.user_agent or "")
            add_resources(db, credential_id, use)
        if is_news:
            meet_networks(db, credential, use, tell)


def add_requests(db: Session, credential_id: UUID, use: Use) -> None:
    day = use.last_at.date()
    counted = db.get(CredentialUse, (credential_id, day))
    if counted is None:
        db.add(CredentialUse(credential_id=credential_id, day=day, requests=use.requests))
    else:
        counted.requests += use.requests


def resource_text(resource: Resource) -> str:
    return " ".join(resource)[:200]


def add_resources(db: Session, credential_id: UUID, use: Use) -> None:
    day = use.last_at.date()
    known = {found.resource: found for found in resources_of(db, credential_id, day)}
    for resource, requests in use.resources.items():
        name = resource_text(resource)
        if name not in known and len(known) >= MOST_RESOURCES:
            name = OTHER
        if (found := known.get(name)) is None:
            known[name] = found = ResourceUse(credential_id=credential_id, day=day, resource=name, requests=0)
            db.add(found)
        found.requests += requests


def resources_of(db: Session, credential_id: UUID, day: date) -> list[ResourceUse]:
    query = select(ResourceUse).where(ResourceUse.credential_id == credential_id, ResourceUse.day == day)
    return list(db.scalars(query))


def meet_networks(db: Session, credential: Credential, use: Use, tell: Tell) -> None:
    """The first network of all is where it was meant to be used."""
    arrived = {network_of(address): address for address in [*use.addresses, use.address] if address}
    known = db.scalar(select(func.count()).where(TokenNetwork.credential_id == credential.id)) or 0
    for network, address in arrived.items():
        if known >= MOST_NETWORKS or db.get(TokenNetwork, (credential.id, network)) is not None:
            continue
        db.add(TokenNetwork(credential_id=credential.id, network=network, first_at=use.last_at))
        if known:
            client = client_name(use.user_agent or "")
            tell(db, NewNetwork(use.user_id, credential.id, use.last_at, address, client))
        known += 1


def inherit_networks(db: Session, credential_id: UUID, *, from_: UUID) -> None:
    """What takes over from another may come from where that one came."""
    for known in db.scalars(select(TokenNetwork).where(TokenNetwork.credential_id == from_)):
        db.add(TokenNetwork(credential_id=credential_id, network=known.network, first_at=known.first_at))
