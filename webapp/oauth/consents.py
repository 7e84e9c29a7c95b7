"""Consent of users: what they have allowed which app, and whether they must be asked."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.export import ExportedApp
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.oauth.models import Consent, OAuthClient
from webapp.oauth.request_rules import AuthorizationRequest

ASKS = {"consent", "select_account"}
"""Values of ``prompt`` with which the page is always shown."""


def is_needed(db: Session, auth_request: AuthorizationRequest, user_id: UUID, scopes: Collection[str]) -> bool:
    """Whether the user must be asked before the app gets these scopes."""
    client = auth_request.client
    if auth_request.prompts & ASKS or (client.is_public and not auth_request.redirect_uri.startswith("https://")):
        # Any program on the device can use the client_id of an installed app (RFC 8252 §8.6).
        return True
    if client.is_first_party:
        return False
    consent = db.get(Consent, (user_id, client.id))
    if consent is None or not set(consent.scopes).issuperset(scopes):
        return True
    return not set(consent.resources).issuperset(auth_request.resources)


def give(
    db: Session,
    user_id: UUID,
    client: OAuthClient,
    scopes: Sequence[str],
    *,
    resources: Sequence[str] = (),
    event: Event = Event.APP_ALLOWED,
) -> None:
    """Remember that a user has allowed these scopes at these services, besides those from before."""
    consent = db.get(Consent, (user_id, client.id))
    if consent is None:
        consent = Consent(user_id=user_id, client_id=client.id, scopes=[], resources=[])
        db.add(consent)
    consent.scopes, consent.resources = sorted({*consent.scopes, *scopes}), sorted({*consent.resources, *resources})
    consent.given_at = now()
    details: dict[str, Any] = {"scopes": sorted(scopes)} | ({"audiences": sorted(resources)} if resources else {})
    record(db, event, user_id=user_id, client=str(client.id), name=client.name, **details)


def of_user(db: Session, user_id: UUID) -> Sequence[tuple[Consent, OAuthClient]]:
    """What a user has allowed, by the name of the app."""
    query = select(Consent, OAuthClient).join(OAuthClient, OAuthClient.id == Consent.client_id)
    found = db.execute(query.where(Consent.user_id == user_id).order_by(OAuthClient.name)).all()
    return [(consent, client) for consent, client in found]


def exported(db: Session, user_id: UUID) -> list[ExportedApp]:
    """What a user has allowed, for the export of their data."""
    return [
        ExportedApp(client.id, client.name, list(consent.scopes), list(consent.resources), consent.given_at)
        for consent, client in of_user(db, user_id)
    ]
