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
    """The settings that determine the subject of a user: kind, issuer, claim and endpoint."""
    subject, userinfo = row.claim_names.get("sub", "sub"), row.endpoints.get("userinfo_endpoint", "")
    return row.kind, row.issuer, subject, userinfo


def login_settings(row: LoginProvider) -> tuple[str, ...]:
    """``subject_settings``, and the client ID that a login is for."""
    return *subject_settings(row), row.client_id


def login_mark(row: LoginProvider) -> str:
    """A short digest of ``login_settings``, to detect that they have changed."""
    return digest(repr((row.id.hex, *login_settings(row))))[:SHOWN].hex()


def refuse_other_subjects(db: Session, row: LoginProvider, former: tuple[str, ...]) -> None:
    """Refuse changes by which users of a provider with linked accounts would be taken for other users.

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
    """Refuse an issuer that another provider has: subjects are unique only within one.

    Raises:
        InvalidProvider: another provider has this issuer.
    """
    same = LoginProvider.issuer == row.issuer, LoginProvider.id != row.id
    other = db.scalar(select(LoginProvider.name).where(*same).limit(1))
    if other is not None:
        raise InvalidProvider(_("The provider %(name)s has this issuer already.", name=other))


def forget_waiting(db: Session, row: LoginProvider) -> None:
    """End the first logins that wait for a decision, because the provider may now identify other users."""
    db.execute(delete(WaitingIdentity).where(WaitingIdentity.provider_id == row.id))
