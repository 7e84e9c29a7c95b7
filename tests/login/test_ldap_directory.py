"""Passwords verified by an LDAP directory, which is OpenLDAP here."""

import socket
import threading

import pytest

from tests.browser import Person
from tests.login.directory import auth
from tests.login.slapd import PASSWORD, PEOPLE, entry_of, with_directory
from tests.tables import account
from webapp.settings.identity import is_encrypted

TEMPLATE = {
    "WEBAPP_LDAP_BASE": "",
    "WEBAPP_LDAP_READER": "",
    "WEBAPP_LDAP_READER_PASSWORD": "",
    "WEBAPP_LDAP_BIND_TEMPLATE": f"uid={{name}},{PEOPLE}",
}
WAYS = {"searched": {}, "by template": TEMPLATE}
EACH_WAY = pytest.mark.parametrize("way", WAYS)


def password(name):
    return PASSWORD.format(name=name)


@EACH_WAY
def test_a_user_of_the_directory_logs_in_and_gets_an_account(make_app, slapd, way):
    site = with_directory(make_app, slapd, **WAYS[way])
    assert Person(site).log_in("grace", password("grace")).request.path == "/dashboard"
    user = account(site, "grace")
    assert (user.display_name, user.email, user.role) == ("Grace of the directory", "grace@example.org", "user")
    assert user.email_verified_at is not None
    assert len(user.known_elsewhere_as) == 36
    assert auth(site, "grace", password("grace")).status_code == 200


def test_a_user_logs_in_by_email_address_too(make_app, slapd):
    site = with_directory(make_app, slapd)
    assert auth(site, "grace@example.org", password("grace")).status_code == 200
    assert account(site, "grace") is not None


def test_a_user_who_is_renamed_in_the_directory_keeps_the_account(make_app, slapd):
    slapd.add(entry_of("hopper"))
    site = with_directory(make_app, slapd)
    auth(site, "hopper", password("hopper"))
    first = account(site, "hopper").id
    slapd.change(f"dn: uid=hopper,{PEOPLE}\nchangetype: modrdn\nnewrdn: uid=murray\ndeleteoldrdn: 1\n")
    assert auth(site, "murray", password("hopper")).status_code == 200
    assert account(site, "murray").id == first


def test_a_new_user_of_an_old_name_does_not_get_the_account(make_app, slapd):
    slapd.add(entry_of("kay"))
    site = with_directory(make_app, slapd)
    auth(site, "kay", password("kay"))
    slapd.change(f"dn: uid=kay,{PEOPLE}\nchangetype: delete\n")
    slapd.add(entry_of("kay", mail="another@example.org"))
    assert auth(site, "kay", password("kay")).status_code == 403


@EACH_WAY
def test_an_entry_without_an_address_gets_an_account_without(make_app, slapd, way):
    slapd.add(entry_of(f"plain{len(way)}", mail=None))
    site = with_directory(make_app, slapd, **WAYS[way])
    assert auth(site, f"plain{len(way)}", password(f"plain{len(way)}")).status_code == 200
    assert account(site, f"plain{len(way)}").email is None


def test_addresses_that_users_can_change_there_are_not_trusted(make_app, slapd):
    site = with_directory(make_app, slapd, WEBAPP_LDAP_EMAIL_VERIFIED="false")
    auth(site, "ada", password("ada"))
    assert account(site, "ada").email_verified_at is None


TLS = {
    "TLS from the start": lambda slapd: {"WEBAPP_LDAP_URL": slapd.secure_url},
    "StartTLS": lambda slapd: {
        "WEBAPP_LDAP_URL": f"ldap://localhost:{slapd.plain}",
        "WEBAPP_LDAP_STARTTLS": "always",
    },
}


@pytest.mark.parametrize("how", TLS)
def test_the_certificate_of_the_directory_is_checked(make_app, slapd, printed, how):
    named = TLS[how](slapd)
    trusting = with_directory(make_app, slapd, WEBAPP_LDAP_CA_FILE=slapd.ca_file, **named)
    assert auth(trusting, "grace", password("grace")).status_code == 200
    assert auth(with_directory(make_app, slapd, **named), "grace", password("grace")).status_code == 503
    assert "the certificate of the directory is not valid" in printed()
    another_host = {"WEBAPP_LDAP_URL": named["WEBAPP_LDAP_URL"].replace("localhost", "127.0.0.1")}
    site = with_directory(make_app, slapd, WEBAPP_LDAP_CA_FILE=slapd.ca_file, **named | another_host)
    assert auth(site, "grace", password("grace")).status_code == 503
    assert "IP address mismatch" in printed()
    assert password("grace") not in printed()


def test_passwords_go_to_other_machines_with_tls_alone():
    assert is_encrypted("ldap://directory.example.org", "auto")
    assert is_encrypted("ldaps://localhost", "never")
    assert is_encrypted("ldap://localhost", "always")
    assert not is_encrypted("ldap://127.0.0.1:389", "auto")
    assert not is_encrypted("ldap://directory.example.org", "never")


def test_a_directory_without_tls_gets_no_password(make_app, printed):
    """One that takes a connection and whatever comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        received = []

        def serve():
            with listening.accept()[0] as client:
                received.append(client.recv(4096))
                # Result code 2, protocolError: it does not know the request.
                client.sendall(bytes.fromhex("300c02010178070a010204000400"))
                received.append(client.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"ldap://localhost:{listening.getsockname()[1]}"
        site = make_app(
            WEBAPP_LDAP_URL=url, WEBAPP_LDAP_STARTTLS="always", WEBAPP_LDAP_BIND_TEMPLATE="uid={name},dc=example"
        )
        assert auth(site, "grace", "the secret one").status_code == 503
        thread.join()
    assert "refuses the request for TLS with result code 2" in printed()
    assert b"the secret one" not in b"".join(received)
