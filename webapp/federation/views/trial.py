"""Test logins: an administrator logs in at a provider to see whether it works; nobody is logged in here by it."""

from typing import Protocol

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.core.clock import now
from webapp.federation import pending_requests
from webapp.federation.checks import LoginFailed
from webapp.federation.models import LoginProvider
from webapp.federation.openid_login import AuthorizationResponse
from webapp.federation.pending_requests import PendingRequest
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.subject_settings import login_mark
from webapp.federation.views.blueprint import for_protocol, logins, pending, store
from webapp.federation.views.failures import unknown_login
from webapp.guard import Principal
from webapp.web.registry import service


class TrialFinished(Protocol):
    """Hook: shows how a trial login ended."""

    def __call__(self, row: LoginProvider, result: ProviderIdentity | LoginFailed, /) -> ResponseReturnValue: ...


def begin_trial(row: LoginProvider, principal: Principal) -> ResponseReturnValue:
    """Send the browser to a provider, disabled or not.

    Raises:
        LoginFailed
    """
    # A test shows the present metadata, not those of an hour ago.
    logins().openid.metadata.forget(row.issuer)
    pending_request = pending_requests.begin(
        row.slug, "test", "", now(), user=principal.user_id.hex, mark=login_mark(row)
    )
    url, pending_request = logins().begin(for_protocol(row), pending_request)
    store([*pending(), pending_request])
    return redirect(url, 303)


def finish_trial(
    row: LoginProvider, pending_request: PendingRequest, response: AuthorizationResponse
) -> ResponseReturnValue:
    """Finish the test login of an administrator and show its report; nobody is logged in by it.

    Raises:
        Problem: somebody else is logged in by now.
    """
    principal: Principal = current_user
    if (
        not principal.is_authenticated
        or principal.credential != "session"
        or principal.user_id.hex != pending_request.user
    ):
        raise unknown_login()
    try:
        result: ProviderIdentity | LoginFailed = logins().finish(for_protocol(row), pending_request, response, now())
    except LoginFailed as error:
        result = error
    return service(TrialFinished)(row, result)
