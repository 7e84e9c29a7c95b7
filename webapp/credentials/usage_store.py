"""write(): stores the collected use of credentials: counts, last use, networks, and a token's first use."""

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

# Routes counted separately per credential and day; all others are counted under OTHER.
MAX_RESOURCES, OTHER = 50, "other"
# A token used from this many networks is evidently used from anywhere: no further one is recorded or reported.
MAX_NETWORKS = 20
MAX_IP_ADDRESSES = 16

Resource = tuple[str, str]
"""Method and URL rule."""


@dataclass(slots=True)
class Use:
    """Uses of one credential that are not written yet."""

    user_id: UUID
    kind: str
    requests: int
    first_at: datetime
    last_at: datetime
    ip_address: str | None
    """IP address of the last use."""
    resources: dict[Resource, int]
    """Number of requests by route."""
    ip_addresses: set[str | None]
    """IP addresses of the earlier uses, at most ``MAX_IP_ADDRESSES``."""
    resource: Resource | None = None
    """Route of the last use; only of tokens."""
    user_agent: str | None = None

    def change_ip_address(self, ip_address: str | None) -> None:
        """Set the IP address of the last use, and remember the one before."""
        if len(self.ip_addresses) < MAX_IP_ADDRESSES:
            self.ip_addresses.add(self.ip_address)
        self.ip_address = ip_address

    def merge(self, former: "Use") -> None:
        """Add earlier uses that could not be written."""
        self.requests, self.first_at = self.requests + former.requests, former.first_at
        self.ip_addresses |= former.ip_addresses | {former.ip_address}
        for resource, requests in former.resources.items():
            self.resources[resource] = self.resources.get(resource, 0) + requests


@dataclass(frozen=True, slots=True)
class NewNetwork:
    """A token was used from a network for the first time, but not its first network."""

    user_id: UUID
    credential_id: UUID
    at: datetime
    ip_address: str
    client: str


NewNetworkHook = Callable[[Session, NewNetwork], None]


def ignore_new_network(db: Session, arrival: NewNetwork) -> None:
    """Does nothing; the hook if none is given."""


def write(db: Session, pending: dict[UUID, Use], on_new_network: NewNetworkHook = ignore_new_network) -> None:
    """Store uses: counts by day and route, the last use, new networks; ``token.first-used`` if it is the first.

    Args:
        pending: uses by credential id; credentials deleted meanwhile are skipped.
        on_new_network: called within the transaction.
    """
    for credential_id, use in pending.items():
        # Locked, so that two processes do not overwrite each other's counts, and only one records the first use.
        credential = db.get(Credential, credential_id, with_for_update=True)
        if credential is None:
            continue
        # Not for access tokens of script logins, which are issued every hour.
        is_reported = use.kind == "token" and credential.family_id is None
        if credential.last_used_at is None and is_reported:
            record(
                db, Event.TOKEN_FIRST_USED, user_id=use.user_id, credential_id=credential_id, ip_address=use.ip_address
            )
        credential.last_used_at, credential.last_used_from = use.last_at, use.ip_address
        if credential.idle is not None:
            credential.idle_at = use.last_at + credential.idle
        add_requests(db, credential_id, use)
        add_resources(db, credential_id, use)
        if use.resource is not None:
            credential.last_used_for = resource_text(use.resource)
            credential.last_used_by = product_of(use.user_agent or "")
        if is_reported:
            add_networks(db, credential, use, on_new_network)


def add_requests(db: Session, credential_id: UUID, use: Use) -> None:
    day = use.last_at.date()
    use_of_day = db.get(CredentialUse, (credential_id, day))
    if use_of_day is None:
        db.add(CredentialUse(credential_id=credential_id, day=day, requests=use.requests))
    else:
        use_of_day.requests += use.requests


def resource_text(resource: Resource) -> str:
    return " ".join(resource)[:200]


def add_resources(db: Session, credential_id: UUID, use: Use) -> None:
    if not use.resources:
        return
    day = use.last_at.date()
    uses = {found.resource: found for found in resources_of(db, credential_id, day)}
    for resource, requests in use.resources.items():
        name = resource_text(resource)
        if name not in uses and len(uses) >= MAX_RESOURCES:
            name = OTHER
        if (found := uses.get(name)) is None:
            uses[name] = found = ResourceUse(credential_id=credential_id, day=day, resource=name, requests=0)
            db.add(found)
        found.requests += requests


def resources_of(db: Session, credential_id: UUID, day: date) -> list[ResourceUse]:
    query = select(ResourceUse).where(ResourceUse.credential_id == credential_id, ResourceUse.day == day)
    return list(db.scalars(query))


def add_networks(db: Session, credential: Credential, use: Use, on_new_network: NewNetworkHook) -> None:
    """Store the networks of a use, and report new ones; the first of a token is not reported."""
    by_network = {
        network_of(ip_address): ip_address for ip_address in [*use.ip_addresses, use.ip_address] if ip_address
    }
    network_count = db.scalar(select(func.count()).where(TokenNetwork.credential_id == credential.id)) or 0
    for network, ip_address in by_network.items():
        if network_count >= MAX_NETWORKS or db.get(TokenNetwork, (credential.id, network)) is not None:
            continue
        db.add(TokenNetwork(credential_id=credential.id, network=network, first_at=use.last_at))
        if network_count:
            client = client_name(use.user_agent or "")
            on_new_network(db, NewNetwork(use.user_id, credential.id, use.last_at, ip_address, client))
        network_count += 1


def inherit_networks(db: Session, credential_id: UUID, *, from_: UUID) -> None:
    """Copy the known networks of a token to its successor, so that none of them is reported as new."""
    for source in db.scalars(select(TokenNetwork).where(TokenNetwork.credential_id == from_)):
        db.add(TokenNetwork(credential_id=credential_id, network=source.network, first_at=source.first_at))
