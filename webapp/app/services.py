"""Creates the services and registers each by its type: mail, login, token grants, second factors, scopes."""

from uuid import UUID

from flask import Flask, request
from sqlalchemy.orm import Session

from webapp.accounts import mail_requests, names, user_queries
from webapp.accounts.mail_requests import MailRequests
from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.accounts.passwords import Passwords
from webapp.accounts.views.first_login import FirstLogin
from webapp.core.client_network import network_of
from webapp.core.db import Database
from webapp.core.ratelimit import Limit, Limiter, limiter_for
from webapp.core.translation import DEFAULT
from webapp.federation.linked_logins import LINKED_LOGINS
from webapp.forward_auth.app_scopes import app_scopes, is_app_scope
from webapp.guard import preferences
from webapp.guard.assurance import Demands, demands_of
from webapp.guard.resources import DECLARED
from webapp.guard.routes import guarded
from webapp.guard.saved_form import FORMS, FormEncryptor
from webapp.guard.unauthenticated import ConfirmMethods, LoginPageRenderer
from webapp.login.flow import LoginFlow
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.login.password_backends import password_authenticator_for
from webapp.login.refresh_grant import RefreshGrant
from webapp.login.second_step import SecondStep
from webapp.login.views import confirm, login, resume
from webapp.login.views.mfa_hooks import MFA_HOOKS
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.mail.outbox import Content
from webapp.mail.transport import transport_for
from webapp.mail.worker import MailWorker
from webapp.mfa import totp
from webapp.mfa.relying_party import RelyingParty, party_of
from webapp.mfa.totp import TotpEncryptor
from webapp.mfa.views.blueprint import MfaHooks
from webapp.sessions.lifecycle import SessionLifetimes
from webapp.settings import Settings, SettingsError
from webapp.tokens.exchange import TokenExchange
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.refresh_families import RefreshLifetimes
from webapp.tokens.refresh_secret import RefreshSecrets
from webapp.tokens.scopes import Catalogue
from webapp.web import i18n, mail_templates
from webapp.web.registry import services_of


def provide_mail(app: Flask, settings: Settings, database: Database) -> None:
    """Register the outbox and its worker. ``serve`` starts the worker, so that commands send no waiting mails."""
    services = services_of(app)
    encryptor = outbox.CONTENTS.encryptor(settings)
    worker = MailWorker(database, encryptor, transport_for(settings.smtp_url, settings.mail_from, settings.host))

    def render(db: Session, user_id: UUID | None, kind: str, facts: dict[str, object]) -> Content:
        user = user_queries.by_id(db, user_id) if user_id else None
        zone = user.time_zone if user else "UTC"
        mail = mail_templates.render_mail(app, kind, facts, language_of(user, user_id), zone)
        return Content(mail.subject, mail.text, mail.html)

    services.provide(Mailer)(Mailer(render, encryptor, bool(settings.smtp_url), worker.wake))
    services.provide(MailWorker)(worker)


def language_of(user: User | None, user_id: UUID | None) -> str:
    """The language of a mail: that of the recipient's account, else of the request if it is their own, else English."""
    if user is not None and user.language != i18n.AUTOMATIC:
        return user.language
    caller = preferences.caller_id()
    return i18n.requested() if caller in (None, user_id) else DEFAULT


def provide_login(app: Flask, settings: Settings, database: Database) -> None:
    """Register rate limits, password hashing, session lifetimes and the login by name and password."""
    services = services_of(app)
    names.configure(settings.email_special_domains, email_user_names=settings.email_user_names)
    limiter: Limiter = limiter_for(settings, database)
    # At least two threads are left for other requests.
    waiting = max(0, settings.threads - settings.hashes_at_once - 2)
    passwords = Passwords(
        settings.hashes_at_once,
        settings.password_minimum,
        waiting=waiting,
        minimum_with_second_factor=settings.password_minimum_with_second_factor,
        demands=demands_of(settings.second_factor_for, settings.passkey_for),
        flask_security_salt=settings.flask_security_password_salt,
        network=calling_network,
    )
    lifetimes = SessionLifetimes(settings.session_idle, settings.session_lifetime, settings.remember_lifetime)
    password_login = PasswordLoginPolicy(settings.password_login)
    flow = LoginFlow(
        database,
        limiter,
        passwords,
        password_authenticator_for(settings, database, passwords),
        services.get(Mailer),
        password_login,
        by_name=Limit("login-name", settings.login_tries_per_account, settings.login_window),
        by_account=Limit("login-account", settings.login_tries_per_account, settings.login_window),
        by_network=Limit("login-network", settings.login_tries_per_network, settings.login_window),
    )
    services.provide(Limiter)(limiter)
    services.provide(Passwords)(passwords)
    services.provide(SessionLifetimes)(lifetimes)
    services.provide(LoginFlow)(flow)
    services.provide(NonPasskeyLogins)(NonPasskeyLogins(password_login, LINKED_LOGINS))
    contents = mail_requests.CONTENTS.encryptor(settings)
    services.provide(MailRequests)(MailRequests(database, contents, services.get(Mailer), limiter, password_login))


