"""OutgoingHttp: requests of this site to URLs that others have entered, without reaching what only this site can reach.

The only module that sends such requests. A URL may lead to any host, so each request is bounded in time and size,
follows no redirect, and goes to the very IP address that was checked: a second look-up could give another one (DNS
rebinding).
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Self
from urllib.parse import urlsplit

TIMEOUT = 5.0
"""Seconds for a whole request, from the connection to the last byte."""
LARGEST = 64 * 1024
"""Bytes of a response that are read."""
LONGEST_URL = 500
PORTS = {"https": 443, "http": 80}
NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: an IPv4 address inside an IPv6 address, which may be a private one."""

NEVER_PUBLIC = {"localhost", "local", "internal", "lan"}
"""Top-level domains that the internet does not have."""

IpAddress = IPv4Address | IPv6Address


class NotReached(Exception):
    """The request was not sent, or there was no response in time. The message is for the operator, without secrets."""


@dataclass(frozen=True, slots=True)
class OutgoingResponse:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class PrivateHosts:
    """Hosts and networks that requests may go to although they are not public; the operator names them."""

    names: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "PrivateHosts":
        """Parse the setting of private hosts that requests may be sent to.

        Args:
            entries: host names, IP addresses and networks.
        """
        lowered = [entry.lower() for entry in entries]
        networks = tuple(entry for entry in lowered if is_network(entry))
        return cls(frozenset(lowered) - set(networks), networks)

    def allow(self, host: str, ip_address: IpAddress) -> bool:
        return host in self.names or any(ip_address in ip_network(network) for network in self.networks)

    def may_allow(self, url: str) -> bool:
        """Whether requests to a valid URL could be allowed, as far as that is known without looking up its host."""
        parts = urlsplit(url)
        host, is_https = parts.hostname or "", parts.scheme == "https"
        try:
            ip_address = ipaddress.ip_address(host)
        except ValueError:
            is_local = "." not in host or host.rpartition(".")[2] in NEVER_PUBLIC
            return host in self.names or bool(self.networks) or (is_https and not is_local)
        return self.allow(host, ip_address) or (is_https and is_public(ip_address))


def is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def is_public(ip_address: IpAddress) -> bool:
    """Whether an IP address is one of the internet, and has no other one inside that is not."""
    if isinstance(ip_address, IPv6Address):
        if ip_address.ipv4_mapped is not None:
            return is_public(ip_address.ipv4_mapped)
        if ip_address.sixtofour is not None or ip_address.teredo is not None or ip_address in NAT64:
            return False
    return ip_address.is_global and not ip_address.is_multicast


@dataclass(frozen=True, slots=True)
class OutgoingHttp:
    private: PrivateHosts = field(default_factory=PrivateHosts)
    timeout: float = TIMEOUT

    def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> OutgoingResponse:
        """Send a request.

        Raises:
            NotReached
        """
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise NotReached("the URL is not valid") from error
        if not (port and host) or parts.username is not None:
            raise NotReached("the URL is not one of https")
        ip_addresses = self.checked_ip_addresses(parts.scheme, host, port)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        with Deadline(self.timeout) as deadline:
            http_connection = connection(parts.scheme, host, port, partial(connect, deadline, ip_addresses, port))
            try:
                http_connection.request(method, target, body, dict(headers or {}) | {"User-Agent": "Latchkey"})
                # Closing the connection does not close a response that ends with it and is not read to its end.
                with http_connection.getresponse() as response:
                    return OutgoingResponse(response.status, read(response))
            except (OSError, http.client.HTTPException, ValueError) as error:
                # Not the message, which may repeat what the server sent.
                kind = type(error).__name__
                raise NotReached(f"{host}: no valid response within {self.timeout:g} seconds ({kind})") from error
            finally:
                http_connection.close()

    def checked_ip_addresses(self, scheme: str, host: str, port: int) -> list[str]:
        """The IP addresses of a host; every one must be allowed.

        Raises:
            NotReached
        """
        try:
            # Names below localhost are this machine (RFC 6761 §6.3), as browsers implement, but not every resolver.
            name = "localhost" if host.endswith(".localhost") else host
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotReached(f"{host}: the name was not found") from error
        ip_addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        for ip_address in (ipaddress.ip_address(one.partition("%")[0]) for one in ip_addresses):
            is_named = self.private.allow(host, ip_address)
            if scheme == "http" and not is_named:
                raise NotReached(f"{host}: http:// is only allowed to hosts that WEBAPP_PRIVATE_HOSTS names")
            if not (is_named or is_public(ip_address)):
                raise NotReached(f"{host}: {ip_address} is not public, and WEBAPP_PRIVATE_HOSTS does not name it")
        return ip_addresses


class Deadline:
    """Ends a connection after a time: a server that sends one byte at a time meets every timeout of a single read."""

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        if self._socket is not None:
            self._socket.close()

    @property
    def left(self) -> float:
        """Seconds until the deadline.

        Raises:
            TimeoutError
        """
        if (seconds := self.ends_at - time.monotonic()) <= 0:
            raise TimeoutError
        return seconds

    def watch(self, connected: socket.socket) -> None:
        # A duplicate, because TLS takes the original over.
        self._socket = connected.dup()

    def cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def connect(deadline: Deadline, ip_addresses: Sequence[str], port: int) -> socket.socket:
    """Connect to the first of the IP addresses that accepts it."""
    failed: OSError = TimeoutError()
    for ip_address in ip_addresses:
        try:
            connected = socket.create_connection((ip_address, port), deadline.left)
        except OSError as error:
            failed = error
            continue
        deadline.watch(connected)
        connected.settimeout(deadline.left)
        return connected
    raise failed


@cache
def tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def connection(scheme: str, host: str, port: int, connected: Callable[[], socket.socket]) -> http.client.HTTPConnection:
    """A connection to checked IP addresses; the host stays in the header and in the check of the certificate."""
    http_connection = (
        http.client.HTTPSConnection(host, port, context=tls_context())
        if scheme == "https"
        else http.client.HTTPConnection(host, port)
    )
    http_connection._create_connection = lambda *_: connected()  # type: ignore[attr-defined]
    return http_connection


def read(response: http.client.HTTPResponse) -> bytes:
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise ValueError("too large")
    # With a size, http.client returns what there is when the connection ends early.
    if response.length:
        raise ValueError("cut off")
    return body
