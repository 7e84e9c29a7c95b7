"""Connects the guard with session cookies, token authentication and the users' accounts."""

from datetime import datetime
from functools import partial
from uuid import UUID

from flask import Flask, Request, request

from webapp.accounts import notices, user_queries
from webapp.accounts.credential_lookup import credential_lookup
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.token_mails import TokenMails
from webapp.accounts.views.request_info import current_circumstances
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.keys import KeyRing
from webapp.core.translation import _l
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard import current_claims, current_principal, login_manager, preferences, request_guard, token_cookie
from webapp.guard.curl_examples import curl_example_here
from webapp.guard.login_manager import Authenticators
from webapp.guard.principal import CredentialRow, Principal, RenewalLookup, TokenRenewal
from webapp.mail.mailer import Mailer
from webapp.sessions import cookie
from webapp.sessions import views as sessions
from webapp.sessions.rotation import SessionRotation, end_copied
from webapp.settings import Settings
from webapp.tokens.authenticator import TokenAuthenticator
from webapp.tokens.editing import TokenEdited
from webapp.tokens.expired_use import ExpiredUses
from webapp.tokens.expiry_badge import ExpiryBadge
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.owner_notifier import OwnerNotifier
from webapp.tokens.rotation import renewal_of
from webapp.web import after_response
from webapp.web.redirects import current_page_path
from webapp.web.registry import services_of


def init_authentication(app: Flask, settings: Settings, database: Database, keys: IdTokenKeys) -> None:
    """Register the authenticators of sessions and tokens with the guard, and count the uses of credentials."""
    services = services_of(app)
    ring = keys.site
    services.provide(KeyRing)(ring)
    services.provide(IdTokenKeys)(keys)
    services.provide(TokenIssuer)(
        TokenIssuer(ring, settings.base_url, former=settings.former_base_urls, max_tokens=settings.tokens_per_user)
    )
    mails = TokenMails(services.get(Mailer), circumstances)
    usage = UsageTracker(database, mails.new_network)
    services.provide(UsageTracker)(usage)
    services.provide(TokenMails)(mails)
    services.provide(OwnerNotifier)(mails.changed)
    services.provide(TokenEdited)(mails.edited)
    expired_uses = ExpiredUses()

    def count_use(
        credential_row: CredentialRow, request: Request, at: datetime, use: tuple[str, str] | None = None
    ) -> None:
        method, rule = use or (request.method, request.url_rule.rule if request.url_rule else "")
        agent = request.environ.get("HTTP_USER_AGENT")
        if usage.count(credential_row, request.remote_addr, method, rule, agent, at):
            after_response.after_response(usage.flush)

    def report_expired_use(token_id: UUID) -> None:
        if expired_uses.is_news(token_id):
            after_response.after_response_in_context(
                partial(expired_uses.notify, token_id, partial(mail_late, mails, database))
            )

    credential_row = credential_lookup(database)
    rotation = SessionRotation.from_secrets(database, settings.secret_key, *settings.secret_key_fallbacks)

    def former(key: str) -> CredentialRow | None:
        used = cookie.accept_former_secret(rotation, key)
        if used is None or used.is_accepted:
            return credential_row(used.key) if used else None
        mail = partial(end_copied_session, database, services.get(Mailer), used.session_id)
        after_response.after_response_in_context(mail)
        return None

    def renew_session(session: Principal, moment: datetime) -> None:
        cookie.renew(rotation, session, moment, settings.session_idle)

    login_manager.init_app(
        app,
        Authenticators(
            by_session=cookie.session_credential,
            by_token=TokenAuthenticator(ring, issuer=settings.base_url, former=settings.former_base_urls).authenticate,
            credential_row=credential_row,
            count_use=count_use,
            report_expired_use=report_expired_use,
            former=former,
            renew_session=renew_session,
        ),
    )

    def renewal(token_id: UUID) -> TokenRenewal | None:
        with database.read() as db:
            return renewal_of(db, token_id)

    services.provide(RenewalLookup)(renewal)
    app.jinja_env.globals |= {"curl_example_here": curl_example_here, "current_principal": current_principal}
    app.jinja_env.globals["current_claims"] = current_claims
    app.jinja_env.globals |= {"theme": preferences.theme, "zone_name": preferences.zone_name}
    app.jinja_env.globals |= {"current_page_path": current_page_path, "session_end": sessions.session_end}
    app.jinja_env.globals["is_token_due"] = ExpiryBadge(database)
    if "cookie" in settings.locations:
        token_cookie.init_app(app)
    request_guard.init_app(app)


def mail_late(mails: TokenMails, database: Database, token_id: UUID) -> None:
    with database.write() as db:
        mails.used_after_expiry(db, token_id, current_circumstances())


def end_copied_session(database: Database, mailer: Mailer, session_id: UUID) -> None:
    with database.write() as db:
        user_id = end_copied(db, session_id)
        if user_id is not None and (user := user_queries.by_id(db, user_id)) is not None:
            notices.session_copied(db, mailer, user, current_circumstances())


def circumstances() -> RequestOrigin:
    return current_circumstances() if request else RequestOrigin(now(), None, _l("the command line"))
