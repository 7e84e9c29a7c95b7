"""What ``doctor`` says of the LDAP directory."""

import pytest

from tests.login.slapd import BASE, PEOPLE, READER, READER_PASSWORD
from tests.ports import free_port
from webapp.accounts.configured_roles import unknown_role
from webapp.cli.health_checks.directory import directory_findings
from webapp.settings import Settings

SECRET = "W6uYp3vQ9sLx2Tn8Rk5Zc1Hd7Jf4Mb0G"


@pytest.fixture
def configured(tmp_path, slapd):
    def make(**changed):
        right = {
            "ldap_url": slapd.url,
            "ldap_base": PEOPLE,
            "ldap_reader": READER,
            "ldap_reader_password": READER_PASSWORD,
        }
        return Settings(secret_key=SECRET, instance=tmp_path, **right | changed)

    return make


def test_without_a_directory_nothing_is_said(tmp_path):
    assert list(directory_findings(Settings(secret_key=SECRET, instance=tmp_path))) == []


@pytest.mark.parametrize(
    ("changed", "level", "says"),
    [
        ({}, "ok", "responds."),
        ({"ldap_url": f"ldap://127.0.0.1:{free_port()}"}, "bad", "cannot be used: no valid response"),
        ({"ldap_reader_password": "former"}, "bad", "WEBAPP_LDAP_READER cannot log in"),
        ({"ldap_base": f"ou=nowhere,{BASE}"}, "bad", "result code 32"),
    ],
)
def test_the_directory_is_tried(configured, changed, level, says):
    (finding,) = directory_findings(configured(**changed))
    assert finding.level == level
    assert says in finding.message
    assert READER_PASSWORD not in str(finding)


def test_passwords_in_clear_are_a_warning(configured):
    first = next(directory_findings(configured(ldap_url="ldap://directory.invalid", ldap_starttls="never")))
    assert (first.level, "unencrypted" in first.message) == ("warn", True)


def test_a_role_that_does_not_exist_is_named(configured):
    settings = configured(ldap_roles="admins=admin; editors=editor")
    assert "WEBAPP_LDAP_ROLES names the role editor" in unknown_role(settings, ["user", "admin"])
    assert unknown_role(settings, ["user", "admin", "editor"]) is None
