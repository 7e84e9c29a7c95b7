"""Accounts for identities without one: who gets one, and with what."""

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.accounts import email_change, registration, self_registration, user_queries
from webapp.accounts.models import Invitation, User
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.profile import display_name_if_fit
from webapp.accounts.registration import NewUser
from webapp.audit.log import Event, record
from webapp.federation import linking
from webapp.federation.email_domains import is_same_mailbox, is_within, verified_email
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.provider_identity import ProviderIdentity
from webapp.mail.mailer import Mailer

POLICIES = "open", "domains", "invited", "closed"
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


class NoAccount(Exception):
    """The policy of the provider gives this identity no account."""


@dataclass(frozen=True, slots=True)
class AccountEmail:
    """The e-mail address of a new account."""

    email: str
    is_certain: bool
    """Whether its owner is known, so that no mail has to confirm it."""
    is_invited: bool = False
    """Whether the invitation was mailed there, whatever the provider says."""


@dataclass(frozen=True, slots=True)
class Created:
    user: User
    link: LinkedIdentity


def may_have_account(provider: LoginProvider, identity: ProviderIdentity, *, is_invited: bool) -> bool:
    """Whether the policy gives an identity an account.

    Args:
        is_invited: whether the browser has opened an invitation.
    """
    if is_invited or provider.account_policy == "open":
        return provider.account_policy != "closed"
    email = verified_email(identity)
    is_from_domain = email is not None and is_within(email, provider.account_domains)
    return provider.account_policy == "domains" and is_from_domain


def suggested_name(identity: ProviderIdentity) -> str:
    """A suggestion for the user name, from the one at the provider or the e-mail address."""
    name = identity.username or identity.email
    return NOT_IN_NAMES.sub(".", name.partition("@")[0]).strip("._-")[:50]


def account_email_of(
    db: Session, provider: LoginProvider, identity: ProviderIdentity, invited: Invitation | None
) -> AccountEmail | None:
    """The e-mail address that an account of this identity gets; None for none.

    It is taken over if the provider has verified it, and is certain if the provider is authoritative for it. One that
    the provider has not verified is left out: anybody could have entered it there. The e-mail address to which an
    invitation was mailed comes before all of them.
    """
    if invited is not None and invited.email is not None:
        return AccountEmail(invited.email, is_certain=True, is_invited=True)
    email = verified_email(identity)
    if email is None:
        return None
    return AccountEmail(email, is_certain=is_certain_email(db, provider, email))


def is_certain_email(db: Session, provider: LoginProvider, email: str) -> bool:
    """Whether a verified e-mail address shows who its owner is.

    Not if an account has one that compares as equal here (``user.email_key``) but is another mailbox.
    """
    owner = user_queries.by_name_or_email(db, email)
    is_other = owner is not None and owner.email is not None and not is_same_mailbox(owner.email, email)
    return is_within(email, provider.email_domains) and not is_other


def create(
    db: Session,
    mailer: Mailer,
    provider: LoginProvider,
    identity: ProviderIdentity,
    *,
    username: str,
    invitation: str,
    circumstances: RequestOrigin,
) -> Created:
    """Create the account of an identity, and link them.

    An e-mail address that is certain counts as verified; otherwise a mail asks to confirm it. A registration that
    nobody has confirmed yet is replaced if the user shows that the e-mail address is theirs.

    Args:
        username: as the user chose it.
        invitation: the secret of the invitation that the browser has opened; empty for none.

    Raises:
        NoAccount, LinkDead, LinkedElsewhere, InvalidUserName, UserNameTaken
        EmailTaken: another account has the e-mail address, which the provider is authoritative for.
    """
    if not may_have_account(provider, identity, is_invited=bool(invitation)):
        raise NoAccount
    invited = self_registration.spend(db, invitation) if invitation else None
    account_email = account_email_of(db, provider, identity, invited)
    verified = account_email.email if account_email is not None and account_email.is_certain else None
    if verified is not None:
        self_registration.delete_unconfirmed(db, verified)
    new = NewUser(
        username=username,
        email=verified,
        password_hash="",
        role=invited.role if invited is not None else "user",
        is_verified=verified is not None,
    )
    user = registration.add(db, new, origin="provider")
    user.display_name = display_name_if_fit(identity.name)
    db.flush()
    if account_email is not None and not account_email.is_certain:
        email_change.request(db, mailer, user, account_email.email, circumstances)
    if invited is not None:
        record(db, Event.INVITATION_USED, user_id=user.id, invitation_id=str(invited.id))
    db.refresh(user)
    return Created(user, linking.create(db, provider, identity, user, way="new"))
