"""Self-registration. The response is always the same; the mail says whether user name or e-mail address is taken."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import invitations, one_time_links, registration, user_queries
from webapp.accounts.confusables import skeleton_key
from webapp.accounts.invitations import InvitationRequest, InvitationWithLink
from webapp.accounts.models import Invitation, Link, User
from webapp.accounts.names import normalized_key
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.registration import NewUser
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import Base, advisory_lock
from webapp.mail.mailer import Mailer
from webapp.mail.outbox import NO_EMAIL

SIGN_UP = "sign-up"
# How long an unverified account reserves its user name and e-mail address.
LIFETIME = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Verification:
    """The account that a mailed link verifies."""

    username: str
    password_hash: str
    user_id: UUID
    role: str


def begin(db: Session, mailer: Mailer, new: NewUser, circumstances: RequestOrigin) -> None:
    """Create an account that waits for verification, or mail the reason why it was not created.

    The same statements run whether user name and e-mail address are free or taken, so that neither the time of the
    response nor the wait of the next request shows it: account and invitation are always inserted, each in a savepoint
    that is rolled back if the row must not stay, and there is always one link, one audit event and one mail.
    """
    # So that nobody is given it as a user name meanwhile.
    advisory_lock(db, f"e-mail address {normalized_key(new.email or '')}")
    delete_unverified_with(db, new.username, new.email or "")
    owner = user_queries.by_name_or_email(db, new.email or "")
    user = registration.prepare(db, new)
    is_name_taken = registration.is_name_taken(db, user.username)
    is_free = owner is None and not is_name_taken
    is_made = insert_in_savepoint(db, user if is_free else with_random_names(user), is_kept=is_free)
    if is_free and not is_made:
        # Another request registered the e-mail address at the same moment.
        owner = user_queries.by_name_or_email(db, new.email or "")
    invitation = prepare_invitation(mailer, new)
    is_invited = insert_in_savepoint(db, invitation.invitation, is_kept=owner is None and is_name_taken)
    if is_made:
        record(db, Event.USER_MADE, user_id=user.id, role=new.role, origin="register")
        send_link(db, mailer, user, circumstances)
    elif is_invited:
        mail_name_taken(db, mailer, new, circumstances, invitation)
    elif owner is not None:
        answer_owner(db, mailer, owner, new, circumstances)


def insert_in_savepoint(db: Session, row: Base, *, is_kept: bool) -> bool:
    """Insert a row in a savepoint that is released or rolled back.

    Args:
        is_kept: whether the row is to stay. If not, inserting it costs the same and changes nothing.

    Returns:
        Whether the row is there now.
    """
    savepoint = db.begin_nested()
    try:
        db.add(row)
        db.flush()
    except IntegrityError:
        savepoint.rollback()
        return False
    if is_kept:
        savepoint.commit()
    else:
        savepoint.rollback()
    return is_kept


def with_random_names(user: User) -> User:
    """Give the row random names that are free for certain: it is inserted and rolled back."""
    user.username = user.username_key = user.id.hex
    user.email = user.email_key = f"{user.id.hex}@example.invalid"
    return user


def prepare_invitation(mailer: Mailer, new: NewUser) -> InvitationWithLink:
    """The invitation to register with another user name."""
    # Bound to the e-mail address only if the link is mailed and shown nowhere else: using it then verifies it.
    email = new.email if mailer.can_mail else None
    return invitations.prepare(
        InvitationRequest(role=new.role, email=email, note=f"{new.username} was taken", lifetime=LIFETIME)
    )


def delete_unverified_with(db: Session, username: str, email: str) -> None:
    """Delete unverified accounts that have this user name or e-mail address and are older than ``LIFETIME``."""
    is_alike = User.username_skeleton == skeleton_key(username)
    conflicts = or_(User.username_key == normalized_key(username), is_alike, User.email_key == normalized_key(email))
    db.execute(delete(User).where(conflicts, is_overdue()))


def delete_unconfirmed(db: Session, email: str) -> None:
    """Delete an account that waits for the first mailed link to this e-mail address, whose owner is known by now.

    Somebody else may have registered it, to keep the e-mail address from its owner.
    """
    is_waiting = User.verification_required_at.is_not(None), User.last_login_at.is_(None)
    db.execute(delete(User).where(User.email_key == normalized_key(email), *is_waiting))


def delete_unverified(db: Session, *, limit: int = 100) -> int:
    """A step of a job: delete accounts that were not verified in time. Returns their number; 0 if there are no more."""
    found = db.scalars(select(User.id).where(is_overdue()).limit(limit)).all()
    db.execute(delete(User).where(User.id.in_(found), is_overdue()))
    return len(found)


def is_overdue() -> ColumnElement[bool]:
    """Condition for accounts that were not verified in time."""
    over = select(Link.user_id).where(Link.purpose == SIGN_UP, Link.used_at.is_(None), Link.expires_at <= now())
    return and_(User.verification_required_at.is_not(None), User.last_login_at.is_(None), User.id.in_(over))


def answer_owner(db: Session, mailer: Mailer, owner: User, new: NewUser, circumstances: RequestOrigin) -> None:
    """Mail the owner of a registered e-mail address. An unverified account gets its link again; its password stays."""
    record(db, Event.REGISTRATION_ASKED, user_id=owner.id)
    is_again = owner.is_unverified and owner.disabled_at is None and owner.username_key == normalized_key(new.username)
    send_link(db, mailer, owner, circumstances) if is_again else mail_email_taken(db, mailer, owner, circumstances)


def mail_email_taken(db: Session, mailer: Mailer, owner: User, circumstances: RequestOrigin) -> None:
    """Mail the owner that their e-mail address is registered. If no mail may be sent, the same number of rows is
    written."""
    is_mailed = owner.disabled_at is None and owner.email is not None
    to, user_id = (owner.email or NO_EMAIL, owner.id) if is_mailed else (NO_EMAIL, None)
    make_link(db, mailer, None)
    mailer.send(
        db, "email_taken_by_registration", to, user_id=user_id, username=owner.username, circumstances=circumstances
    )


def mail_name_taken(
    db: Session, mailer: Mailer, new: NewUser, circumstances: RequestOrigin, invitation: InvitationWithLink
) -> None:
    """Mail an invitation to choose another user name. Its page may name taken ones, because the e-mail address is
    verified."""
    invitations.record_creation(db, invitation.invitation)
    make_link(db, mailer, None)
    facts = {"taken": new.username, "link": invitation.path, "lifetime": LIFETIME, "circumstances": circumstances}
    mailer.send_link(db, "name_taken", new.email or "", user_id=None, ends_at=now() + LIFETIME, **facts)


def make_link(db: Session, mailer: Mailer, user: User | None) -> str:
    """Create a link that verifies an e-mail address. Earlier links keep working, because others can request more.

    Args:
        user: None for a link that cannot be used, created only so that the same work is done.

    Returns:
        The secret of the link.
    """
    user_id, email = (user.id, user.email) if user else (None, NO_EMAIL)
    facts = {one_time_links.IS_SHOWN: not mailer.can_mail}
    return one_time_links.create(db, SIGN_UP, LIFETIME, user_id=user_id, email=email, facts=facts, replaces=False)


def send_link(db: Session, mailer: Mailer, user: User, circumstances: RequestOrigin) -> None:
    """Mail the link that verifies the e-mail address."""
    secret = make_link(db, mailer, user)
    mailer.send_link(
        db,
        "verify_email",
        user.email or "",
        user_id=user.id,
        ends_at=now() + LIFETIME,
        username=user.username,
        circumstances=circumstances,
        link=f"/verify/{secret}",
        lifetime=LIFETIME,
    )


def pending_verification(db: Session, secret: str) -> Verification:
    """The account that a link verifies.

    Raises:
        LinkDead
    """
    link = one_time_links.find(db, SIGN_UP, secret)
    user = db.get(User, link.user_id) if link is not None and link.user_id is not None else None
    if user is None or not user.is_unverified or user.disabled_at is not None:
        raise LinkDead
    return Verification(user.username, user.password_hash, user.id, user.role)


def verify(db: Session, secret: str) -> User:
    """Use a link: the account can log in, and its e-mail address is verified if the link was only mailed.

    Raises:
        LinkDead
    """
    found = pending_verification(db, secret)
    link = one_time_links.spend(db, SIGN_UP, secret)
    user = db.get_one(User, found.user_id)
    if link is None or user.email_key != normalized_key(link.email or ""):
        raise LinkDead
    user.verification_required_at = None
    one_time_links.invalidate(db, user.id, SIGN_UP)
    if one_time_links.verifies(link):
        user.verify_email(now())
        record(db, Event.EMAIL_VERIFIED, user_id=user.id)
    return user


def register_with_invitation(db: Session, secret: str, new: NewUser) -> User:
    """Create an account with an invitation.

    Raises:
        LinkDead, InvalidUserName, InvalidEmail, UserNameTaken, EmailTaken
    """
    invitation = spend(db, secret)
    user = registration.add(db, new, origin="invitation")
    record(db, Event.INVITATION_USED, user_id=user.id, invitation_id=str(invitation.id))
    return user


def spend(db: Session, secret: str) -> Invitation:
    """Use up one use of an invitation, found by the secret of its link.

    Raises:
        LinkDead
    """
    invitation = invitations.spend(db, secret)
    if invitation is None:
        raise LinkDead
    return invitation
