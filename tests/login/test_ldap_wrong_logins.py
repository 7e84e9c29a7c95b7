"""Logins with an LDAP directory that must not succeed: names, passwords, entries, and directories."""

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.login.directory import auth
from tests.login.slapd import BASE, PASSWORD, PEOPLE, entry_of, with_directory
from tests.login.test_ldap_directory import TEMPLATE
from tests.ports import free_port
from tests.tables import account
from webapp.accounts.models import User


def password(name):
    return PASSWORD.format(name=name)


def accounts(app):
    with factories.database_of(app).read() as db:
        return db.scalar(select(func.count()).select_from(User))


GRACE = password("grace")
WRONG = {
    "the password of another": ("grace", password("ada")),
    "a password in other letter case": ("grace", GRACE.upper()),
    "no password": ("grace", ""),
    "a blank password": ("grace", " "),
    "a password of zero bytes": ("grace", "\0\0\0\0"),
    "a password with a zero byte behind": ("grace", f"{GRACE}\0"),
    "a password that is no text": ("grace", "\ud800\udc00\ud800"),
    "an unknown name": ("nobody", GRACE),
    "every name": ("*", GRACE),
    "the beginning of a name": ("g*", GRACE),
    "a name that is a filter": ("grace)(uid=*", GRACE),
    "a name that ends the filter": ("*)(objectClass=*))(|(cn=*", GRACE),
    "a name that negates": ("!(uid=ada)", GRACE),
    "an escaped asterisk": ("\\2a", GRACE),
    "a name with a zero byte": ("grace\0", GRACE),
    "a name that is no text": ("grace\ud800", GRACE),
    "a name that goes on as DN": ("grace,ou=people", GRACE),
    "the DN of the user": (f"uid=grace,{PEOPLE}", GRACE),
    "two values of one RDN": ("grace+cn=Grace of the directory", GRACE),
    "a name in quotation marks": ('"grace"', GRACE),
    "a name with a number sign": ("#0405", GRACE),
    "a name of 400 characters": ("g" * 400, GRACE),
    "a name with a placeholder": ("{name}", GRACE),
    "a name with a line break": ("grace\nuid: ada", GRACE),
    "the DN of who searches": ("reader", "reads the directory"),
    "who administers the directory": ("manager", "manages"),
}
WAYS = {"searched": {}, "by template": TEMPLATE}


@pytest.fixture(params=WAYS)
def site(request, make_app, slapd):
    return with_directory(make_app, slapd, **WAYS[request.param])


@pytest.mark.parametrize("name", WRONG)
def test_nobody_gets_in(site, name):
    identifier, secret = WRONG[name]
    assert auth(site, identifier, secret).status_code in (400, 401, 422)
    assert accounts(site) == 0


@pytest.mark.parametrize("name", ["grace ", " grace", "GRACE", "Grace"])
def test_names_that_the_directory_takes_for_the_same_are_one_account(site, name):
    assert auth(site, "grace", GRACE).status_code == 200
    assert auth(site, name, GRACE).status_code in (200, 401)
    assert accounts(site) == 1


def test_two_entries_of_one_name_let_nobody_in(make_app, slapd, printed):
    slapd.add(entry_of("twin1", mail="twins@example.org"), entry_of("twin2", mail="twins@example.org"))
    site = with_directory(make_app, slapd)
    assert auth(site, "twins@example.org", password("twin1")).status_code == 401
    assert accounts(site) == 0
    assert "several entries of the directory match a name" in printed()
    assert auth(site, "twin1", password("twin1")).status_code == 200


def test_the_name_of_one_that_is_the_address_of_another_lets_nobody_in(make_app, slapd):
    slapd.add(entry_of("thief", mail="victim"), entry_of("victim"))
    site = with_directory(make_app, slapd)
    assert auth(site, "victim", password("thief")).status_code == 401
    assert accounts(site) == 0


def test_an_entry_without_a_password_lets_nobody_in(make_app, slapd):
    slapd.add(entry_of("empty", userPassword=None))
    for settings in WAYS.values():
        site = with_directory(make_app, slapd, **settings)
        for secret in ("", " ", "\0", "x"):
            assert auth(site, "empty", secret).status_code in (400, 401, 422)
        assert accounts(site) == 0


