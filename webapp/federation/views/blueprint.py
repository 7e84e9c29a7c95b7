"""The blueprint of logins with providers, and what its pages share."""

from flask import Blueprint, current_app, session

from webapp.core.clock import now
from webapp.core.encryption import DecryptionFailed
from webapp.core.translation import _
from webapp.federation import pending_requests, providers
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.models import LoginProvider
from webapp.federation.openid_login import Provider
from webapp.federation.pending_requests import PendingRequest
from webapp.federation.provider_logins import ProviderLogins
from webapp.federation.providers import ProviderEncryptor
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import database

bp = Blueprint("federation", __name__)

SESSION_KEY = "provider_logins"
"""Key of the session cookie."""


def logins() -> ProviderLogins:
    return service(ProviderLogins)


def provider_named(slug: str, *, disabled_too: bool = False) -> LoginProvider:
    """The provider that a URL names. Read in a transaction of its own, because requests to it follow.

    Raises:
        Problem: 404 if there is none that users can log in with.
    """
    with database().read() as reading:
        found = providers.by_slug(reading, slug)
    if found is None:
        raise no_such_provider()
    if not disabled_too:
        refuse_disabled(found)
    return found


def refuse_disabled(row: LoginProvider) -> None:
    if row.disabled_at is not None:
        raise no_such_provider()


def no_such_provider() -> Problem:
    return Problem(404, _("This way to log in does not exist"), _("Go to the login page and choose another one."))


def for_protocol(row: LoginProvider) -> Provider:
    """As ``providers.for_protocol``, with the encryption and base URL of this site.

    Raises:
        LoginFailed: the client secret cannot be read.
    """
    try:
        return providers.for_protocol(row, service(ProviderEncryptor), current_app.config["BASE_URL"])
    except DecryptionFailed as error:
        raise LoginFailed(Check.TOKEN_RESPONSE, "the client secret was encrypted with another secret key") from error


def pending() -> list[PendingRequest]:
    """The logins of this browser that have not come back."""
    return pending_requests.from_cookie(session.get(SESSION_KEY), now())


def store(found: list[PendingRequest]) -> None:
    session[SESSION_KEY] = pending_requests.to_cookie(found)
