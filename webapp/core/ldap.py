"""LdapConnection: bind and search in a directory (RFC 4511), bounded in time and size."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import socket

from webapp.core import ber
from webapp.core.ber import NotBer, element, integer, octets
from webapp.core.outgoing_http import Deadline, connect

MOST_BYTES = 1024 * 1024
"""Of all responses of a connection."""
BIND, BOUND, UNBIND, SEARCH, ENTRY, DONE, REFERENCE, EXTENDED, EXTENDED_DONE = (
    *(0x60, 0x61, 0x42, 0x63, 0x64, 0x65),
    *(0x73, 0x77, 0x78),
)
START_TLS = b"1.3.6.1.4.1.1466.20037"
ONE_ENTRY, SUBTREE = 0, 2
"""Scopes of a search (RFC 4511 §4.5.1.2)."""
SUCCESS, SIZE_LIMIT_EXCEEDED = 0, 4


class LdapFailed(Exception):
    """The directory did not respond, or not as LDAP demands. The message is for the log, without secrets."""


class LdapRefused(LdapFailed):
    """The directory responded with an error.

    Args:
        code: result code (RFC 4511 appendix A).
    """

    def __init__(self, request: str, code: int) -> None:
        super().__init__(f"the directory refuses the {request} with result code {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class LdapServer:
    host: str
    port: int
    timeout: float
    """Seconds for everything on a connection."""
    tls: ssl.SSLContext | None
    """None: without TLS."""
    starts_tls: bool = False
    """Whether TLS begins on a connection without it (StartTLS, RFC 4511 §4.14)."""


@dataclass(frozen=True, slots=True)
class Entry:
    dn: str
    attributes: Mapping[str, Sequence[bytes]]
    """Values of attributes by their name in lower case."""


@contextmanager
def connected(server: LdapServer) -> Iterator["LdapConnection"]:
    """A connection to a directory.

    Raises:
        LdapFailed: also while it is used.
    """
    connection = None
    try:
        with Deadline(server.timeout) as deadline:
            connection = LdapConnection(connect(deadline, [server.host], server.port))
            if server.tls is not None:
                connection.secure(server.tls, server.host, starts_tls=server.starts_tls)
            yield connection
    except ssl.SSLCertVerificationError as error:
        raise LdapFailed(f"the certificate of the directory is not valid: {error.verify_message}") from error
    except (OSError, NotBer, UnicodeDecodeError) as error:
        raise LdapFailed(f"no valid response within {server.timeout:g} seconds ({type(error).__name__})") from error
    finally:
        if connection is not None:
            connection.close()


class LdapConnection:
    def __init__(self, stream: socket) -> None:
        self._stream = stream
        self._bytes_left = MOST_BYTES
        self._last_id = 0

    def secure(self, context: ssl.SSLContext, host: str, *, starts_tls: bool) -> None:
        """Begin TLS, and check the certificate."""
        if starts_tls:
            self._send(element(EXTENDED, element(0x80, START_TLS)))
            self._result(EXTENDED_DONE, "request for TLS")
        # Nothing that came before is in a buffer of ours, so it cannot count as part of what is encrypted.
        self._stream = context.wrap_socket(self._stream, server_hostname=host)

    def bind(self, name: str, password: str) -> None:
        """Authenticate with a name, which is empty for anonymous, and a password.

        Raises:
            LdapRefused
        """
        # A name without a password would be an anonymous bind, which succeeds (RFC 4513 §5.1.2).
        if name and not password:
            raise LdapFailed("a name without a password")
        self._send(element(BIND, integer(3), octets(name), element(0x80, password.encode())))
        self._result(BOUND, "bind")

    def search(self, base: str, scope: int, filter_: bytes, attributes: Sequence[str], *, limit: int) -> list[Entry]:
        """The entries that match. References to other servers are not followed.

        Args:
            filter_: see ``ldap_filter.encoded_filter``.
            limit: at most so many; more are not an error.

        Raises:
            LdapRefused
        """
        attribute_list = element(ber.SEQUENCE, *(octets(name) for name in attributes))
        never, no_limit, types_and_values = integer(0, ber.ENUMERATED), integer(0), element(ber.BOOLEAN, b"\0")
        parameters = (
            octets(base),
            integer(scope, ber.ENUMERATED),
            never,
            integer(limit),
            no_limit,
            types_and_values,
            filter_,
            attribute_list,
        )
        self._send(element(SEARCH, *parameters))
        entries: list[Entry] = []
        while (response := self._receive())[0] in (ENTRY, REFERENCE):
            if response[0] == ENTRY:
                entries.append(entry_in(response[1]))
        code = result_in(response, DONE)
        if code not in (SUCCESS, SIZE_LIMIT_EXCEEDED):
            raise LdapRefused("search", code)
        return entries

    def close(self) -> None:
        with suppress(OSError):
            self._send(element(UNBIND))
        self._stream.close()

    def _send(self, operation: bytes) -> None:
        self._last_id += 1
        self._stream.sendall(element(ber.SEQUENCE, integer(self._last_id), operation))

    def _result(self, tag: int, request: str) -> None:
        code = result_in(self._receive(), tag)
        if code != SUCCESS:
            raise LdapRefused(request, code)

    def _receive(self) -> tuple[int, bytes]:
        """Tag and content of the next response to the last request."""
        head = self._read(2)
        length_bytes = self._read(ber.bytes_of_length(head[1]))
        size = int.from_bytes(length_bytes, "big") if length_bytes else head[1]
        ((tag, message),) = ber.elements_in(head + length_bytes + self._read(size))
        found = ber.elements_in(message)
        # The id 0 is a notice that the directory ends the connection (RFC 4511 §4.4).
        if tag != ber.SEQUENCE or len(found) < 2 or ber.number_in(found[0][1]) != self._last_id:
            raise NotBer("no response to the request")
        return found[1]

    def _read(self, size: int) -> bytes:
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise LdapFailed(f"the directory sends more than {MOST_BYTES} bytes")
        received = bytearray()
        while len(received) < size:
            if not (piece := self._stream.recv(min(size - len(received), 65536))):
                raise ConnectionResetError
            received += piece
        return bytes(received)


def result_in(response: tuple[int, bytes], tag: int) -> int:
    """The result code (RFC 4511 §4.1.9)."""
    if response[0] != tag:
        raise NotBer("another response than expected")
    return ber.number_in(ber.only(response[1], ber.ENUMERATED)[0])


def entry_in(content: bytes) -> Entry:
    dn, listed = ber.only(content, ber.OCTETS, ber.SEQUENCE)
    attributes = {}
    for _tag, attribute in ber.elements_in(listed):
        name, values = ber.only(attribute, ber.OCTETS, ber.SET)
        attributes[name.decode().lower()] = [value for _tag, value in ber.elements_in(values)]
    return Entry(dn.decode(), attributes)
