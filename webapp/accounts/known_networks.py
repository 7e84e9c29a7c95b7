"""Networks that a user has logged in from since the password was changed: at most ``MAX_NETWORKS`` per user."""

from uuid import UUID

from sqlalchemy import bindparam, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from webapp.accounts.models import LoginNetwork, User
from webapp.core.client_network import UNKNOWN, network_of
from webapp.core.clock import now
from webapp.core.db import to_microseconds

MAX_NETWORKS = 20

NOBODY = UUID(int=0)
# Networks from before the last change of the password may be those of an attacker who knew the old one.
COUNTS = or_(User.password_changed_at.is_(None), LoginNetwork.last_login_at >= User.password_changed_at)
SELECT_NETWORK = (
    select(LoginNetwork.network)
    .join(User, User.id == LoginNetwork.user_id)
    .where(LoginNetwork.user_id == bindparam("user_id"), LoginNetwork.network == bindparam("network"), COUNTS)
)
# An upsert, because two logins may be concurrent. SQLite and PostgreSQL understand the same statement.
ADD = text("""
    INSERT INTO known_network (user_id, network, last_login_at) VALUES (:user_id, :network, :now)
    ON CONFLICT (user_id, network) DO UPDATE SET last_login_at = :now
""").bindparams(bindparam("user_id", type_=LoginNetwork.user_id.type))


def is_known(db: Session, user_id: UUID | None, ip_address: str | None) -> bool:
    """Whether a user has logged in from the network of this IP address.

    Args:
        user_id: None for an unknown name; the same statement runs, so that timing does not show which names exist.
    """
    network = network_of(ip_address)
    found = db.execute(SELECT_NETWORK, {"user_id": user_id or NOBODY, "network": network}).first()
    return found is not None and network != UNKNOWN


def remember(db: Session, user_id: UUID, ip_address: str | None) -> None:
    """Store a completed login from the network of this IP address, instead of the least recently used network."""
    network = network_of(ip_address)
    if network == UNKNOWN:
        return
    update_of_known = update(LoginNetwork).where(LoginNetwork.user_id == user_id, LoginNetwork.network == network)
    if db.execute(update_of_known.values(last_login_at=now()).returning(LoginNetwork.network)).first() is not None:
        return
    db.execute(ADD, {"user_id": user_id, "network": network, "now": to_microseconds(now())})
    forget_oldest(db, user_id)


def forget_oldest(db: Session, user_id: UUID) -> None:
    latest = select(LoginNetwork.network).where(LoginNetwork.user_id == user_id)
    newest = db.scalars(
        latest.order_by(LoginNetwork.last_login_at.desc(), LoginNetwork.network).limit(MAX_NETWORKS)
    ).all()
    db.execute(delete(LoginNetwork).where(LoginNetwork.user_id == user_id, LoginNetwork.network.not_in(newest)))


def forget_all(db: Session, user_id: UUID) -> None:
    """Delete the networks of a user, as after a change of the password."""
    db.execute(delete(LoginNetwork).where(LoginNetwork.user_id == user_id))


def count(db: Session, user_id: UUID) -> int:
    """Number of stored networks of a user."""
    return db.scalar(select(func.count()).where(LoginNetwork.user_id == user_id)) or 0
