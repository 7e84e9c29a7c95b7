"""/account/security: ways to log in, sessions and tokens of the caller, and how to end them."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from flask import render_template, session, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import lifecycle, notices
from webapp.accounts.activity import ActivityEntry, lines
from webapp.accounts.forms import EverythingForm
from webapp.accounts.linked_logins import LinkableProvider, LinkedLogin
from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.views.blueprint import FRESH, bp, me
from webapp.accounts.views.password_refusals import may_use_password
from webapp.accounts.views.request_info import current_circumstances, mailer
from webapp.audit import paging
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import Principal, login_manager, require
from webapp.mfa import resets
from webapp.mfa.factor_list import FactorList, list_factors
from webapp.mfa.views.blueprint import login_methods
from webapp.sessions import trusted_browsers
from webapp.sessions.session_list import SessionEntry, list_sessions
from webapp.sessions.trusted_browsers import TrustedBrowser
from webapp.tokens import script_logins, token_list
from webapp.tokens.script_logins import ScriptLogin
from webapp.tokens.token_list import Token
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json
from webapp.web.templating import day
from webapp.web.transaction import db

RECENT, MAX_TOKENS = 20, 50


class Security(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can act as the caller."""

    password_changed_at: datetime | None
    factors: FactorList
    fresh_until: datetime | None
    """Until when changes need no new confirmation of identity."""
    sessions: list[SessionEntry]
    trusted: list[TrustedBrowser]
    """Browsers where the password is enough."""
    tokens: list[Token]
    """The newest 50."""
    token_count: int
    script_logins: list[ScriptLogin]
    """Scripts that are logged in."""
    identities: list[LinkedLogin]
    """Accounts at identity providers that the caller can log in with."""
    linkable: list[LinkableProvider]
    """Identity providers with which more can be linked."""
    states: dict[str, int]
    """Number of tokens by state."""
    recent: list[ActivityEntry]


@dataclass(frozen=True, slots=True)
class SecurityTask:
    """What the user should do for the security of the account."""

    message: str
    button: str
    href: str


class EverythingEnded(msgspec.Struct, frozen=True):
    sessions: int
    script_logins: int
    """Each with its access and refresh tokens."""
    tokens: int
    """API tokens."""
    tokens_kept: int
    """Always 0: all of them end."""


@bp.get("/account/security")
@require(scope="profile:read")
@responds(Security)
def security(principal: Principal) -> ResponseReturnValue:
    """Ways to log in, sessions, tokens and recent activity of the caller."""
    user, found = me(principal), security_of(principal)
    may_use = may_use_password(user.role)
    todo = task(user, found.factors)
    return show(found, "accounts/security.html", security=found, user=user, task=todo, may_use_password=may_use)


def security_of(principal: Principal) -> Security:
    tokens = token_list.token_page(db(), principal.user_id, is_live=True, size=MAX_TOKENS)
    fresh_until = principal.auth_time + FRESH
    return Security(
        password_changed_at=me(principal).password_changed_at,
        fresh_until=fresh_until if fresh_until > now() else None,
        factors=list_factors(db(), principal.user_id, login_methods(principal)),
        sessions=list_sessions(db(), principal),
        trusted=trusted_browsers.of_user(db(), principal.user_id),
        tokens=tokens.tokens,
        token_count=tokens.total,
        script_logins=script_logins.live(db(), principal.user_id),
        identities=linked_logins(principal),
        linkable=service(NonPasskeyLogins).linked.providers(db()),
        states=dict(tokens.states),
        recent=lines(db(), principal.user_id, paging.event_page(db(), principal.user_id, kind="news", size=RECENT)),
    )


def linked_logins(principal: Principal) -> list[LinkedLogin]:
    """The accounts at identity providers that the caller can log in with, and why one must stay."""
    reason = login_methods(principal).why_keep_identity()
    found = service(NonPasskeyLogins).linked.of_user(db(), principal.user_id)
    return [msgspec.structs.replace(login, keep=reason if login.works else None) for login in found]


def task(user: User, factors: FactorList) -> SecurityTask | None:
    """The most important task, or None."""
    if user.closes_at is not None:
        message = _("Your account is closed and will be deleted.")
        return SecurityTask(message, _("Keep it"), url_for("account.close_form"))
    if user.email is None:
        message = _("You have no e-mail address, so you get no security mails.")
        return SecurityTask(message, _("Add one"), url_for("account.show"))
    if user.email_verified_at is None and mailer().can_mail:
        message = _("%(email)s is not verified.", email=user.email)
        return SecurityTask(message, _("Verify it"), url_for("account.show"))
    if (reset := resets.pending_reset(db(), user.id)) is not None:
        message = _("Your second factors will be reset on %(date)s.", date=day(reset.due_at))
        return SecurityTask(message, _("Review"), url_for("factors.reset_form"))
    if factors.has_second and not factors.recovery_codes.left:
        message = _("You have no recovery codes. Without them, losing your phone locks you out.")
        return SecurityTask(message, _("Create codes"), url_for("factors.recovery_codes_form"))
    if (
        len(factors.passkeys) == 1
        and not factors.has_password
        and not service(NonPasskeyLogins).linked.usable(db(), user.id)
    ):
        message = _("You have only one passkey. Losing it locks you out.")
        return SecurityTask(message, _("Add another"), url_for("factors.new_passkey"))
    return None


@bp.get("/account/security/end-everything")
@require(session=True, fresh_within=FRESH)
def end_everything_form(principal: Principal) -> ResponseReturnValue:
    form = EverythingForm(formdata=None)
    return render_template(
        "accounts/end_everything.html", security=security_of(principal), user=me(principal), form=form
    )


@bp.post("/account/security/end-everything")
@require(session=True, fresh_within=FRESH)
@responds(EverythingEnded, form=EverythingForm)
def end_everything(principal: Principal) -> ResponseReturnValue:
    """End every session, script login and API token of the caller; this session only if `also_this` is true."""
    form = EverythingForm()
    if not form.validate_on_submit():
        raise form.refused()
    user, is_all = me(principal), form.also_this.data
    ended = lifecycle.end_everything(db(), user.id, keep=None if is_all else principal.credential_id)
    notices.everything_ended(db(), mailer(), user, current_circumstances(), ended=ended)
    if is_all:
        login_manager.log_out()
        session.clear()
    message = _("All access to your account was ended.")
    return redirect_or_json(
        url_for("login.new" if is_all else "account.security"),
        f"{message} {ended.sentence}",
        EverythingEnded(**ended.facts),
    )
