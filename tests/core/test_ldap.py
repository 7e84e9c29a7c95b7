"""The LDAP client: what it accepts from a directory."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from webapp.core import ber, ldap
from webapp.core.ber import element, integer, octets
from webapp.core.ldap import SUBTREE, Entry, LdapFailed, LdapRefused, LdapServer, connected

ANY = element(0x87, b"objectClass")


def message(operation: bytes, number: int = 1) -> bytes:
    return element(ber.SEQUENCE, integer(number), operation)


def result(tag: int, code: int = 0, number: int = 1) -> bytes:
    return message(element(tag, integer(code, ber.ENUMERATED), octets(""), octets("")), number)


def entry(dn: str, number: int = 1, **attributes: list[bytes]) -> bytes:
    listed = (
        element(ber.SEQUENCE, octets(name), element(ber.SET, *(octets(value) for value in values)))
        for name, values in attributes.items()
    )
    return message(element(0x64, octets(dn), element(ber.SEQUENCE, *listed)), number)


@contextmanager
def directory(*pieces: bytes, pause: float = 0.0, timeout: float = 0.5):
    """A directory that waits for a request and sends these pieces."""

    def serve():
        with listening.accept()[0] as client, suppress(OSError):
            client.recv(65536)
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield LdapServer("127.0.0.1", listening.getsockname()[1], timeout, None)
        thread.join()


def search(server):
    with connected(server) as connection:
        return connection.search("dc=example", SUBTREE, ANY, ["cn"], limit=2)


def test_entries_are_read_and_references_are_left_alone():
    reference = message(element(0x73, octets("ldap://evil.example/dc=example")))
    sent = entry("cn=a", CN=[b"A", b"B"]) + reference + entry("cn=b") + result(0x65)
    with directory(sent[:7], sent[7:30], sent[30:]) as server:
        assert search(server) == [Entry("cn=a", {"cn": [b"A", b"B"]}), Entry("cn=b", {})]


def test_long_lengths_and_controls_behind_the_response_are_read():
    controls = element(0xA0, element(ber.SEQUENCE, octets("1.2.3")))
    done = element(0x65, integer(0, ber.ENUMERATED), octets(""), octets("x" * 300))
    with directory(element(ber.SEQUENCE, integer(1), done, controls)) as server:
        assert search(server) == []


def test_more_entries_than_wanted_are_no_error():
    with directory(entry("cn=a") + entry("cn=b") + result(0x65, 4)) as server:
        assert len(search(server)) == 2


BROKEN = {
    "nothing": b"",
    "a page": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a message that is cut off": result(0x65)[:-1],
    "the response to another request": result(0x65, number=7),
    "a notice that the directory ends the connection": result(0x78, 52, number=0),
    "another response": result(0x61),
    "a request": message(element(0x60)),
    "a result without code": message(element(0x65)),
    "a result code that is a text": message(element(0x65, octets("0"))),
    "a huge result code": message(element(0x65, element(ber.ENUMERATED, b"\1" * 9))),
    "a message without an operation": element(ber.SEQUENCE, integer(1)),
    "a message without number": element(ber.SEQUENCE, octets("x"), element(0x65)),
    "a length that is not known": bytes.fromhex("3080"),
    "a length of 9 bytes": bytes.fromhex("3089010101010101010101"),
    "a length that is longer than its content": bytes.fromhex("300c020101650a0a7f"),
    "an entry without attributes": message(element(0x64, octets("cn=a"))),
    "a name that is no text": message(element(0x64, octets(b"\xff"), element(ber.SEQUENCE))),
    "an attribute without values": message(
        element(0x64, octets("a"), element(ber.SEQUENCE, element(0x30, octets("b"))))
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_response_that_is_not_ldap_is_a_failure(name):
    with directory(BROKEN[name]) as server, pytest.raises(LdapFailed, match="no valid response"):
        search(server)


@pytest.mark.parametrize("code", [1, 2, 10, 32, 50, 51, 52, 80])
def test_an_error_of_the_directory_has_its_code(code):
    with directory(result(0x65, code)) as server, pytest.raises(LdapRefused) as error:
        search(server)
    assert error.value.code == code


def test_a_length_of_4_gigabytes_is_refused_before_it_is_read():
    with directory(bytes.fromhex("3084ffffffff")) as server, pytest.raises(LdapFailed, match="sends more than"):
        search(server)


def test_entries_without_end_are_cut_off(monkeypatch):
    monkeypatch.setattr(ldap, "MOST_BYTES", 2000)
    with directory(entry("cn=a", cn=[b"x" * 100]) * 50) as server, pytest.raises(LdapFailed, match="sends more than"):
        search(server)


def test_a_directory_that_sends_a_byte_at_a_time_meets_the_timeout():
    begun = time.monotonic()
    slow = (bytes((byte,)) for byte in entry("cn=a", cn=[b"x" * 100]))
    with directory(*slow, pause=0.05, timeout=0.3) as server, pytest.raises(LdapFailed, match="no valid response"):
        search(server)
    assert time.monotonic() - begun < 8


def test_a_name_without_a_password_is_never_sent():
    with (
        directory(result(0x61)) as server,
        pytest.raises(LdapFailed, match="without a password"),
        connected(server) as connection,
    ):
        connection.bind("cn=a", "")
