"""What the doors call upon: mails, logins, second factors."""

from flask import Flask, request

from webapp.accounts import names
from webapp.accounts.passwords import Passwords
from webapp.core.client_network import network_of
from webapp.core.db import Database
from webapp.core.encryption import Encryptor
from webapp.core.ratelimit import Limit, Limiter, limiter_for
from webapp.guard.assurance import demands_of
from webapp.login.external_identity import identities_for
from webapp.login.flow import LoginFlow
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.login.refresh_grant import RefreshGrant
from webapp.login.second_step import SecondStep
from webapp.login.views import confirm, resume
from webapp.login.views.mfa_hooks import ABOVE
from webapp.mail.mailer import Mailer
from webapp.mail.outbox import Content
from webapp.mail.transport import transport_for
from webapp.mail.worker import MailWorker
from webapp.mfa.webauthn_ceremonies import party_of
from webapp.sessions.lifecycle import SessionLifetimes
from webapp.settings import Settings
from webapp.tokens import refresh_families
from webapp.tokens.exchange import TokenExchange
from webapp.tokens.refresh_secret import RefreshSecrets
from webapp.web import mail_templates


def provide_mail(app: Flask, settings: Settings, database: Database) -> None:
    """The outbox and its sender; ``serve`` starts it, so that a command or a test sends only what it means to."""
    sealer = Encryptor(settings.secret_key, "mail", former=settings.secret_key_fallbacks)
    worker = MailWorker(database, sealer, transport_for(settings.smtp_url, settings.mail_from))

    def render(kind: str, facts: dict[str, object]) -> Content:
        made = mail_templates.render_mail(app, kind, facts)
        return Content(made.subject, made.text, made.html)

    app.extensions["post"] = Mailer(render, sealer, bool(settings.smtp_url), worker.wake)
    app.extensions["mail_worker"] = worker


def provide_login(app: Flask, settings: Settings, database: Database) -> None:
    """What the doors call upon."""
    names.allow_domains(settings.email_special_domains)
    limiter: Limiter = limiter_for(settings, database)
    # Two threads at least are left to everybody else.
    waiting = max(0, settings.threads - settings.hashes_at_once - 2)
    passwords = Passwords(
        settings.hashes_at_once,
        settings.password_minimum,
        waiting=waiting,
        minimum_with_second_factor=settings.password_minimum_with_second_factor,
        demands=demands_of(settings.second_factor_for, settings.passkey_for),
        network=calling_network,
    )
    app.extensions |= {
        "limiter": limiter,
        "passwords": passwords,
        "session_ends": SessionLifetimes(settings.session_idle, settings.session_lifetime, settings.remember_lifetime),
        "login": LoginFlow(
            database,
            limiter,
            passwords,
            identities_for(settings, database, passwords),
            app.extensions["post"],
            by_name=Limit("login-name", settings.login_tries_per_account, settings.login_window),
            by_account=Limit("login-account", settings.login_tries_per_account, settings.login_window),
            by_address=Limit("login-address", settings.login_tries_per_address, settings.login_window),
        ),
    }

    misses = InvalidTokenLimit(limiter, Limit("token-address", settings.login_tries_per_address, settings.login_window))
    app.extensions |= {
        "script_ends": refresh_families.RefreshLifetimes(settings.refresh_lifetime, settings.refresh_family_lifetime),
        "misses": misses,
        "exchange": TokenExchange(app.extensions["issuer"], frozenset(settings.exchange_audiences)),
        "renewal": RefreshGrant(
            database,
            misses,
            app.extensions["issuer"],
            RefreshSecrets.from_secrets(settings.secret_key, *settings.secret_key_fallbacks),
        ),
    }


def calling_network() -> str | None:
    """Of whoever the present request comes from; None outside a request."""
    return network_of(request.remote_addr) if request else None


def provide_second_factors(app: Flask, settings: Settings) -> None:
    """What people have beside the password, and where it is demanded."""
    demands = demands_of(settings.second_factor_for, settings.passkey_for)
    sealer = Encryptor(settings.secret_key, "totp", former=settings.secret_key_fallbacks)
    party = party_of(settings.base_url, settings.site_name)
    step = SecondStep(
        app.extensions["login"],
        sealer,
        party,
        demands,
        by_account=Limit("code-account", settings.login_tries_per_account, settings.login_window),
        by_address=Limit("code-address", settings.login_tries_per_address, settings.login_window),
    )
    app.extensions |= {"demands": demands, "totp_sealer": sealer, "party": party, "second_step": step}
    app.extensions["factors_above"] = ABOVE
    app.jinja_env.globals["ways_to_confirm"] = confirm.ways_to_confirm
    app.extensions["entrance"] = resume.entrance
    app.extensions["form_sealer"] = Encryptor(settings.secret_key, "kept form", former=settings.secret_key_fallbacks)
