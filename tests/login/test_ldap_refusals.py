"""What a directory says of a user or of itself, by result code, and accounts that are disabled."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from tests import factories
from tests.core.test_ldap import result
from tests.login.directory import auth
from tests.login.slapd import PASSWORD, entry_of, with_directory
from tests.tables import account
from webapp.accounts import lifecycle

GRACE = PASSWORD.format(name="grace")
OF_THE_USER = {
    19: "a constraint is violated, as when the account is locked",
    32: "there is no such entry",
    34: "the name is not a DN",
    48: "the entry has no password",
    49: "the password is wrong, or the account is disabled",
    50: "the user may not",
    53: "the directory is unwilling",
}
OF_THE_DIRECTORY = {
    1: "an error in its work",
    2: "an error in the protocol",
    8: "it demands a stronger way",
    10: "another server knows",
    13: "it demands TLS",
    51: "it is busy",
    52: "it is not available",
    80: "another error",
    14: "a login that goes on, which was not begun",
}


@contextmanager
def answering(*answers: bytes):
    """A directory that gives these answers to whoever connects, and the URL of it."""

    def serve():
        with suppress(OSError):
            while True:
                with listening.accept()[0] as client:
                    for answer in answers:
                        client.recv(4096)
                        client.sendall(answer)
                    client.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ldap://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            # Otherwise the thread would wait for the next connection.
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def by_template(make_app, url, **settings):
    return make_app(WEBAPP_LDAP_URL=url, WEBAPP_LDAP_BIND_TEMPLATE="uid={name},dc=example", **settings)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *(pytest.param(code, 401, id=said) for code, said in OF_THE_USER.items()),
        *(pytest.param(code, 503, id=said) for code, said in OF_THE_DIRECTORY.items()),
    ],
)
def test_a_refused_login_is_told_from_a_fault_of_the_directory(make_app, code, status):
    with answering(result(0x61, code)) as url:
        site = by_template(make_app, url)
        assert auth(site, "grace", GRACE).status_code == status
    assert account(site, "grace") is None


def test_a_directory_that_does_not_answer_is_left_after_the_timeout(make_app, printed):
    with answering(b"") as url:
        site = by_template(make_app, url, WEBAPP_IDENTITY_TIMEOUT="1s")
        begun = time.monotonic()
        assert auth(site, "grace", GRACE).status_code == 503
        assert time.monotonic() - begun < 10
    assert GRACE not in printed()


def test_an_account_that_is_disabled_here_stays_out(make_app, slapd):
    site = with_directory(make_app, slapd)
    assert auth(site, "grace", GRACE).status_code == 200
    with factories.database_of(site).write() as db:
        lifecycle.disable(db, db.merge(account(site, "grace")))
    assert auth(site, "grace", GRACE).status_code == 401


def test_a_filter_keeps_out_who_is_disabled_there(make_app, slapd):
    slapd.add(entry_of("left", employeeType="former"))
    site = with_directory(make_app, slapd, WEBAPP_LDAP_FILTER="(&(uid={name})(!(employeeType=former)))")
    assert auth(site, "left", PASSWORD.format(name="left")).status_code == 401
    assert auth(site, "grace", GRACE).status_code == 200
