"""What stops working when an account is disabled, closed or deleted, and handing over its service accounts before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import service_accounts, service_queries
from webapp.accounts.models import User
from webapp.accounts.service_queries import OwnedService
from webapp.accounts.service_rules import InvalidServiceOwner, Owner, require_fit
from webapp.core.translation import _
from webapp.tokens import script_logins, token_list

# Names of each kind that are listed.
MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class DeactivationEffects:
    """What stops with one account: live tokens, script logins, service accounts; the first names, and how many more."""

    tokens: Sequence[str]
    more_tokens: int
    script_logins: Sequence[str]
    more_script_logins: int
    services: Sequence[OwnedService]
    """Active service accounts that the person owns."""


def effects_of(db: Session, user_id: UUID) -> DeactivationEffects:
    tokens = token_list.token_page(db, user_id, is_live=True, size=MAX_LISTED)
    logins = script_logins.live(db, user_id)
    return DeactivationEffects(
        tokens=[token.name for token in tokens.tokens],
        more_tokens=max(0, tokens.total - MAX_LISTED),
        script_logins=[login.client for login in logins[:MAX_LISTED]],
        more_script_logins=max(0, len(logins) - MAX_LISTED),
        services=service_queries.of_owners(db, [user_id]),
    )


def check_new_owner(db: Session, owner: Owner, leaving: Collection[User]) -> None:
    """Check that an owner can take over all active service accounts of users who are deactivated.

    Raises:
        InvalidServiceOwner: the account of the new owner is among those of ``leaving``, or cannot own all of their
            service accounts.
    """
    if owner.user is not None and owner.user.id in {user.id for user in leaving}:
        raise InvalidServiceOwner(_("This user is being deactivated too. Choose another owner."))
    for service in service_queries.of_owners(db, [user.id for user in leaving]):
        require_fit(db, owner, service.user.role)


def hand_over_all(
    db: Session, leaving: User, owner: Owner, *, actor_id: UUID | None = None, reason: str | None = None
) -> list[User]:
    """Give all active service accounts of a person another owner, so that they do not stop with the person.

    Returns:
        The service accounts.

    Raises:
        InvalidServiceOwner: of none; nothing was handed over if the transaction is rolled back.
    """
    found = [service.user for service in service_queries.of_owners(db, [leaving.id])]
    for user in found:
        service_accounts.hand_over(db, user, owner, actor_id=actor_id, reason=reason)
    return found
