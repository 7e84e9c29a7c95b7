"""The blueprint of the pages of apps, and what they share."""

from uuid import UUID

from flask import Blueprint

from webapp.core.translation import _
from webapp.oauth import clients
from webapp.oauth.models import OAuthClient
from webapp.web.problems import Problem
from webapp.web.transaction import db

bp = Blueprint("admin_clients", __name__)

# An app can act as its users, so apps are registered by those who may also make roles.


def client_of(client_id: UUID) -> OAuthClient:
    client = clients.by_id(db(), client_id)
    if client is None:
        raise Problem(404, _("App not found"), _("It does not exist or was removed."))
    return client
