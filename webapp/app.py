"""create_app(settings): puts the parts together, decides nothing."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from flask import Flask, Request, request

from webapp.accounts import closing, links, lost_factors, names, sign_up
from webapp.accounts.arrival import NoPlace
from webapp.accounts.notices import Here
from webapp.accounts.passwords import Passwords, TooBusy
from webapp.accounts.standing import standing_of
from webapp.accounts.token_mails import TokenMails
from webapp.accounts.views import account, not_me, not_my_token, recovery, registration, setup, strength, verification
from webapp.accounts.views.surroundings import here
from webapp.admin.views import audit as admin_audit
from webapp.admin.views import house as admin_house
from webapp.admin.views import invitations, mail
from webapp.admin.views import roles as admin_roles
from webapp.admin.views import users as admin_users
from webapp.audit import log
from webapp.audit.log import Origin
from webapp.chores.rota import Chore
from webapp.chores.worker import Worker as ChoreWorker
from webapp.credentials import purging
from webapp.credentials.usage import Meter
from webapp.dashboard import views as dashboard
from webapp.examples import views as examples
from webapp.guard import current_claims, current_principal, doorkeeper, loader, preferences, token_cookie, waiting
from webapp.guard.assurance import Demands, demands_of
from webapp.guard.loader import Doors
from webapp.guard.offers import offer_here
from webapp.guard.principal import Standing
from webapp.guard.resources import DECLARED
from webapp.guard.routes import guarded
from webapp.kernel import ratelimit_storage
from webapp.kernel.clock import now
from webapp.kernel.cookie_key import CookieKey
from webapp.kernel.db import Database, existing
from webapp.kernel.keys import KeyRing, ring_for
from webapp.kernel.ratelimit import Limit, Limiter, limiter_for
from webapp.kernel.sealing import Sealer
from webapp.login.elsewhere import Unreachable, identities_for
from webapp.login.flow import Flow
from webapp.login.misses import Misses
from webapp.login.renewal import Renewal
from webapp.login.second_step import SecondStep
from webapp.login.views import api, confirming, pages, resuming
from webapp.login.views.api import leaving as api_leaving
from webapp.login.views.for_factors import ABOVE
from webapp.login.views.refusals import no_place, too_busy, unreachable
from webapp.mail.outbox import Content
from webapp.mail.post import Post
from webapp.mail.transport import transport_for
from webapp.mail.worker import Worker
from webapp.mfa.ceremonies import party_of
from webapp.mfa.views import pages as factor_pages
from webapp.sessions import cookie
from webapp.sessions import views as sessions
from webapp.sessions.lifecycle import Ends
from webapp.settings import Settings, SettingsError
from webapp.site import views as site
from webapp.tokens import families
from webapp.tokens import views as tokens
from webapp.tokens.authenticator import Authenticator
from webapp.tokens.due import Due
from webapp.tokens.exchange import Exchange
from webapp.tokens.late import Late
from webapp.tokens.lifecycle import Issuer, TooMany
from webapp.tokens.scopes import Catalogue
from webapp.tokens.succession import Succession
from webapp.web import after, assets, csrf, headers, letters, logs, problems, proxy, templating, transaction
from webapp.web.application import Application
from webapp.web.request_id import request_id
from webapp.web.templating import House

ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; without ``settings``, from the environment."""
    settings = settings or Settings.from_env()
    app = Application(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        instance_path=str(settings.instance),
    )
    configure(app, settings)
    database, ring = Database(existing(settings.database)), ring_for(settings)
    furnish(app, settings, database)
    post_office(app, settings, database)
    admit(app, settings, database, ring)
    employ(app, settings, database)
    second_factors(app, settings)
    keep_house(app, settings, database)
    for room in (site, setup, account, pages, api, dashboard, sessions, tokens, factor_pages, examples):
        app.register_blueprint(room.bp)
    for room in (admin_house, admin_users, admin_roles, admin_audit):
        app.register_blueprint(room.bp)
    for room in (registration, verification, recovery, not_me, not_my_token, strength, invitations, mail):
        app.register_blueprint(room.bp)
    app.register_error_handler(TooBusy, too_busy)
    app.register_error_handler(Unreachable, unreachable)
    app.register_error_handler(NoPlace, no_place)
    app.register_error_handler(TooMany, tokens.too_many)
    app.extensions["catalogue"] = catalogue = Catalogue(guarded(app), DECLARED)
    refuse_unknown_scopes(app.extensions["demands"], catalogue)
    app.extensions["settings"] = settings
    return app


