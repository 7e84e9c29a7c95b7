"""Settings: every setting with its type, default and meaning."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from webapp.settings import brand, checks, manual, private_files, sources, urls
from webapp.settings.fields import PREFIX, Secret, fields_of
from webapp.settings.observability import ObservabilitySettings
from webapp.settings.paths import INSTANCE
from webapp.settings.types import Network, PasswordLoginMode, Registration, SigningAlgorithm


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings(ObservabilitySettings):
    """All settings of the site, read once, by ``from_env``. Built directly, as in tests, the same rules apply."""

    instance: Annotated[Path, "Instance folder: database, keys and config.toml; cannot be set in that file."] = INSTANCE
    bind: Annotated[str, "IP address and port to listen on."] = "127.0.0.1:8000"
    base_url: Annotated[
        str,
        "Public URL of this site, which may have a path; empty means http://localhost and the port of WEBAPP_BIND.",
    ] = ""
    allow_plain_http: Annotated[
        bool, "Whether the base URL may be http:// for other machines; everybody on the network can read passwords."
    ] = False
    former_base_urls: Annotated[
        tuple[str, ...], "Former values of WEBAPP_BASE_URL, whose tokens and passkeys still work; the newest first."
    ] = ()
    database_url: Annotated[str, "SQLite or PostgreSQL; empty means latchkey.db in the instance folder.", Secret] = ""
    valkey_url: Annotated[str, "Valkey server for counts that may be lost; empty means the database.", Secret] = ""
    secret_key: Annotated[str, "Signs cookies and forms, encrypts stored secrets; at least 32 random bytes.", Secret]
    secret_key_fallbacks: Annotated[tuple[str, ...], "Former secret keys, still accepted.", Secret] = ()
    signing_key: Annotated[
        str,
        "PEM keys that sign and verify tokens, the first one signs; empty means created at the first start.",
        Secret,
    ] = ""
    signing_algorithm: Annotated[SigningAlgorithm, "Signature algorithm of new signing keys."] = "ES256"
    session_idle: Annotated[timedelta, "A session ends after this long without a request."] = timedelta(hours=12)
    session_lifetime: Annotated[timedelta, "Longest lifetime of a session."] = timedelta(days=7)
    remember_lifetime: Annotated[timedelta, 'Longest lifetime of a session with "keep me logged in".'] = timedelta(
        days=30
    )
    token_lifetime_max: Annotated[timedelta, "Longest lifetime of an API token."] = timedelta(days=365)
    token_never_expires: Annotated[bool, "Whether a token may have no expiry; a reason is required and stored."] = False
    tokens_per_user: Annotated[int, "API tokens and script logins per user at a time."] = 1000
    access_token_lifetime: Annotated[timedelta, "Lifetime of an access token, for apps too."] = timedelta(hours=1)
    ended_kept: Annotated[timedelta, "Ended sessions and tokens are deleted after this long."] = timedelta(days=90)
    refresh_lifetime: Annotated[timedelta, "A refresh token expires after this long."] = timedelta(days=14)
    refresh_overlap: Annotated[timedelta, "A used refresh token gets the same successor again for this long."] = (
        timedelta(seconds=30)
    )
    refresh_family_lifetime: Annotated[timedelta, "A script has to log in again after this long."] = timedelta(days=90)
    dpop_window: Annotated[timedelta, "Largest clock difference of a DPoP proof."] = timedelta(minutes=1)
    exchange_audiences: Annotated[tuple[str, ...], "Audiences for token exchange; empty means none."] = ()
    token_locations: Annotated[tuple[str, ...], "Where tokens are accepted: header, query, cookie."] = ("header",)
    cors_origins: Annotated[
        tuple[str, ...], "Origins whose pages may send tokens from a browser, such as https://app.example.org."
    ] = ()
    token_in_query: Annotated[bool, "Also accepts ?token= for GET; URLs end up in logs."] = False
    smtp_url: Annotated[str, "Mail server: smtp://, smtp+starttls:// or smtps://; empty: only the log.", Secret] = ""
    mail_from: Annotated[str, "Sender of mails (From); empty means latchkey@ and the host of the base URL."] = ""
    registration: Annotated[Registration, "Who can create an account: open, invite or closed."] = "invite"
    email_special_domains: Annotated[
        tuple[str, ...], "Special-use domains, such as local, accepted in e-mail addresses."
    ] = ()
    email_user_names: Annotated[
        bool, "Whether operators and identity providers may give user names that are e-mail addresses."
    ] = False
    hsts_subdomains: Annotated[bool, "Whether browsers must use HTTPS for all subdomains of this host too."] = False
    trusted_proxies: Annotated[
        tuple[Network, ...], "Proxies whose X-Forwarded-* or Forwarded headers are trusted: networks or IP addresses."
    ] = ()
    dynamic_registration: Annotated[
        bool, "Whether apps can register themselves with a token that an administrator has made (RFC 7591)."
    ] = False
    private_hosts: Annotated[
        tuple[str, ...],
        "Hosts and networks to which this site may send requests although they are not public, also by http: those of "
        "apps and identity providers.",
    ] = ()
    setup_lifetime: Annotated[timedelta, "Lifetime of the setup link."] = timedelta(minutes=30)
    password_login: Annotated[
        PasswordLoginMode, "Who can log in with a password: on (everybody), admins, or off (nobody)."
    ] = "on"
    flask_security_password_salt: Annotated[
        str, "SECURITY_PASSWORD_SALT of the Flask-Security site from which accounts were imported.", Secret
    ] = ""
    password_minimum: Annotated[int, "Minimum length of a password."] = 15
    password_minimum_with_second_factor: Annotated[int, "The same where a second factor is required."] = 8
    second_factor_for: Annotated[tuple[str, ...], "Roles and scopes that require a second factor."] = ()
    passkey_for: Annotated[tuple[str, ...], "Roles and scopes that require a passkey."] = ()
    trust_browsers: Annotated[bool, "Whether users may skip the second factor in browsers that they trust."] = False
    trust_lifetime: Annotated[timedelta, "Lifetime of a trusted browser."] = timedelta(days=30)
    factor_reset_wait: Annotated[timedelta, "Waiting time of an admin's reset of second factors."] = timedelta(hours=24)
    login_tries_per_account: Annotated[int, "Failed logins per account in a window."] = 10
    login_tries_per_network: Annotated[int, "Failed logins per network in a window."] = 50
    login_window: Annotated[timedelta, "Window in which failed logins are counted."] = timedelta(minutes=15)
    hashes_at_once: Annotated[int, "Passwords that one process hashes at the same time."] = 1
    body_limit: Annotated[int, "Largest request body, in bytes."] = 64 * 1024
    body_timeout: Annotated[timedelta, "Time limit for receiving a request body."] = timedelta(seconds=20)
    header_timeout: Annotated[timedelta, "Time limit for request headers and idle connections."] = timedelta(seconds=30)
    worker_timeout: Annotated[timedelta, "A process that answers no health probe for this long is replaced."] = (
        timedelta(seconds=30)
    )
    workers: Annotated[int, "Number of worker processes."] = 2
    connections: Annotated[int, "Open connections per process."] = 4096
    threads: Annotated[int, "Request threads per process; logins wait in all but two of them."] = 40
    site_name: Annotated[str, "Name of this site on pages and in mails."] = "Latchkey"
    blueprints: Annotated[
        tuple[str, ...], "Blueprints of your own: package.module:name, or names of entry points."
    ] = ()
    templates: Annotated[str, "Folder whose templates replace or extend those of the site; empty means none."] = ""
    brand_logo: Annotated[str, "Logo: an SVG or PNG file; empty means that of Latchkey."] = ""
    brand_accent: Annotated[str, "Colour of links and buttons, such as #7a1f5c, in the light colour scheme."] = ""
    brand_accent_dark: Annotated[str, "The same in the dark colour scheme."] = ""
    brand_links: Annotated[str, "Links in the footer: Imprint=https://example.org/imprint; Help=/help."] = ""
    brand_css: Annotated[str, "CSS file that every page loads after the stylesheets of Latchkey."] = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the settings. Without a secret key, the one in the instance folder is used.

        Raises:
            SettingsError: a setting is unknown or invalid; ``SecretKeyMissing`` if there is no secret key.
        """
        values: dict[str, Any] = {name: found.value for name, found in sources.read(fields_of(cls), environ).items()}
        if "secret_key" not in values:
            values["secret_key"] = private_files.secret_key(values.get("instance", INSTANCE))
        return cls(**values)

    def __post_init__(self) -> None:
        # Values derived from other settings are filled in here, so that no caller sees them unresolved.
        object.__setattr__(self, "instance", self.instance.absolute())
        checks.bind(self.bind)
        self._check_observability()
        own = urls.base_url(self.base_url, bind=self.bind, allow_http=self.allow_plain_http)
        object.__setattr__(
            self, "former_base_urls", urls.former_base_urls(self.former_base_urls, own=own, bind=self.bind)
        )
        object.__setattr__(self, "base_url", own)
        checks.mail_from(self.mail_from)
        object.__setattr__(self, "mail_from", self.mail_from or f"{self.site_name} <latchkey@{self.host}>")
        self._check_secrets()
        self._check_numbers()
        self._check_times()
        checks.trusted_proxies(self.trusted_proxies)
        checks.private_hosts(self.private_hosts)
        checks.audiences(self.exchange_audiences, own=self.base_url)
        self._check_identity_provider()
        checks.password_login(self.password_login, has_identity_provider=self.has_identity_provider)
        for variable, names in (("SECOND_FACTOR_FOR", self.second_factor_for), ("PASSKEY_FOR", self.passkey_for)):
            checks.roles_and_scopes(names, variable=PREFIX + variable)
        checks.token_locations(self.token_locations)
        checks.cors_origins(self.cors_origins)
        checks.folder(self.templates, variable="WEBAPP_TEMPLATES")
        self._check_brand()

    def _check_brand(self) -> None:
        brand.check_file(self.brand_logo, brand.LOGO_TYPES, variable="WEBAPP_BRAND_LOGO")
        brand.check_file(self.brand_css, (".css",), variable="WEBAPP_BRAND_CSS")
        brand.check_accent(self.brand_accent, brand.LIGHT, variable="WEBAPP_BRAND_ACCENT")
        brand.check_accent(self.brand_accent_dark, brand.DARK, variable="WEBAPP_BRAND_ACCENT_DARK")
        brand.links_of(self.brand_links)

    def _check_secrets(self) -> None:
        checks.database_url(self.database_url)
        checks.valkey_url(self.valkey_url)
        checks.smtp_url(self.smtp_url)
        checks.secret(self.secret_key, variable="WEBAPP_SECRET_KEY")
        for former in self.secret_key_fallbacks:
            checks.secret(former, variable="WEBAPP_SECRET_KEY_FALLBACKS")
        checks.signing_key(self.signing_key, algorithm=self.signing_algorithm)

    def _check_numbers(self) -> None:
        for field in fields_of(type(self)):
            if field.type in (int, timedelta):
                checks.positive(getattr(self, field.name), variable=field.variable)
        checks.password_minimum(self.password_minimum, variable="WEBAPP_PASSWORD_MINIMUM")
        checks.password_minimum(
            self.password_minimum_with_second_factor, variable="WEBAPP_PASSWORD_MINIMUM_WITH_SECOND_FACTOR"
        )

    def _check_times(self) -> None:
        for shorter, longer in (
            ("session_idle", "session_lifetime"),
            ("session_lifetime", "remember_lifetime"),
            ("access_token_lifetime", "token_lifetime_max"),
            ("refresh_overlap", "refresh_lifetime"),
            ("refresh_lifetime", "refresh_family_lifetime"),
        ):
            variable, bound = PREFIX + shorter.upper(), PREFIX + longer.upper()
            checks.no_longer(getattr(self, shorter), getattr(self, longer), variable=variable, bound=bound)
        checks.ended_kept(self.ended_kept)

    def __repr__(self) -> str:
        # Settings end up in tracebacks and logs; the generated repr would include the secrets.
        public_names = (field.name for field in fields_of(type(self)) if not field.is_secret)
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in public_names)})"

    @property
    def cookie_secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def hsts(self) -> str:
        """The header ``Strict-Transport-Security`` (RFC 6797); empty: not sent.

        It binds every port of the host: beside a base URL with a port, another service may use plain HTTP.
        """
        if not self.cookie_secure or urlsplit(self.base_url).port:
            return ""
        # A year, as the preload lists of browsers demand.
        return "max-age=31536000; includeSubDomains" if self.hsts_subdomains else "max-age=31536000"

    @property
    def locations(self) -> frozenset[str]:
        """Where tokens are accepted: ``header``, ``query``, ``cookie``."""
        return frozenset(self.token_locations) | ({"query"} if self.token_in_query else set())

    @property
    def base_path(self) -> str:
        """The path of the public URL, such as ``/login``; empty without one."""
        return urlsplit(self.base_url).path

    @property
    def oldest_base_url(self) -> str:
        """The URL of tokens and passkeys that were made before their rows noted it."""
        return (self.base_url, *self.former_base_urls)[-1]

    @property
    def host(self) -> str:
        """The host name of the public URL, without the port."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def database(self) -> str:
        """The database URL: the setting, or the SQLite file in the instance folder."""
        return self.database_url or f"sqlite:///{self.instance / 'latchkey.db'}"

    def describe(self, environ: Mapping[str, str] = os.environ) -> list[manual.ManualRow]:
        """A row for each setting: name, type, default, meaning, current value and its source."""
        fields = fields_of(type(self))
        return manual.rows(fields, self, sources.read(fields, environ))
