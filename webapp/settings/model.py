"""Settings: every choice with its type, default and meaning."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from webapp.settings import checks, manual, private_files, sources
from webapp.settings.fields import PREFIX, Secret, choices_of
from webapp.settings.types import Network

ROOT = Path(__file__).resolve().parents[2]

SigningAlgorithm = Literal["ES256", "EdDSA", "RS256", "HS256"]
Registration = Literal["open", "invite", "closed"]
LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """Read once, by ``from_env``; built directly, it is judged by the same rules."""

    instance: Annotated[Path, "Folder for database, keys and config.toml; not from that file."] = ROOT / "instance"
    bind: Annotated[str, "Address and port to listen on."] = "127.0.0.1:8000"
    base_url: Annotated[str, "The address people type; empty means http:// and what is bound."] = ""
    database_url: Annotated[str, "SQLite or PostgreSQL; empty means latchkey.db in the instance folder.", Secret] = ""
    valkey_url: Annotated[str, "Where limits are counted; empty means in the database.", Secret] = ""
    secret_key: Annotated[str, "Signs cookies and forms; at least 32 random bytes.", Secret]
    secret_key_fallbacks: Annotated[tuple[str, ...], "Former secret keys, still accepted.", Secret] = ()
    signing_key: Annotated[str, "Signs tokens: PEM keys, the first signs; empty means made for you.", Secret] = ""
    signing_algorithm: Annotated[SigningAlgorithm, "How tokens are signed."] = "ES256"
    session_idle: Annotated[timedelta, "Without a request for so long, the session ends."] = timedelta(hours=12)
    session_lifetime: Annotated[timedelta, "After so long, every session ends."] = timedelta(days=7)
    remember_lifetime: Annotated[timedelta, "So long, if the browser is to remember the login."] = timedelta(days=30)
    token_lifetime_max: Annotated[timedelta, "No API token lives longer."] = timedelta(days=365)
    token_never_expires: Annotated[bool, "Whether a token may have no end, for a reason that is kept."] = False
    tokens_per_user: Annotated[int, "API tokens that one person may have at a time."] = 1000
    api_token_lifetime: Annotated[timedelta, "A token from /api/auth lives so long, unless asked."] = timedelta(hours=1)
    ended_kept: Annotated[timedelta, "Ended sessions and tokens are thrown away after so long."] = timedelta(days=90)
    refresh_lifetime: Annotated[timedelta, "Unless it refreshes, a script is logged out."] = timedelta(days=14)
    refresh_family_lifetime: Annotated[timedelta, "After so long it is, however often it does."] = timedelta(days=90)
    dpop_window: Annotated[timedelta, "How far the time of a DPoP proof may be from ours."] = timedelta(minutes=1)
    exchange_audiences: Annotated[tuple[str, ...], "Services for which tokens are exchanged; empty means none."] = ()
    token_locations: Annotated[tuple[str, ...], "Where tokens may come in: header, query, cookie."] = ("header",)
    token_in_query: Annotated[bool, "Adds query to those: ?token=, for GET alone; other people's logs keep it."] = False
    smtp_url: Annotated[str, "Mail server: smtp://, smtp+starttls:// or smtps://; empty means the log.", Secret] = ""
    mail_from: Annotated[str, "Whom mails come from; empty means latchkey@ and our host."] = ""
    registration: Annotated[Registration, "Who may make an account: anybody, the invited, nobody."] = "invite"
    email_special_domains: Annotated[tuple[str, ...], "Domains such as local that mail addresses may have here."] = ()
    trusted_proxies: Annotated[tuple[Network, ...], "Proxies whose forwarded headers are believed."] = ()
    setup_lifetime: Annotated[timedelta, "The setup link of the first start works so long."] = timedelta(minutes=30)
    identity_provider: Annotated[str, "Who else proves passwords: package.module:name; empty means nobody."] = ""
    identity_timeout: Annotated[timedelta, "So long that provider may take to answer."] = timedelta(seconds=5)
    password_minimum: Annotated[int, "The fewest characters of a password."] = 15
    password_minimum_with_second_factor: Annotated[int, "The same, where a second factor is demanded."] = 8
    second_factor_for: Annotated[tuple[str, ...], "Roles and scopes that take a second factor."] = ()
    passkey_for: Annotated[tuple[str, ...], "Roles and scopes that take a passkey."] = ()
    trust_browsers: Annotated[bool, "Whether people may trust a browser: the password is enough there."] = False
    trust_lifetime: Annotated[timedelta, "A browser is trusted for so long."] = timedelta(days=30)
    factor_reset_wait: Annotated[timedelta, "An admin's reset of second factors waits so long."] = timedelta(hours=24)
    login_tries_per_account: Annotated[int, "Logins tried for one account in a window."] = 10
    login_tries_per_address: Annotated[int, "Logins tried from one address in a window."] = 50
    login_window: Annotated[timedelta, "Over so long, login tries are counted."] = timedelta(minutes=15)
    hashes_at_once: Annotated[int, "Passwords hashed at the same time by one worker."] = 1
    body_limit: Annotated[int, "Bytes a request's body may have."] = 64 * 1024
    body_timeout: Annotated[timedelta, "A request's body may take so long to come."] = timedelta(seconds=20)
    header_timeout: Annotated[timedelta, "So may its headers; an idle connection ends then."] = timedelta(seconds=30)
    worker_timeout: Annotated[timedelta, "A worker that answers no probe so long is replaced."] = timedelta(seconds=30)
    workers: Annotated[int, "Processes that serve."] = 2
    connections: Annotated[int, "Connections that each process keeps open."] = 4096
    threads: Annotated[int, "Threads of each process; logins wait in all but two of them."] = 40
    log_json: Annotated[bool, "Whether the log is lines of JSON."] = False
    log_level: Annotated[LogLevel, "From where on the log is written."] = "info"
    house_name: Annotated[str, "What pages and mails call this place."] = "Latchkey"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; where no secret key is given, the instance's own is used, and made if need be.

        Raises:
            SettingsError: one sentence that names what is wrong.
        """
        given: dict[str, Any] = {name: found.value for name, found in sources.read(choices_of(cls), environ).items()}
        if "secret_key" not in given:
            given["secret_key"] = private_files.secret_key(given.get("instance", ROOT / "instance"))
        return cls(**given)

    def __post_init__(self) -> None:
        # What follows from other values is filled in here, so that nobody sees it unresolved.
        object.__setattr__(self, "instance", self.instance.absolute())
        checks.bind(self.bind)
        object.__setattr__(self, "base_url", checks.origin(self.base_url, bind=self.bind))
        object.__setattr__(self, "mail_from", self.mail_from or f"{self.house_name} <latchkey@{self.host}>")
        self._check_secrets()
        self._check_numbers()
        self._check_times()
        checks.trusted_proxies(self.trusted_proxies)
        checks.audiences(self.exchange_audiences, own=self.base_url)
        checks.identity_provider(self.identity_provider)
        for variable, named in (("SECOND_FACTOR_FOR", self.second_factor_for), ("PASSKEY_FOR", self.passkey_for)):
            checks.roles_and_scopes(named, variable=PREFIX + variable)
        checks.token_locations(self.token_locations)

    def _check_secrets(self) -> None:
        checks.database_url(self.database_url)
        checks.valkey_url(self.valkey_url)
        checks.smtp_url(self.smtp_url)
        checks.secret(self.secret_key, variable="WEBAPP_SECRET_KEY")
        for former in self.secret_key_fallbacks:
            checks.secret(former, variable="WEBAPP_SECRET_KEY_FALLBACKS")
        checks.signing_key(self.signing_key, algorithm=self.signing_algorithm)

    def _check_numbers(self) -> None:
        for choice in choices_of(type(self)):
            if choice.type in (int, timedelta):
                checks.positive(getattr(self, choice.name), variable=choice.variable)
        checks.password_minimum(self.password_minimum, variable="WEBAPP_PASSWORD_MINIMUM")
        checks.password_minimum(
            self.password_minimum_with_second_factor, variable="WEBAPP_PASSWORD_MINIMUM_WITH_SECOND_FACTOR"
        )

    def _check_times(self) -> None:
        for shorter, longer in (
            ("session_idle", "session_lifetime"),
            ("session_lifetime", "remember_lifetime"),
            ("api_token_lifetime", "token_lifetime_max"),
            ("refresh_lifetime", "refresh_family_lifetime"),
        ):
            variable, bound = PREFIX + shorter.upper(), PREFIX + longer.upper()
            checks.no_longer(getattr(self, shorter), getattr(self, longer), variable=variable, bound=bound)
        checks.ended_kept(self.ended_kept)

    def __repr__(self) -> str:
        # Settings end up in tracebacks and logs; the generated repr would take the secrets along.
        shown = (choice.name for choice in choices_of(type(self)) if not choice.is_secret)
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    @property
    def cookie_secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def locations(self) -> frozenset[str]:
        """Where a token may come in."""
        return frozenset(self.token_locations) | ({"query"} if self.token_in_query else set())

    @property
    def host(self) -> str:
        """The name of the house on the net, without its port."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def database(self) -> str:
        """The database's URL, whether chosen or not."""
        return self.database_url or f"sqlite:///{self.instance / 'latchkey.db'}"

    def describe(self, environ: Mapping[str, str] = os.environ) -> list[manual.ManualRow]:
        """A row for each setting: what it is, what it means, what it is now and who says so."""
        choices = choices_of(type(self))
        return manual.rows(choices, self, sources.read(choices, environ))