def provide_token_grants(app: Flask, settings: Settings, database: Database) -> None:
    """Register logins by script with their refresh tokens, token exchange, and the limit of invalid tokens."""
    services = services_of(app)
    issuer, per_network = services.get(TokenIssuer), settings.login_tries_per_network
    invalid_token_limit = InvalidTokenLimit(
        services.get(Limiter), Limit("token-network", per_network, settings.login_window)
    )
    secrets = RefreshSecrets.from_secrets(settings.secret_key, *settings.secret_key_fallbacks)
    services.provide(RefreshLifetimes)(RefreshLifetimes(settings.refresh_lifetime, settings.refresh_family_lifetime))
    services.provide(InvalidTokenLimit)(invalid_token_limit)
    services.provide(TokenExchange)(TokenExchange(issuer, frozenset(settings.exchange_audiences)))
    services.provide(RefreshGrant)(
        RefreshGrant(database, invalid_token_limit, issuer, secrets, settings.refresh_overlap)
    )


def calling_network() -> str | None:
    """The network that the present request comes from; None outside a request."""
    return network_of(request.remote_addr) if request else None


def provide_second_factors(app: Flask, settings: Settings) -> None:
    """Register second factors, passkeys and step-up, and where the settings require them."""
    services = services_of(app)
    demands = demands_of(settings.second_factor_for, settings.passkey_for)
    encryptor = totp.encryptor_for(settings)
    party = party_of(settings.base_url, settings.site_name, settings.former_base_urls)
    step = SecondStep(
        services.get(LoginFlow),
        encryptor,
        party,
        demands,
        by_account=Limit("code-account", settings.login_tries_per_account, settings.login_window),
        by_network=Limit("code-network", settings.login_tries_per_network, settings.login_window),
    )
    services.provide(Demands)(demands)
    services.provide(TotpEncryptor)(encryptor)
    services.provide(RelyingParty | None)(party)
    services.provide(SecondStep)(step)
    services.provide(MfaHooks)(MFA_HOOKS)
    app.jinja_env.globals |= {
        "ways_to_confirm": confirm.step_up_methods,
        "providers_to_confirm": confirm.providers_to_confirm,
        "passkey_hosts": confirm.passkey_hosts,
    }
    services.provide(ConfirmMethods)(confirm.confirm_methods)
    services.provide(LoginPageRenderer)(resume.login_page_for_saved_form)
    services.provide(FirstLogin)(login.log_in_new_user)
    services.provide(FormEncryptor)(FormEncryptor(FORMS.encryptor(settings)))


def provide_scopes(app: Flask) -> None:
    """Register the scopes of all routes: after all blueprints, because each adds some, and again after each late route.

    Raises:
        SettingsError: WEBAPP_SECOND_FACTOR_FOR or WEBAPP_PASSKEY_FOR name a scope that no route has. Apps can be
            named before they are added.
    """
    services = services_of(app)
    catalogue = Catalogue(guarded(app), DECLARED, app_scopes)
    services.replace(Catalogue)(catalogue)
    required_scopes = {name for name in services.get(Demands).scopes if not is_app_scope(name)}
    if unknown := sorted(required_scopes - catalogue.scopes.keys()):
        raise SettingsError(
            f"WEBAPP_SECOND_FACTOR_FOR or WEBAPP_PASSKEY_FOR name a scope that no route has: {unknown[0]}."
        )
