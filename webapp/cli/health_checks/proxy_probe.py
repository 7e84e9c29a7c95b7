"""Checks of the running site through its proxy: certificate, HTTP/2, and whether the proxy buffers requests.

Nothing secret is sent. The check of the buffering takes as long as the server waits for a body.
"""

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.settings import Settings

TIMEOUT = 10.0
"""Seconds to connect."""
SLACK = 3.0
"""Seconds after the time limit of a body in which its refusal arrives."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""How a client begins HTTP/2 without TLS (RFC 9113 §3.4): the preface, and an empty SETTINGS frame."""
SETTINGS_FRAME = 4


def findings(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.base_url)
    host, port = parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        if parts.scheme == "https":
            yield from certificate(host, port)
        yield cleartext_http2(settings.bind)
        yield buffering(settings, host, port, is_tls=parts.scheme == "https")
    except OSError as error:
        problem = f"{settings.base_url} cannot be reached from this machine ({error.strerror or type(error).__name__})."
        yield warn("proxy", problem, "Start the server and the proxy, or run this where they can be reached.")


def certificate(host: str, port: int) -> Iterator[Finding]:
    """Check the TLS certificate of the site, and whether HTTP/2 is offered.

    Raises:
        OSError: nothing answers.
    """
    trusting = ssl.create_default_context()
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with connected(host, port, trusting) as secured:
            chosen = secured.selected_alpn_protocol() if isinstance(secured, ssl.SSLSocket) else None
    except ssl.SSLCertVerificationError as error:
        problem = f"The certificate of {host} is not valid here: {error.verify_message}."
        yield bad("certificate", problem, "Renew it, or have the proxy send the whole chain.")
        return
    yield ok("certificate", f"The certificate of {host} is valid.")
    version = "HTTP/2" if chosen == "h2" else "HTTP/1.1, not HTTP/2: pages load a little slower"
    yield ok("HTTP/2", f"The proxy offers {version}.")


def cleartext_http2(bind: str) -> Finding:
    """Whether something behind the proxy takes HTTP/2 without TLS, whose streams could occupy all threads.

    Raises:
        OSError: nothing listens.
    """
    host, _, port = bind.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), TIMEOUT) as connection:
        connection.sendall(PREFACE)
        try:
            response = connection.recv(64)
        except OSError:
            response = b""
    if len(response) >= 9 and response[3] == SETTINGS_FRAME and not response.startswith(b"HTTP"):
        problem = f"{bind} accepts HTTP/2 without TLS: one connection can occupy all threads."
        return bad("HTTP/2", problem, "Serve with python -m webapp serve, which refuses it.")
    return ok("HTTP/2", f"{bind} refuses HTTP/2 without TLS.")


def buffering(settings: Settings, host: str, port: int, *, is_tls: bool) -> Finding:
    """Whether the body of a slow client reaches the server at once, or is collected by the proxy first.

    Raises:
        OSError: nothing answers.
    """
    path = f"{settings.base_path}/api/auth"
    head = f"POST {path} HTTP/1.1\r\nHost: {urlsplit(settings.base_url).netloc}\r\nAccept: application/json\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    with connected(host, port, anyone if is_tls else None) as connection:
        connection.sendall(head.encode())
        connection.settimeout(settings.body_timeout.total_seconds() + SLACK)
        try:
            response = connection.recv(4096)
        except TimeoutError:
            response = b""
    # The server itself has seen the request, and no longer waits.
    if b" 408 " in response[:20] and b"problem+json" in response:
        return warn(
            "proxy",
            "No proxy buffers requests: slow clients occupy connections of the server.",
            "nginx: proxy_request_buffering on; Caddy: request_buffers 64KiB. See docs/serving.md.",
        )
    return ok("proxy", "The proxy buffers requests.")


def connected(host: str, port: int, context: ssl.SSLContext | None) -> socket.socket:
    plain = socket.create_connection((host, port), TIMEOUT)
    try:
        return context.wrap_socket(plain, server_hostname=host) if context is not None else plain
    except BaseException:
        plain.close()
        raise
