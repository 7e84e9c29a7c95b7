"""Rules that settings must satisfy: one function per rule."""

import re
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from webapp.settings.fields import SettingsError
from webapp.settings.types import Network, network
from webapp.settings.urls import PORTS, is_host, is_loopback

BIND = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
# Pages list ended tokens for this long.
LISTED = timedelta(days=90)

# Parts of example secrets in documentation, which people copy.
EXAMPLES = (
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    *("changeme", "change-me", "change_me", "change-this", "change_this", "replace-me", "replace_me"),
    *("insecure", "example", "supersecret", "super-secret", "super_secret", "your-secret", "your_secret", "password"),
)


def bind(value: str, *, variable: str = "WEBAPP_BIND") -> None:
    match = BIND.fullmatch(value)
    if not match or not 0 < int(match["port"]) < 65536:
        raise SettingsError(f"{variable} must be an IP address and a port such as 127.0.0.1:8000, not {value!r}.")


def mail_from(value: str) -> None:
    local, at, _domain = parseaddr(value)[1].rpartition("@")
    if value and not (local and at):
        raise SettingsError(
            f"WEBAPP_MAIL_FROM must be an e-mail address, such as Latchkey <latchkey@example.org>, not {value!r}."
        )


def cors_origins(values: tuple[str, ...]) -> None:
    """Exact origins as browsers send them (RFC 6454 §6.2): no path, no default port, no wildcard."""
    for value in values:
        refusal = SettingsError(
            f"WEBAPP_CORS_ORIGINS must list origins such as https://app.example.org, without a path, not {value!r}."
        )
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError as error:
            raise refusal from error
        is_written_so = value == f"{parts.scheme}://{parts.netloc}" and value == value.lower() and "@" not in value
        is_default_port = parts.scheme in PORTS and (port == PORTS[parts.scheme] or parts.netloc.endswith(":"))
        if parts.scheme not in PORTS or not is_host(parts.hostname or "") or is_default_port or not is_written_so:
            raise refusal
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise SettingsError(
                f"WEBAPP_CORS_ORIGINS must use https:// for {value!r}: anybody on the way could change that page."
            )


def database_url(value: str) -> None:
    if value and not re.match(r"(sqlite:///.|postgresql(\+psycopg)?://)", value):
        raise SettingsError("WEBAPP_DATABASE_URL must start with sqlite:/// and name a file, or with postgresql://.")
    if ":memory:" in value or "mode=memory" in value:
        raise SettingsError(
            "WEBAPP_DATABASE_URL must name a file. An in-memory database is not shared between processes."
        )


def valkey_url(value: str) -> None:
    if value and not value.startswith(("valkey://", "valkeys://", "valkey+unix://")):
        raise SettingsError("WEBAPP_VALKEY_URL must start with valkey://, valkeys:// or valkey+unix://.")


def traces(url: str, percent: int) -> None:
    try:
        parts = urlsplit(url)
        is_plain = parts.port != 0 and not parts.query and not parts.fragment and parts.username is None
    except ValueError:
        parts, is_plain = urlsplit(""), False
    if url and (parts.scheme not in PORTS or not is_host(parts.hostname or "") or not is_plain):
        raise SettingsError("WEBAPP_TRACES_URL must be http:// or https:// with a host and perhaps a port and a path.")
    if percent > 100:
        raise SettingsError("WEBAPP_TRACES_PERCENT must be between 1 and 100.")


def smtp_url(value: str) -> None:
    try:
        parts = urlsplit(value)
        has_port = parts.port != 0
    except ValueError:
        parts, has_port = urlsplit(""), False
    if value and (parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname or not has_port):
        # The URL itself is not repeated: it may contain a password.
        raise SettingsError(
            "WEBAPP_SMTP_URL must be smtp://, smtp+starttls:// or smtps://, with a host. Special characters in its "
            "user name and password must be percent-encoded: %40 for @, %3A for :, %2F for /, %23 for #, %25 for %."
        )


