"""/device: a user enters the code that a device shows, and allows or refuses it access (RFC 8628 §3.3)."""

from datetime import datetime, timedelta

import msgspec
from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import notices, user_lookup, user_queries
from webapp.accounts.views.request_info import current_circumstances
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.translation import _
from webapp.guard import Principal, require
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.login.views.login_errors import throttled
from webapp.mail.mailer import Mailer
from webapp.oauth import device_codes
from webapp.oauth.forms import DeviceDecisionForm, UserCodeForm
from webapp.oauth.grants.token_service import may_use
from webapp.oauth.models import DeviceCode, OAuthClient
from webapp.oauth.scopes import grantable, sentences
from webapp.oauth.user_codes import UserCodes, normalized, spelled
from webapp.oauth.views.app_access import no_access, unmet_demands
from webapp.oauth.views.blueprint import at_services, bp, token_service
from webapp.oauth.views.discovery import signing_algorithm
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db

# Allowing a device gives it access that lasts longer than this session.
FRESH = timedelta(minutes=10)
GUESSED = Limit("user-code", 10, timedelta(minutes=15))
"""Wrong codes of one user (RFC 8628 §5.1); those of a network count as invalid tokens do."""


class WaitingDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that waits for a decision."""

    app: str
    operator: str
    """Operator of the app; empty if unknown."""
    is_self_registered: bool
    """Whether the app has registered itself, so that no administrator has checked its name."""
    user_code: str
    scopes: list[str]
    sentences: list[str]
    """What the app may know and do."""
    requested_at: datetime
    requested_from: str | None
    """IP address."""


@bp.get("/device")
@require(session=True, fresh_within=FRESH)
@reads("user_code", others=True)
def device_form() -> ResponseReturnValue:
    """The page where people enter the code. A code in its URL is filled in, and looked up only when it is sent."""
    signing_algorithm()
    form = UserCodeForm(formdata=None, data={"user_code": request.args.get("user_code", "")[:20]})
    return make_response(form_page(form))


@bp.post("/device")
@require(session=True, fresh_within=FRESH)
@responds(WaitingDevice, form=UserCodeForm, refuses=(403, 422, 429))
def find_device(principal: Principal) -> ResponseReturnValue:
    """Find the device that waits with a code, to see what it gets."""
    signing_algorithm()
    form = UserCodeForm()
    found = waiting_device(form, principal) if form.validate_on_submit() else None
    if found is None:
        return refuse_form(form, lambda: form_page(form))
    row, client = found
    scopes = allowed_scopes(row, client, principal)
    if (unmet := unmet_demands(client, scopes)) is not None:
        return unmet
    device = WaitingDevice(
        app=client.name,
        operator=client.operator,
        is_self_registered=client.is_self_registered,
        user_code=spelled(normalized(form.user_code.data or "") or ""),
        scopes=scopes,
        sentences=[*sentences(scopes, token_service().catalogue.for_user(db())), *at_services(row.resources)],
        requested_at=row.created_at,
        requested_from=row.ip_address,
    )
    return show(device, "oauth/device_consent.html", device=device)


@bp.post("/device/decision")
@require(session=True, fresh_within=FRESH)
@responds(None, status=204, form=DeviceDecisionForm, refuses=(403, 409, 422, 429))
def decide_device(principal: Principal) -> ResponseReturnValue:
    """Allow the device that waits with a code (``decision`` is ``allow``), or refuse it."""
    signing_algorithm()
    form = DeviceDecisionForm()
    found = waiting_device(form, principal) if form.validate_on_submit() else None
    if found is None:
        return refuse_form(form, lambda: form_page(form))
    is_allowed, scopes = form.decision.data == "allow", list[str]()
    if is_allowed:
        # Before the transaction of the request, because a refusal writes in one of its own.
        scopes = allowed_scopes(*found, principal)
        if (unmet := unmet_demands(found[1], scopes)) is not None:
            return unmet
    row, client = db().get(DeviceCode, found[0].digest), db().get(OAuthClient, found[1].id)
    if row is None or client is None:
        raise decided_meanwhile()
    if not is_allowed:
        if not device_codes.deny(db(), row, client, principal):
            raise decided_meanwhile()
        return redirect_or_json(url_for("oauth.index"), _("The device was not allowed. Nothing was shared with it."))
    if not device_codes.allow(db(), row, client, principal, scopes):
        raise decided_meanwhile()
    user = user_queries.by_id(db(), principal.user_id)
    if user is not None:
        notices.device_allowed(db(), service(Mailer), user, current_circumstances(), app=client.name)
    message = _("%(app)s has access now. Go back to your device: it continues in a few seconds.", app=client.name)
    return redirect_or_json(url_for("oauth.index"), message)


def waiting_device(form: UserCodeForm, principal: Principal) -> tuple[DeviceCode, OAuthClient] | None:
    """The device that waits with the code of a form; None with an error in the form.

    Raises:
        Problem: 429, too many wrong codes were entered.
    """
    limiter, invalid_token_limit = service(Limiter), service(InvalidTokenLimit)
    tries, too_many = limiter.peek(GUESSED, principal.user_id.hex), invalid_token_limit.too_many(request.remote_addr)
    wait = max(tries.retry_after, too_many.retry_after if too_many else timedelta())
    if not tries.allowed or too_many:
        raise throttled(wait)
    if (code := normalized(form.user_code.data or "")) is not None:
        with database().read() as reading:
            found = device_codes.waiting(reading, service(UserCodes), code)
        if found is not None:
            return found
        limiter.take(GUESSED, principal.user_id.hex)
        invalid_token_limit.count(request.remote_addr)
    form.user_code.errors = [
        _("No device is waiting for this code. Codes work for 10 minutes. Start again on the device.")
    ]
    return None


def allowed_scopes(row: DeviceCode, client: OAuthClient, principal: Principal) -> list[str]:
    """The scopes that the user can give the device.

    Raises:
        Problem: 403, the app is not for this user.
    """
    with database().read() as reading:
        user, roles = user_lookup.with_roles(reading, principal.user_id)
        scopes = grantable(
            row.scopes, client, token_service().catalogue.for_user(reading, principal.user_id), principal.roles
        )
        if user is None or not may_use(user, roles, client) or not scopes:
            raise no_access(client, principal)
        return scopes


def decided_meanwhile() -> Problem:
    return Problem(409, _("Somebody has already decided about this device"), _("It was already allowed or refused."))


def form_page(form: UserCodeForm) -> str:
    return render_template("oauth/device.html", form=form)