UNFIT = {
    "a name that is too long": ({"uid": "n" * 51}, 403),
    "a name that is an address": ({"uid": "someone@example.org"}, 403),
    "an address that is none": ({"mail": "no address"}, 403),
    "a huge address": ({"mail": f"{'m' * 5000}@example.org"}, 403),
    "a display name that is too long": ({"cn": "c" * 101}, 200),
    "a huge display name": ({"cn": "c" * 50_000}, 200),
    "a display name that turns the text around": ({"cn": "Grace \u202e ecarG"}, 200),
    "an entry larger than what is read": ({"cn": "c" * 1_500_000}, 503),
}


@pytest.mark.parametrize("name", UNFIT)
def test_values_that_do_not_fit_here_are_a_clear_answer(make_app, slapd, name):
    changed, status = UNFIT[name]
    uid = changed.get("uid", f"unfit{list(UNFIT).index(name)}")
    slapd.add(entry_of(uid, **{"mail": None, "userPassword": GRACE} | changed))
    site = with_directory(make_app, slapd)
    assert auth(site, uid, GRACE).status_code == status
    if status == 200:
        assert account(site, uid).display_name is None
    else:
        assert accounts(site) == 0


DIRECTORIES = {
    "one that is down": ({"WEBAPP_LDAP_URL": f"ldap://127.0.0.1:{free_port()}"}, "no valid response"),
    "one whose name is unknown": ({"WEBAPP_LDAP_URL": "ldaps://directory.invalid"}, "no valid response"),
    "who searches has another password": (
        {"WEBAPP_LDAP_READER_PASSWORD": "former"},
        "WEBAPP_LDAP_READER cannot log in: the directory refuses the bind with result code 49",
    ),
    "who searches is unknown": ({"WEBAPP_LDAP_READER": "cn=nobody,dc=example,dc=org"}, "result code 49"),
    "who searches has a name that is none": ({"WEBAPP_LDAP_READER": "reader"}, "result code 34"),
    "a base that is not there": ({"WEBAPP_LDAP_BASE": "ou=nowhere,dc=example,dc=org"}, "result code 32"),
    "a base that is elsewhere": ({"WEBAPP_LDAP_BASE": f"ou=elsewhere,{BASE}"}, "result code 10"),
    "an anonymous search that is not allowed": (
        {"WEBAPP_LDAP_READER": "", "WEBAPP_LDAP_READER_PASSWORD": ""},
        "WEBAPP_LDAP_READER cannot log in",
    ),
    "no such attribute of the name": ({"WEBAPP_LDAP_NAME_ATTRIBUTE": "nickname"}, "has no nickname"),
    "no such attribute of the subject": ({"WEBAPP_LDAP_SUBJECT_ATTRIBUTE": "employeeNumber"}, "has no employeeNumber"),
    "TLS where there is none": ({"WEBAPP_LDAP_URL": None}, "no valid response"),
}


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_fault_of_the_directory_or_the_settings_is_503_and_named_in_the_log(make_app, slapd, printed, name):
    changed, reason = DIRECTORIES[name]
    if "WEBAPP_LDAP_URL" in changed and changed["WEBAPP_LDAP_URL"] is None:
        changed = {"WEBAPP_LDAP_URL": f"ldaps://localhost:{slapd.plain}"}
    site = with_directory(make_app, slapd, **changed)
    answer = auth(site, "grace", GRACE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert reason in printed()
    assert GRACE not in printed()
    assert "reads the directory" not in printed()
    assert accounts(site) == 0


def test_users_who_may_not_read_their_own_entry_are_a_fault_of_the_directory(make_app, slapd, printed):
    slapd.add(entry_of("hidden"))
    site = with_directory(make_app, slapd, **TEMPLATE)
    assert auth(site, "hidden", password("hidden")).status_code == 503
    assert auth(site, "hidden", GRACE).status_code == 401
    assert "the directory refuses the search" in printed() or "may not read their own entry" in printed()


def test_administrators_of_the_site_log_in_while_the_directory_is_down(make_app, slapd):
    site = with_directory(make_app, slapd, WEBAPP_LDAP_URL=f"ldap://127.0.0.1:{free_port()}")
    factories.user(site, "boss", role="super_admin")
    assert auth(site, "boss", factories.PASSWORD).status_code == 200


def test_a_name_of_the_directory_takes_over_no_account_of_the_site(make_app, slapd):
    site = with_directory(make_app, slapd)
    factories.user(site, "grace", email="local@example.org")
    assert auth(site, "grace", GRACE).status_code == 401
    assert auth(site, "grace@example.org", GRACE).status_code == 403
