"""Addresses: what is bound, what people type, and what may lie between."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.settings import Settings
from webapp.settings.checks import is_loopback


def findings(settings: Settings) -> Iterator[Finding]:
    host, _, port = settings.bind.rpartition(":")
    listens_outside = not is_loopback(host.strip("[]"))
    yield https(settings, listens_outside) if settings.cookie_secure else http(settings, listens_outside, port)
    if settings.cookie_secure:
        yield proxies(settings)


def http(settings: Settings, listens_outside: bool, port: str) -> Finding:
    if listens_outside:
        return bad(
            "address",
            f"{settings.bind} is reached by other machines, and passwords would travel unencrypted.",
            "Put a proxy with TLS before it and set WEBAPP_BASE_URL to its https address, or bind 127.0.0.1.",
        )
    if str(urlsplit(settings.base_url).port or 80) != port:
        return warn(
            "address",
            f"WEBAPP_BASE_URL is {settings.base_url}, and {settings.bind} is listened on.",
            "Links and tokens name the first; leave WEBAPP_BASE_URL empty unless something stands between.",
        )
    return ok("address", f"{settings.base_url} stays on this machine.")


def https(settings: Settings, listens_outside: bool) -> Finding:
    if listens_outside:
        return warn(
            "address",
            f"{settings.bind} is reached by other machines past the proxy, unencrypted.",
            "Bind 127.0.0.1, or see that only the proxy gets there, as in a container's network. The proxy has to"
            " buffer requests and bound the connections of a client: docs/serving.md.",
        )
    return ok("address", f"{settings.base_url} is encrypted, and only this machine reaches {settings.bind}.")


def proxies(settings: Settings) -> Finding:
    if not settings.trusted_proxies:
        return warn(
            "proxy",
            "No proxy is trusted, so every caller seems to come from the proxy, and one throttles all.",
            "Set WEBAPP_TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1.",
        )
    return ok("proxy", "Callers' addresses are believed from the named proxies only.")
