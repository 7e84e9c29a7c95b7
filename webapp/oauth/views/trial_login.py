"""The part of a trial login that the authorization endpoint and the page of the administrator share."""

from uuid import UUID

from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.credentials import sids
from webapp.guard import Principal
from webapp.oauth import clients
from webapp.oauth.request_rules import Destination, Parameters, first
from webapp.oauth.trial_login import Trial, TrialLogin, callback_of
from webapp.oauth.views.blueprint import issuer
from webapp.web.registry import service


def trial_of(db: Session, client_id: UUID, state: str, principal: Principal) -> Trial | None:
    """The trial login with this ``state``, if it is of this app and of the session of the request."""
    sid = sids.sid_of(db, principal.credential_id) if principal.credential == "session" else None
    return service(TrialLogin).resume(state, client_id, sid, now()) if sid is not None else None


def trial_destination(db: Session, request_parameters: Parameters) -> Destination | None:
    """The redirect URI of a trial login, if the request is one; else None."""
    client, state = clients.find(db, first(request_parameters, "client_id")), first(request_parameters, "state") or ""
    if client is None or request_parameters.get("redirect_uri") != [callback_of(issuer(), client.id)]:
        return None
    principal: Principal = current_user._get_current_object()
    if not principal.is_authenticated or trial_of(db, client.id, state, principal) is None:
        return None
    return Destination(client, callback_of(issuer(), client.id), state)
