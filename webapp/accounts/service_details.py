"""Service accounts as pages and API show them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts.service_queries import SHOWN_PEOPLE, OwnedService, who_may_use
from webapp.credentials.live_counts import live_counts
from webapp.tokens import token_list
from webapp.tokens.token_list import Token

SHOWN_TOKENS = 50


class ServiceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A service account: a user that cannot log in and holds API tokens."""

    id: UUID
    username: str
    purpose: str
    role: str
    owner_id: UUID | None
    """The person who owns it."""
    owner: str | None
    """Their user name."""
    owner_role: str | None
    """Or the role whose users own it."""
    owner_problem: str | None
    """`missing` without an owner, `inactive` or `lacks_role` if it can't be enabled with this owner, `nobody` if no
    active user has the role."""
    created_at: datetime
    disabled_at: datetime | None
    tokens: int
    """Live API tokens."""


class ServiceListing(msgspec.Struct, frozen=True):
    service_accounts: list[ServiceSummary]
    after: UUID | None = None
    """Send it as `after` to get the next page; null on the last page."""


class ServiceDetails(ServiceSummary, frozen=True, kw_only=True):
    people: list[str]
    """User names of those who may create tokens for it; the first 20."""
    has_more_people: bool
    token_list: list[Token]
    """Its live tokens, without their secrets."""


def summaries(db: Session, found: Sequence[OwnedService]) -> list[ServiceSummary]:
    counts = live_counts(db, [service.user.id for service in found])
    return [summary(service, counts[service.user.id].tokens) for service in found]


def summary(service: OwnedService, tokens: int) -> ServiceSummary:
    user, owner = service.user, service.owner
    person = owner.user if owner else None
    return ServiceSummary(
        id=user.id,
        username=user.username,
        purpose=service.purpose,
        role=user.role,
        owner_id=person.id if person else None,
        owner=person.username if person else None,
        owner_role=owner.role if owner else None,
        owner_problem=service.problem,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
        tokens=tokens,
    )


def details(db: Session, service: OwnedService) -> ServiceDetails:
    people = who_may_use(db, service.owner)
    return ServiceDetails(
        **msgspec.structs.asdict(summaries(db, [service])[0]),
        people=people[:SHOWN_PEOPLE],
        has_more_people=len(people) > SHOWN_PEOPLE,
        token_list=token_list.token_page(db, service.user.id, is_live=True, size=SHOWN_TOKENS).tokens,
    )
