"""TrustedProxies: the client's IP address, scheme and host from trusted proxies; reports proxies that are not."""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from flask import Flask

from webapp.web.forwarded import Network, ProxiedClient, client_of, is_trusted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA")
HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
FROM_TRUSTED_PROXY = "webapp.from_trusted_proxy"
"""WSGI environ key: ``REMOTE_ADDR`` was taken from a forwarded header, so it is the client's and not a proxy's."""
CLIENT_SCHEME, CLIENT_HOST = "webapp.client_scheme", "webapp.client_host"
"""WSGI environ keys: scheme and host that the client used, as a trusted proxy says."""
MOST_REMEMBERED, LONGEST_REMEMBERED = 2048, 200
"""Results that are kept, and the characters of headers up to which they are."""
MOST_REPORTED = 32
"""IP addresses that one process reports: anybody can send these headers."""

Report = Callable[[str], None]
"""Called with the IP address of a peer that is not trusted, once for each."""


class TrustedProxies:
    """WSGI middleware that reads forwarded headers of trusted proxies, and ignores and reports those of others.

    Args:
        networks: of the trusted proxies (``WEBAPP_TRUSTED_PROXIES``).
    """

    def __init__(self, app: "WSGIApplication", networks: Sequence[Network], report: Report) -> None:
        self.app, self.networks, self.report = app, networks, report
        # The same few clients, proxies and hosts come with every request.
        self.is_trusted = lru_cache(MOST_REMEMBERED)(partial(is_trusted, networks=networks))
        self.known_client = lru_cache(MOST_REMEMBERED)(self.client)
        self.reported: set[str] = set()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        for header in HEADERS:
            if header in environ:
                self.read(environ)
                break
        return self.app(environ, start_response)

    def read(self, environ: "WSGIEnvironment") -> None:
        peer = environ.get("REMOTE_ADDR", "")
        if not self.is_trusted(peer):
            self.report_once(peer)
            return
        values = tuple(map(environ.get, HEADERS))
        is_short = sum(map(len, filter(None, values))) <= LONGEST_REMEMBERED
        client = self.known_client(peer, *values) if is_short else client_of(environ, self.networks)
        if client.ip_address is not None:
            environ["REMOTE_ADDR"], environ[FROM_TRUSTED_PROXY] = client.ip_address, True
        if client.scheme is not None:
            environ[CLIENT_SCHEME] = client.scheme
        if client.host is not None:
            environ[CLIENT_HOST] = client.host

    def client(self, peer: str, *values: str | None) -> ProxiedClient:
        headers = {header: value for header, value in zip(HEADERS, values, strict=True) if value is not None}
        return client_of({"REMOTE_ADDR": peer, **headers}, self.networks)

    def report_once(self, peer: str) -> None:
        if peer in self.reported or len(self.reported) >= MOST_REPORTED:
            return
        self.reported.add(peer)
        fields = {"ip_address": peer, "setting": f"WEBAPP_TRUSTED_PROXIES={peer}"}
        log.warning("forwarded headers ignored: the sender is no trusted proxy", extra={"fields": fields})
        try:
            self.report(peer)
        except Exception:
            # It is only a hint to the operator, and the request has nothing to do with it.
            log.exception("untrusted proxy not recorded")


def has_untrusted_proxy(environ: "WSGIEnvironment") -> bool:
    """Whether an untrusted proxy forwarded the request: ``REMOTE_ADDR`` may be the proxy's, not the client's."""
    return not environ.get(FROM_TRUSTED_PROXY) and any(environ.get(name) for name in FORWARDED)


def init_app(app: Flask, networks: Sequence[Network], report: Report) -> None:
    app.wsgi_app = TrustedProxies(app.wsgi_app, networks, report)  # type: ignore[method-assign]  # Flask's own way to wrap
