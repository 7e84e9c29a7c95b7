""" "This was not me": take back what somebody else did with an account, and lock it until its owner comes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.accounts import (
    email_change,
    ended_credentials,
    invitations,
    lifecycle,
    mfa_reset,
    one_time_links,
    profile,
    recovery,
)
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import Link, User
from webapp.accounts.notices import RESET_ASKED, RESET_BEGUN, Circumstances
from webapp.accounts.one_time_links import NOT_ME, LinkDead
from webapp.accounts.recovery import RESET
from webapp.accounts.registration import UserNameTaken
from webapp.audit.log import Event, record
from webapp.credentials import lifecycle as credentials
from webapp.mail.mailer import Mailer
from webapp.mfa import factors, resets
from webapp.tokens import lifecycle as tokens

# What a mail is about was made moments before it.
MOMENTS = timedelta(minutes=1)


def disowned(db: Session, secret: str) -> tuple[Link, User]:
    """What a "this was not me" link is about, and whose account it concerns.

    Raises:
        LinkDead
    """
    link = one_time_links.find(db, NOT_ME, secret)
    user = db.get(User, link.user_id) if link is not None and link.user_id is not None else None
    if link is None or user is None or user.disabled_at is not None:
        raise LinkDead
    return link, user


@dataclass(frozen=True, slots=True)
class Disavowal:
    """What became of a "this was not me"."""

    is_mailed: bool = False
    """Whether a link for a new password could be sent to where this one had gone."""
    ended: EndedCredentials | None = None
    """None where something had only begun, and was stopped."""


def disown(db: Session, post: Mailer, secret: str, unknown_hash: str, here: Circumstances) -> Disavowal:
    """Stop what somebody else has begun, or take back what they did.

    Args:
        unknown_hash: of a password that was thrown away.

    Raises:
        LinkDead
    """
    link, user = disowned(db, secret)
    if one_time_links.spend(db, NOT_ME, secret) is None:
        raise LinkDead
    facts = link.facts or {}
    if is_only_begun(db, link, user):
        stop(db, user, facts["what"])
        return Disavowal()
    if facts["what"] == "name_changed":
        rename_back(db, user, facts["former"])
    lifecycle.reopen(db, user)
    ended = lock(db, user, unknown_hash, since=datetime.fromisoformat(facts["since"]))
    record(db, Event.LOGIN_DISOWNED, user_id=user.id, what=facts["what"], **ended.facts)
    if user.is_known_elsewhere or not recovery.is_still(user, link):
        # Somebody changed the address since; that change has an undo link of its own.
        return Disavowal(ended=ended)
    recovery.send_link(db, post, user, here, ended=ended)
    return Disavowal(is_mailed=True, ended=ended)


def undo_address(
    db: Session, post: Mailer, secret: str, unknown_hash: str, here: Circumstances
) -> tuple[User, EndedCredentials]:
    """Put the address before back, which whoever knew the password has changed, and a link for a new one goes there.

    Raises:
        LinkDead, AddressTaken
    """
    user, since = email_change.undo(db, secret)
    # They may have closed it as well, and the mail about that went to the other address.
    lifecycle.reopen(db, user)
    ended = lock(db, user, unknown_hash, since=since)
    if not user.is_known_elsewhere:
        recovery.send_link(db, post, user, here, ended=ended)
    return user, ended


def lock(db: Session, user: User, unknown_hash: str, *, since: datetime) -> EndedCredentials:
    """End every login by browsers and by scripts, and the password, which nobody knows from then on.

    API tokens, second factors and invitations made ``since`` go as well: whoever came in may have made them.
    """
    # A password that is kept elsewhere is for whoever keeps it to change.
    is_ours = not user.is_known_elsewhere
    ended = lifecycle.set_password(db, user, unknown_hash) if is_ours else ended_credentials.end_logins(db, user.id)
    made = [token.id for token in credentials.live(db, user.id, "token") if token.created_at >= since]
    revoked = sum(tokens.revoke(db, user.id, token_id) for token_id in made)
    invitations.revoke_all(db, since=since, by=user.id)
    factors.remove_since(db, user.id, since - MOMENTS)
    return replace(ended, tokens=revoked, tokens_kept=ended.tokens_kept - revoked)


def is_only_begun(db: Session, link: Link, user: User) -> bool:
    """Whether nothing has happened yet that would have to be taken back: then it is stopped, and that is all."""
    what = (link.facts or {})["what"]
    if what == RESET_ASKED:
        return one_time_links.waits(db, user.id, RESET)
    return what == RESET_BEGUN and resets.pending_reset(db, user.id) is not None


def stop(db: Session, user: User, what: str) -> None:
    if what == RESET_ASKED:
        one_time_links.invalidate(db, user.id, RESET)
        record(db, Event.RESET_STOPPED, user_id=user.id)
    else:
        mfa_reset.stop(db, user)


def rename_back(db: Session, user: User, former: str) -> None:
    try:
        profile.rename(db, user, former)
    except UserNameTaken:
        # Somebody else has it by now; whoever comes back may choose another.
        return