def secret(value: str, *, variable: str) -> None:
    if len(value.encode()) < 32:
        raise SettingsError(f"{variable} must have at least 32 bytes. Create one with: openssl rand -base64 32")
    if any(piece in value.lower() for piece in EXAMPLES):
        raise SettingsError(f"{variable} is a published example. Create one with: openssl rand -base64 32")
    # A text that consists of repetitions occurs in the doubled text at another position than its start and middle.
    if len(set(value)) < 8 or value in (value + value)[1:-1]:
        raise SettingsError(f"{variable} is not random enough. Create one with: openssl rand -base64 32")


def signing_key(value: str, *, algorithm: str) -> None:
    """Only the kind of key is checked here; ``core/keys`` checks the key itself when it loads it."""
    if algorithm == "HS256" and "-----BEGIN" in value:
        raise SettingsError("WEBAPP_SIGNING_KEY is a PEM key, which WEBAPP_SIGNING_ALGORITHM=HS256 cannot use.")


def positive(value: int | timedelta, *, variable: str) -> None:
    if (value.total_seconds() if isinstance(value, timedelta) else value) <= 0:
        raise SettingsError(f"{variable} must be more than zero.")


def no_longer(value: timedelta, than: timedelta, *, variable: str, bound: str) -> None:
    if value > than:
        raise SettingsError(f"{variable} must not be longer than {bound}.")


def ended_kept(value: timedelta) -> None:
    if value < LISTED:
        raise SettingsError(
            f"WEBAPP_ENDED_KEPT must be {LISTED.days}d or more, because pages list ended tokens that long."
        )


def password_minimum(value: int, *, variable: str) -> None:
    # SP 800-63B-4 §3.1.1.2: never fewer than 8, and 64 must be accepted.
    if not 8 <= value <= 64:
        raise SettingsError(f"{variable} must be between 8 and 64.")


def trusted_proxies(networks: tuple[Network, ...]) -> None:
    if any(network.prefixlen == 0 for network in networks):
        raise SettingsError("WEBAPP_TRUSTED_PROXIES must not trust the whole internet; name your proxy.")


def private_hosts(words: tuple[str, ...]) -> None:
    for word in words:
        try:
            is_fit = bool(network(word)) if "/" in word else re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", word)
        except ValueError:
            is_fit = False
        if not is_fit:
            raise SettingsError(
                f"WEBAPP_PRIVATE_HOSTS must name hosts or networks such as wiki.internal or 10.1.0.0/16, not {word!r}."
            )


def password_login(mode: str, *, has_identity_provider: bool) -> None:
    if has_identity_provider and mode != "on":
        raise SettingsError(
            "WEBAPP_PASSWORD_LOGIN must be on with WEBAPP_IDENTITY_PROVIDER or WEBAPP_LDAP_URL, which check passwords."
        )


def roles_and_scopes(names: tuple[str, ...], *, variable: str) -> None:
    """Only the spelling: scopes are known once the routes are registered, and a role may be created later."""
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,19}|[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*", name):
            raise SettingsError(
                f"{variable} must name roles such as admin or scopes such as admin:write, not {name!r}."
            )


def audiences(names: tuple[str, ...], *, own: str) -> None:
    for name in names:
        if not re.fullmatch(r"[\x21-\x7e]{1,200}", name):
            raise SettingsError(f"WEBAPP_EXCHANGE_AUDIENCES must be names or URLs of services, not {name!r}.")
        # Spelt differently, it would be another audience for us, but the same URL for another service.
        if name.rstrip("/").lower() == own.lower():
            raise SettingsError("WEBAPP_EXCHANGE_AUDIENCES must not name this site. Its own tokens already work here.")


def token_locations(names: tuple[str, ...]) -> None:
    if not names or not set(names) <= {"header", "query", "cookie"}:
        raise SettingsError("WEBAPP_TOKEN_LOCATIONS must name one or more of header, query, cookie.")


def folder(path: str, *, variable: str) -> None:
    if path and not Path(path).is_dir():
        raise SettingsError(f"{variable} names {path!r}, which is not a folder.")
