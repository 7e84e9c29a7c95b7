"""Settings of a provider that decide who a subject is: what may not change while links and logins depend on them."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.core.digests import digest
from webapp.core.translation import _
from webapp.federation.models import LinkedIdentity, LoginProvider, WaitingIdentity
from webapp.federation.provider_settings import InvalidProvider

SHOWN = 8
"""Bytes of the digest in the cookie of a browser."""


def subject_settings(row: LoginProvider) -> tuple[str, ...]:
    """By whom, and from what, the subject of a user is read."""
    subject, userinfo = row.claim_names.get("sub", "sub"), row.endpoints.get("userinfo_endpoint", "")
    return row.kind, row.issuer, subject, userinfo


def login_settings(row: LoginProvider) -> tuple[str, ...]:
    """The same, and the client that a login is for."""
    return *subject_settings(row), row.client_id


def login_mark(row: LoginProvider) -> str:
    """A short text that is another one after ``login_settings`` have changed."""
    return digest(repr((row.id.hex, *login_settings(row))))[:SHOWN].hex()


def refuse_other_subjects(db: Session, row: LoginProvider, former: tuple[str, ...]) -> None:
    """A provider with linked accounts keeps saying who is who in the same way; else its users could become others.

    Args:
        former: its ``subject_settings`` before the change.

    Raises:
        InvalidProvider
    """
    if subject_settings(row) == former or not has_people(db, row):
        return
    if row.issuer not in former:
        raise InvalidProvider(
            _("Accounts are linked to this provider by its issuer, so it stays. Add another provider instead.")
        )
    raise InvalidProvider(
        _("Accounts are linked to this provider, so its userinfo endpoint and its claim for sub stay as they are.")
    )


def has_people(db: Session, row: LoginProvider) -> bool:
    linked = select(LinkedIdentity.id).where(LinkedIdentity.provider_id == row.id)
    return db.scalar(linked.limit(1)) is not None


def refuse_same_issuer(db: Session, row: LoginProvider) -> None:
    """
    Raises:
        InvalidProvider: another provider has this issuer.
    """
    same = LoginProvider.issuer == row.issuer, LoginProvider.id != row.id
    other = db.scalar(select(LoginProvider.name).where(*same).limit(1))
    if other is not None:
        raise InvalidProvider(_("The provider %(name)s has this issuer already.", name=other))


def forget_waiting(db: Session, row: LoginProvider) -> None:
    """End the first logins that wait for a decision, because the provider now is another one."""
    db.execute(delete(WaitingIdentity).where(WaitingIdentity.provider_id == row.id))
