"""Roles by groups of a directory: given and taken away at the login, and never more than that."""

from itertools import count

import pytest

from tests import factories
from tests.login.directory import Directory, auth
from tests.login.slapd import GROUPS, PASSWORD, entry_of, group_of, with_directory
from tests.login.test_ldap_directory import TEMPLATE
from tests.tables import account, events
from webapp.accounts import lifecycle, provider_roles

RULES = {"WEBAPP_LDAP_ROLES": f"cn=admins,{GROUPS}=admin; editors=editor"}
SEARCHED = {"WEBAPP_LDAP_GROUP_BASE": GROUPS}
WAYS = {
    "by the attribute of the user": {},
    "by a search": SEARCHED,
    "by a search as the user": SEARCHED | TEMPLATE,
    "by a search with a filter": SEARCHED | {"WEBAPP_LDAP_GROUP_FILTER": "(&(objectClass=groupOfNames)(member={dn}))"},
}


numbers = count()


def log_in(site, name):
    assert auth(site, name, PASSWORD.format(name=name)).status_code == 200
    return account(site, name)


@pytest.fixture
def member(slapd):
    """Somebody new, in the group ``admins``."""
    name = f"member{next(numbers)}"
    slapd.add(entry_of(name))
    slapd.join("admins", name)
    return name


@pytest.mark.parametrize("way", WAYS)
def test_a_role_comes_and_goes_with_the_group(make_app, slapd, member, way):
    site = with_directory(make_app, slapd, **RULES, **WAYS[way])
    user = log_in(site, member)
    assert (user.role, user.provider_role) == ("admin", "admin")
    assert log_in(site, member).role == "admin"
    slapd.leave("admins", member)
    user = log_in(site, member)
    assert (user.role, user.provider_role) == ("user", None)
    changes = [(one["details"]) for one in events(site, "role.changed")]
    assert len(changes) == 2
    assert "identity provider" in changes[0]


def test_without_rules_groups_give_no_role_and_take_none(make_app, slapd, member):
    site = with_directory(make_app, slapd)
    assert log_in(site, member).role == "user"
    with factories.database_of(site).write() as db:
        lifecycle.change_role(db, db.merge(account(site, member)), "admin")
    assert log_in(site, member).role == "admin"


def test_a_role_that_an_administrator_has_given_stays(make_app, slapd):
    site = with_directory(make_app, slapd, **RULES)
    log_in(site, "ada")
    with factories.database_of(site).write() as db:
        lifecycle.change_role(db, db.merge(account(site, "ada")), "admin")
    user = log_in(site, "ada")
    assert (user.role, user.provider_role) == ("admin", None)


def test_a_role_that_an_administrator_has_given_is_not_made_smaller(make_app, slapd, member):
    site = with_directory(make_app, slapd, **RULES)
    log_in(site, member)
    with factories.database_of(site).write() as db:
        lifecycle.change_role(db, db.merge(account(site, member)), "super_admin")
    assert log_in(site, member).role == "super_admin"
    slapd.leave("admins", member)
    assert log_in(site, member).role == "super_admin"


def test_the_last_super_admin_stays_one(make_app, slapd, member):
    site = with_directory(make_app, slapd, WEBAPP_LDAP_ROLES="admins=super_admin")
    assert log_in(site, member).role == "super_admin"
    slapd.leave("admins", member)
    user = log_in(site, member)
    assert (user.role, user.provider_role) == ("super_admin", "super_admin")
    factories.user(site, "another", role="super_admin")
    assert log_in(site, member).role == "user"


def test_a_role_that_does_not_exist_is_not_given(make_app, slapd, member):
    site = with_directory(make_app, slapd, WEBAPP_LDAP_ROLES="admins=no_such_role")
    assert log_in(site, member).role == "user"


def test_the_first_rule_that_applies_counts(make_app, slapd, member):
    slapd.add(group_of(f"of_{member}", member))
    rules = f"of_{member}=admin; admins=super_admin"
    assert log_in(with_directory(make_app, slapd, WEBAPP_LDAP_ROLES=rules), member).role == "admin"


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(f"cn=admin,{GROUPS}", id="the beginning of its name"),
        pytest.param("cn=admins,ou=others,dc=example,dc=org", id="its name below another folder"),
        pytest.param("cn=admins", id="its RDN alone"),
        pytest.param("groups", id="the folder of the group"),
        pytest.param("*", id="an asterisk"),
        pytest.param("admins,ou=groups", id="a part of its DN"),
    ],
)
def test_another_group_gives_nothing(make_app, slapd, member, named):
    site = with_directory(make_app, slapd, WEBAPP_LDAP_ROLES=f"{named}=super_admin")
    assert log_in(site, member).role == "user"


@pytest.mark.parametrize(
    "named",
    ["admins", "ADMINS", f"CN=Admins,{GROUPS.upper()}", f"cn = admins , {GROUPS.replace(',', ' , ')}"],
)
def test_names_of_groups_are_compared_as_directories_compare_them(make_app, slapd, member, named):
    assert log_in(with_directory(make_app, slapd, WEBAPP_LDAP_ROLES=f"{named}=admin"), member).role == "admin"


def test_a_comma_in_the_name_of_a_group_does_not_end_it(make_app, slapd):
    slapd.add(entry_of("comma"), group_of("admins, and others", "comma").replace("admins, and", r"admins\, and", 1))
    site = with_directory(make_app, slapd, WEBAPP_LDAP_ROLES="admins=admin")
    assert log_in(site, "comma").role == "user"


def test_a_function_of_your_own_may_give_roles_too(make_app, people: Directory):
    site = make_app(WEBAPP_IDENTITY_PROVIDER="tests.login.directory:authenticate")
    people.add("grace", role="admin")
    auth(site, "grace")
    assert account(site, "grace").role == "admin"
    people.add("grace", role="")
    auth(site, "grace")
    assert account(site, "grace").role == "user"


def test_an_account_that_leaves_the_directory_keeps_its_role_as_its_own(make_app, slapd, member):
    site = with_directory(make_app, slapd, **RULES)
    log_in(site, member)
    with factories.database_of(site).write() as db:
        user = db.merge(account(site, member))
        user.known_elsewhere_as, user.provider_role = None, None
        assert provider_roles.apply_role(db, user, None, user.provider_role, provider="x") is None
        assert user.role == "admin"
