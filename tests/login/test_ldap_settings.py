"""Settings of the LDAP directory: what stops the start, and with which sentence."""

import pytest

from webapp.login.password_backends import authenticate_of
from webapp.settings import Settings, SettingsError

SECRET = "W6uYp3vQ9sLx2Tn8Rk5Zc1Hd7Jf4Mb0G"
RIGHT = {"ldap_url": "ldaps://directory.example.org", "ldap_base": "ou=people,dc=example,dc=org"}
TEMPLATE = {"ldap_base": "", "ldap_bind_template": "uid={name},ou=people,dc=example,dc=org"}


def settings(tmp_path, **changed):
    return Settings(secret_key=SECRET, instance=tmp_path, **RIGHT | changed)


FIT = [
    {},
    TEMPLATE,
    {"ldap_url": "ldap://10.0.0.1:3389/"},
    {"ldap_url": "ldap://[::1]"},
    {"ldap_reader": "cn=reader,dc=example,dc=org", "ldap_reader_password": "secret"},
    {"ldap_filter": "(&(objectClass=user)(|(sAMAccountName={name})(userPrincipalName={name})))"},
    {"ldap_email_attribute": "", "ldap_display_name_attribute": "", "ldap_subject_attribute": ""},
    {
        "ldap_roles": "admins=admin;cn=a,dc=b=editor; ",
        "ldap_group_base": "ou=groups",
        "ldap_group_filter": "(memberUid={name})",
    },
]


@pytest.mark.parametrize("changed", FIT)
def test_settings_that_are_right_start(tmp_path, changed):
    assert authenticate_of(settings(tmp_path, **changed)) is not None


UNFIT = [
    ({"ldap_url": "directory.example.org"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"ldap_url": "https://directory.example.org"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"ldap_url": "ldaps://"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"ldap_url": "ldaps://user:secret@directory"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"ldap_url": "ldaps://directory/dc=example"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"ldap_url": "ldaps://directory?uid"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"ldap_url": "ldaps://directory:99999"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"ldap_url": "ldaps://directory:0"}, "WEBAPP_LDAP_URL must be ldaps:// or ldap://"),
    ({"identity_provider": "a.b:c"}, "WEBAPP_IDENTITY_PROVIDER and WEBAPP_LDAP_URL are both set"),
    ({"ldap_base": ""}, "needs either WEBAPP_LDAP_BASE"),
    ({"ldap_bind_template": "uid={name},dc=x"}, "and not both"),
    (TEMPLATE | {"ldap_bind_template": "uid=grace"}, "with {name} once"),
    (TEMPLATE | {"ldap_bind_template": "{name}@example.org"}, "with {name} once"),
    (TEMPLATE | {"ldap_bind_template": "uid={name},cn={name}"}, "with {name} once"),
    (TEMPLATE | {"ldap_bind_template": "uid={name},cn={dn}"}, "with {name} once"),
    ({"ldap_reader": "cn=reader"}, "need each other"),
    ({"ldap_reader_password": "secret"}, "need each other"),
    ({"ldap_ca_file": "/nowhere.pem"}, "WEBAPP_LDAP_CA_FILE names '/nowhere.pem', which is not a file"),
    ({"ldap_ca_file": __file__}, "which has no certificates"),
    ({"ldap_filter": "uid={name}"}, "WEBAPP_LDAP_FILTER: 'uid={name}' is not a filter"),
    ({"ldap_filter": "(uid={user})"}, "WEBAPP_LDAP_FILTER: {user} is not known; there is {name}"),
    ({"ldap_filter": "(objectClass=person)"}, "WEBAPP_LDAP_FILTER must contain {name}"),
    ({"ldap_group_filter": "(member={dn}"}, "WEBAPP_LDAP_GROUP_FILTER: "),
    ({"ldap_group_filter": "(objectClass=group)"}, "WEBAPP_LDAP_GROUP_FILTER must contain {dn} or {name}"),
    ({"ldap_name_attribute": ""}, "WEBAPP_LDAP_NAME_ATTRIBUTE must be the name of an attribute"),
    ({"ldap_email_attribute": "mail)(x"}, "WEBAPP_LDAP_EMAIL_ATTRIBUTE must be the name of an attribute"),
    ({"ldap_subject_attribute": "*"}, "WEBAPP_LDAP_SUBJECT_ATTRIBUTE must be the name of an attribute"),
    ({"ldap_roles": "admins"}, "WEBAPP_LDAP_ROLES must be groups with roles"),
    ({"ldap_roles": "=admin"}, "WEBAPP_LDAP_ROLES must be groups with roles"),
    ({"ldap_roles": "admins="}, "WEBAPP_LDAP_ROLES must be groups with roles"),
    ({"ldap_roles": "admins=Super Admin"}, "WEBAPP_LDAP_ROLES must be groups with roles"),
]


@pytest.mark.parametrize(("changed", "sentence"), UNFIT)
def test_a_wrong_setting_stops_the_start_with_a_sentence(tmp_path, changed, sentence):
    with pytest.raises(SettingsError) as error:
        authenticate_of(settings(tmp_path, **changed))
    assert sentence in str(error.value)


def test_the_password_of_the_reader_is_not_shown(tmp_path):
    shown = settings(tmp_path, ldap_reader="cn=reader", ldap_reader_password="hidden by us")
    assert "hidden by us" not in repr(shown)
    assert "hidden by us" not in str(shown.describe({}))


def test_settings_of_the_directory_stand_together_in_the_manual(tmp_path):
    listed = [row.variable for row in settings(tmp_path).describe({})]
    assert listed[0] == "WEBAPP_INSTANCE"
    places = [place for place, name in enumerate(listed) if name.startswith("WEBAPP_LDAP_")]
    assert places == list(range(places[0], places[-1] + 1))