def refuse_unknown_scopes(demands: Demands, catalogue: Catalogue) -> None:
    """
    Raises:
        SettingsError: a demand that is misspelt would be none.
    """
    if unknown := sorted(demands.scopes.keys() - catalogue.scopes.keys()):
        raise SettingsError(
            f"WEBAPP_SECOND_FACTOR_FOR or WEBAPP_PASSKEY_FOR name a scope that no route has: {unknown[0]}."
        )


def close(app: Flask) -> None:
    """Write what waits and let the database go, as the end of the process would."""
    app.extensions["meter"].close()
    app.extensions["database"].close()


def configure(app: Flask, settings: Settings) -> None:
    is_https = settings.cookie_secure
    app.config |= {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "SESSION_COOKIE_NAME": "__Host-session" if is_https else "session",
        "SESSION_COOKIE_SECURE": is_https,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": settings.remember_lifetime,
        "MAX_CONTENT_LENGTH": settings.body_limit,
        "MAX_FORM_MEMORY_SIZE": settings.body_limit,
        "MAX_FORM_PARTS": 100,
        "BASE_URL": settings.base_url,
        "HOUSE_NAME": settings.house_name,
        "DPOP_WINDOW": settings.dpop_window,
        "TOKEN_LOCATIONS": settings.locations,
        "TOKEN_LIFETIME_MAX": settings.token_lifetime_max,
        "TOKEN_NEVER_EXPIRES": settings.token_never_expires,
        "API_TOKEN_LIFETIME": settings.api_token_lifetime,
        "REGISTRATION": settings.registration,
        "CAN_MAIL": bool(settings.smtp_url),
        "IDENTITY_PROVIDER": settings.identity_provider,
        "FACTOR_RESET_WAIT": settings.factor_reset_wait,
        "TRUST_BROWSERS": settings.trust_browsers,
        "TRUST_LIFETIME": settings.trust_lifetime,
    }


def furnish(app: Flask, settings: Settings, database: Database) -> None:
    """The web's own furniture. What answers is finished in the opposite order: the transaction first."""
    logs.init_app(app, as_json=settings.log_json, level=settings.log_level)
    log.origin_of[0] = origin
    proxy.init_app(app, settings.trusted_proxies)
    assets.init_app(app, ROOT / "static")
    templating.init_app(app, House(settings.house_name, settings.base_url), preferences.zone)
    problems.init_app(app)
    csrf.init_app(app)
    headers.init_app(app)
    transaction.init_app(app, database)
    cookie.init_app(app, CookieKey(settings))


def admit(app: Flask, settings: Settings, database: Database, ring: KeyRing) -> None:
    """The guard, told from upstairs how a cookie and a token name a credential, and in what standing it is."""
    app.extensions |= {"keys": ring, "issuer": Issuer(ring, settings.base_url, most=settings.tokens_per_user)}
    mails = TokenMails(app.extensions["post"], circumstances)
    app.extensions["meter"] = meter = Meter(database, mails.arrived)
    app.extensions |= {"token_mails": mails, "tell_owner": mails.deed}
    app.extensions["told_of_edits"] = [lambda db, row, edited: mails.edited(db, row, is_wider=edited.is_wider)]
    latecomers = Late()

    def seen(standing: Standing, asked: Request) -> None:
        rule = asked.url_rule.rule if asked.url_rule else ""
        if meter.count(standing, asked.remote_addr, asked.method, rule, asked.environ.get("HTTP_USER_AGENT")):
            after.answer(meter.flush)

    def late(token_id: UUID) -> None:
        if latecomers.is_news(token_id):
            after.answer_unseen(partial(latecomers.tell, token_id, partial(mail_late, mails, database)))

    loader.init_app(
        app,
        Doors(
            by_session=cookie.named,
            by_token=Authenticator(ring, issuer=settings.base_url).recognise,
            standing=standing_of(database),
            seen=seen,
            late=late,
        ),
    )
    app.jinja_env.globals |= {"offer_here": offer_here, "current_principal": current_principal}
    app.jinja_env.globals["current_claims"] = current_claims
    app.jinja_env.globals |= {"theme": preferences.theme, "zone_name": preferences.zone_name}
    app.jinja_env.globals |= {"session_end": sessions.session_end, "is_token_due": Due(database)}
    if "cookie" in settings.locations:
        token_cookie.init_app(app)
        app.register_blueprint(api_leaving.bp)
    doorkeeper.init_app(app)


