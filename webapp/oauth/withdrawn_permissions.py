"""end_withdrawn_permissions(): ends what an app got before a change of its client no longer allows it."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit.log import Event
from webapp.oauth.client_settings import ClientSettings
from webapp.oauth.models import AuthorizationCode, DeviceCode, OAuthClient
from webapp.tokens import refresh_families


def end_withdrawn_permissions(db: Session, client: OAuthClient, former: ClientSettings) -> None:
    """End access tokens, and take scopes from codes. Refresh tokens and pushed requests are checked when they are used.

    Args:
        former: the settings of the client before the change.
    """
    if (client.roles, client.people, client.demanded_level) != (former.roles, former.people, former.demanded_level):
        # The row of each has the roles that its user needs. The next ones are only for users who may still use the app,
        # and for logins that are good enough.
        refresh_families.end_access_tokens_of_client(db, client.id)
    scopes, resources = set(former.scopes) - set(client.scopes), set(former.resources) - set(client.resources)
    if scopes or resources:
        refresh_families.end_access_tokens_of_client(db, client.id, holding=scopes | resources)
    if scopes:
        take_from_codes(db, client, scopes)


def take_from_codes(db: Session, client: OAuthClient, scopes: set[str]) -> None:
    codes = select(AuthorizationCode).where(AuthorizationCode.client_id == client.id)
    devices = select(DeviceCode).where(DeviceCode.client_id == client.id)
    take_from(db, db.scalars(codes.where(AuthorizationCode.used_at.is_(None))), scopes)
    take_from(db, db.scalars(devices.where(DeviceCode.used_at.is_(None))), scopes)


def take_from(db: Session, unused: Iterable[AuthorizationCode | DeviceCode], scopes: set[str]) -> None:
    for row in unused:
        row.scopes = [name for name in row.scopes if name not in scopes]
        if not row.scopes:
            # A device whose user has allowed it has a login already.
            if row.grant_id is not None:
                refresh_families.end(db, row.grant_id, event=Event.APP_ENDED, origin="site")
            db.delete(row)
