"""How many people log in with each provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.federation.models import LinkedIdentity


@dataclass(frozen=True, slots=True)
class ProviderUse:
    users: int = 0
    """Number of users who have linked an identity of the provider."""
    last_login_at: datetime | None = None
    with_given_role: int = 0
    """Number of users whose role its rules gave."""


USE = (
    LinkedIdentity.provider_id,
    func.count(LinkedIdentity.user_id.distinct()),
    func.max(LinkedIdentity.last_login_at, type_=LinkedIdentity.last_login_at.type),
    func.count(LinkedIdentity.given_role),
)


def use_by_provider(db: Session) -> Mapping[UUID, ProviderUse]:
    """Numbers of users by id of the provider; unused providers are left out."""
    rows = db.execute(select(*USE).group_by(LinkedIdentity.provider_id))
    return {provider_id: ProviderUse(users, at, with_role) for provider_id, users, at, with_role in rows}


def of_provider(db: Session, provider_id: UUID) -> ProviderUse:
    rows = db.execute(select(*USE).where(LinkedIdentity.provider_id == provider_id).group_by(USE[0])).first()
    return ProviderUse(*rows[1:]) if rows is not None else ProviderUse()
