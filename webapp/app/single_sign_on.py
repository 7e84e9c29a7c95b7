"""Creates the services of single sign-on: apps that log users in here, identity providers, apps behind a proxy."""

from functools import partial

from flask import Flask

from webapp.accounts.export import AppsOf, IdentitiesOf
from webapp.accounts.views.login_buttons import LoginButtonsFor
from webapp.admin.views.identity_providers.trial import show_trial
from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.keys import KeyRing
from webapp.core.outgoing_http import OutgoingHttp, PrivateHosts
from webapp.federation import declared_providers, linking
from webapp.federation.provider_errors import ProviderErrorLog
from webapp.federation.provider_logins import ProviderLogins
from webapp.federation.providers import ProviderEncryptor, encryptor_for
from webapp.federation.views.buttons import confirm_ways, login_buttons
from webapp.federation.views.logout import next_logout_step
from webapp.federation.views.new_session import attach_provider_session
from webapp.federation.views.trial import TrialFinished
from webapp.forward_auth import app_logins, declared_apps
from webapp.forward_auth.app_settings import host_of_site
from webapp.forward_auth.app_to_open import app_to_open
from webapp.forward_auth.check_counter import CheckCounter
from webapp.forward_auth.checks import ForwardAuth
from webapp.guard.assurance import Demands
from webapp.login.views import hooks
from webapp.oauth import consents
from webapp.oauth.client_errors import ClientErrorLog
from webapp.oauth.fetched_keys import FetchedKeys
from webapp.oauth.grants.token_service import TokenService
from webapp.oauth.logout_worker import LogoutWorker
from webapp.oauth.prompts import PromptStamp
from webapp.oauth.trial_login import TrialLogin
from webapp.oauth.user_codes import UserCodes
from webapp.oauth.views.requesting_app import requesting_app
from webapp.sessions.app_logins import AppLoginsOf
from webapp.settings import Settings
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.refresh_families import RefreshLifetimes
from webapp.tokens.refresh_secret import RefreshSecrets
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import ServiceRegistry, services_of


def provide_authorization_server(app: Flask, settings: Settings) -> None:
    """Register the services of the token endpoint of OAuth."""
    services = services_of(app)
    tokens = TokenService(
        services.get(TokenIssuer),
        services.get(IdTokenKeys),
        lambda: services.get(Catalogue),
        RefreshSecrets.from_secrets(settings.secret_key, *settings.secret_key_fallbacks),
        settings.access_token_lifetime,
        services.get(RefreshLifetimes),
        settings.refresh_overlap,
    )
    services.provide(TokenService)(tokens)
    http = OutgoingHttp(PrivateHosts.of(settings.private_hosts))
    services.provide(LogoutWorker)(LogoutWorker(services.get(Database), tokens, http))
    services.provide(FetchedKeys)(FetchedKeys(http))
    services.provide(ClientErrorLog)(ClientErrorLog(services.get(Database)))
    services.provide(TrialLogin)(TrialLogin(settings.secret_key))
    services.provide(PromptStamp)(PromptStamp(settings.secret_key))
    services.provide(AppsOf)(consents.exported)
    services.provide(UserCodes)(UserCodes(settings.secret_key))


def provide_federation(app: Flask, settings: Settings) -> None:
    """Register the services for logins with other identity providers."""
    services = services_of(app)
    private = PrivateHosts.of(settings.private_hosts)
    services.provide(PrivateHosts)(private)
    http = OutgoingHttp(private)
    # Half of the threads at most: a provider that does not respond must not stop other requests.
    at_once = max(1, settings.threads // 2)
    services.provide(ProviderLogins)(ProviderLogins(settings.secret_key, http, at_once=at_once))
    encryptor = encryptor_for(settings.secret_key, settings.secret_key_fallbacks)
    services.provide(ProviderEncryptor)(encryptor)
    declared_providers.load(services.get(Database), encryptor, private, settings.instance)
    services.provide(ProviderErrorLog)(ProviderErrorLog(services.get(Database)))
    services.provide(LoginButtonsFor)(login_buttons)
    services.provide(IdentitiesOf)(linking.exported)
    services.provide(TrialFinished)(show_trial)
    services.provide(hooks.LoginCompleted)(attach_provider_session)
    services.provide(hooks.ConfirmWaysOf)(confirm_ways)
    services.provide(hooks.NextLogoutStep)(next_logout_step)


def provide_forward_auth(app: Flask, settings: Settings) -> None:
    """Load the declared apps, and register the services that answer reverse proxies."""
    services = services_of(app)
    declared_apps.load(services.get(Database), settings.instance, host_of_site(settings.base_url))
    services.provide(ForwardAuth)(
        ForwardAuth(services.get(Database), services.get(KeyRing), settings.base_url, services.get(Demands))
    )
    services.provide(CheckCounter)(CheckCounter(services.get(Database)))
    services.provide(AppLoginsOf)(app_logins.of_user)
    services.provide(hooks.RequestingAppOf)(partial(app_that_requests_login, services))


def app_that_requests_login(services: ServiceRegistry, target: str) -> hooks.RequestingApp | None:
    name = app_to_open(services.get(ForwardAuth), target)
    return hooks.RequestingApp(name) if name else requesting_app(services.get(Database), target)
