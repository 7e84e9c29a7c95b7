"""Checks of the network: the URL, the IP address that is bound, and the proxy between them."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.settings import Settings
from webapp.settings.urls import is_exposed, is_loopback
from webapp.web.forwarded import is_trusted


def findings(settings: Settings) -> Iterator[Finding]:
    host, _, port = settings.bind.rpartition(":")
    listens_outside = not is_loopback(host.strip("[]"))
    yield from metrics(settings)
    yield https(settings, listens_outside) if settings.cookie_secure else http(settings, listens_outside, port)
    if settings.cookie_secure:
        yield proxies(settings)
        yield hsts(settings)


def metrics(settings: Settings) -> Iterator[Finding]:
    if settings.metrics_bind and not is_loopback(settings.metrics_bind.rpartition(":")[0].strip("[]")):
        yield warn(
            "metrics",
            f"Everybody who can connect to {settings.metrics_bind} reads the metrics.",
            "Let a firewall admit only Prometheus, or bind 127.0.0.1.",
        )


def http(settings: Settings, listens_outside: bool, port: str) -> Finding:
    if is_exposed(settings.base_url):
        return bad(
            "base URL",
            f"{settings.base_url} is not encrypted: everybody on the network can read passwords, cookies and tokens.",
            "Put a proxy with TLS in front of it, set WEBAPP_BASE_URL to its https URL, and remove "
            "WEBAPP_ALLOW_PLAIN_HTTP.",
        )
    if listens_outside:
        return bad(
            "base URL",
            f"Other machines can reach {settings.bind}, and passwords would be sent unencrypted.",
            "Put a proxy with TLS in front of it and set WEBAPP_BASE_URL to its https URL, or bind 127.0.0.1.",
        )
    if str(urlsplit(settings.base_url).port or 80) != port:
        return warn(
            "base URL",
            f"WEBAPP_BASE_URL is {settings.base_url}, but the server listens on {settings.bind}.",
            "Links and tokens contain WEBAPP_BASE_URL. Leave it empty, unless a proxy listens there.",
        )
    return ok("base URL", f"Only this machine can reach {settings.base_url}.")


def https(settings: Settings, listens_outside: bool) -> Finding:
    if listens_outside:
        return warn(
            "base URL",
            f"Other machines can bypass the proxy and reach {settings.bind} unencrypted.",
            "Bind 127.0.0.1, or make sure that only the proxy can connect, as in a container network. The proxy must"
            " buffer requests and limit connections per client: docs/serving.md.",
        )
    return ok("base URL", f"{settings.base_url} is encrypted, and only this machine can reach {settings.bind}.")


def proxies(settings: Settings) -> Finding:
    if not settings.trusted_proxies:
        return warn(
            "proxy",
            "No proxy is trusted, so all requests have the IP address of the proxy and share its rate limits.",
            "Set WEBAPP_TRUSTED_PROXIES to the IP address of the proxy, such as 127.0.0.1.",
        )
    return ok("proxy", "X-Forwarded-For is accepted from the configured proxies only.")


def untrusted(settings: Settings, peers: Sequence[str]) -> Iterator[Finding]:
    """Warn of proxies that send forwarded headers and are not trusted.

    Args:
        peers: IP addresses that sent forwarded headers lately.
    """
    for peer in peers:
        if not is_trusted(peer, settings.trusted_proxies):
            trusted = ",".join(str(network) for network in settings.trusted_proxies)
            yield warn(
                "proxy",
                f"Forwarded headers from {peer} are ignored, because it is not a trusted proxy.",
                f"If it is your proxy, set WEBAPP_TRUSTED_PROXIES={trusted + ',' if trusted else ''}{peer}. Otherwise"
                " a client sends them itself, and nothing has to be done.",
            )


def hsts(settings: Settings) -> Finding:
    if not settings.hsts:
        return ok(
            "hsts", "Strict-Transport-Security is not sent, since it would also bind the other ports of this host."
        )
    return ok("hsts", f"Browsers must use HTTPS: Strict-Transport-Security: {settings.hsts}")