def mail_late(mails: TokenMails, database: Database, token_id: UUID) -> None:
    with database.write() as db:
        mails.came_late(db, token_id, here())


def post_office(app: Flask, settings: Settings, database: Database) -> None:
    """The outbox and its sender; ``serve`` starts it, so that a command or a test sends only what it means to."""
    sealer = Sealer(settings.secret_key, "mail", former=settings.secret_key_fallbacks)
    worker = Worker(database, sealer, transport_for(settings.smtp_url, settings.mail_from))

    def render(kind: str, facts: dict[str, object]) -> Content:
        made = letters.letter(app, kind, facts)
        return Content(made.subject, made.text, made.html)

    app.extensions["post"] = Post(render, sealer, worker.wake)
    app.extensions["mail_worker"] = worker


def employ(app: Flask, settings: Settings, database: Database) -> None:
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
    )
    app.extensions |= {
        "limiter": limiter,
        "passwords": passwords,
        "session_ends": Ends(settings.session_idle, settings.session_lifetime, settings.remember_lifetime),
        "login": Flow(
            database,
            limiter,
            passwords,
            identities_for(settings, database, passwords),
            app.extensions["post"],
            by_account=Limit("login-account", settings.login_tries_per_account, settings.login_window),
            by_address=Limit("login-address", settings.login_tries_per_address, settings.login_window),
        ),
    }

    misses = Misses(limiter, Limit("token-address", settings.login_tries_per_address, settings.login_window))
    app.extensions |= {
        "script_ends": families.Ends(settings.refresh_lifetime, settings.refresh_family_lifetime),
        "misses": misses,
        "exchange": Exchange(app.extensions["issuer"], frozenset(settings.exchange_audiences)),
        "renewal": Renewal(
            database,
            misses,
            app.extensions["issuer"],
            Succession.from_secrets(settings.secret_key, *settings.secret_key_fallbacks),
        ),
    }


def second_factors(app: Flask, settings: Settings) -> None:
    """What people have beside the password, and where it is demanded."""
    demands = demands_of(settings.second_factor_for, settings.passkey_for)
    sealer = Sealer(settings.secret_key, "totp", former=settings.secret_key_fallbacks)
    party = party_of(settings.base_url, settings.house_name)
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
    app.jinja_env.globals["ways_to_confirm"] = confirming.ways_to_confirm
    app.extensions["entrance"] = resuming.entrance
    app.extensions["form_sealer"] = Sealer(settings.secret_key, "kept form", former=settings.secret_key_fallbacks)


def keep_house(app: Flask, settings: Settings, database: Database) -> None:
    """What must be done now and then; ``serve`` starts the worker, and whichever process comes first does a chore."""
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    mails: TokenMails = app.extensions["token_mails"]
    chores = (
        Chore("forget closed accounts", day, closing.forget_due),
        Chore("forget unverified accounts", day, sign_up.forget_unverified),
        Chore("purge ended credentials", day, partial(purging.purge, kept=settings.ended_kept)),
        Chore("reset second factors", minute, partial(lost_factors.carry_out_due, post=app.extensions["post"])),
        Chore("tell of tokens that end soon", day, mails.expiring),
        Chore("tell of tokens that nothing uses", day, mails.unused),
        Chore("purge counted uses", day, purging.purge_uses),
        Chore("purge dead links", day, links.purge),
        Chore("purge kept forms", hour, waiting.purge),
        Chore("purge limits", hour, ratelimit_storage.purge),
    )
    app.extensions |= {"chores": chores, "chore_worker": ChoreWorker(database, chores)}


def circumstances() -> Here:
    return here() if request else Here(now(), None, "the command line")


def origin() -> Origin:
    """Where what happens now comes from; empty outside a request."""
    return Origin(request.remote_addr, request_id()) if request else Origin()
