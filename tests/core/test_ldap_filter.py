"""Filters of LDAP: parsed by us, and read again by a library."""

import pytest
from pyasn1.codec.ber import decoder
from pyasn1_modules import rfc2251

from webapp.core.ldap_filter import InvalidLdapFilter, encoded_filter, escaped_in_dn, is_same_group

NAMES = ["grace", "*", "g*", "a)(uid=*", "\\2a", "", "(", "{dn}", "ä", "\0", "&", "a" * 300]


def read(encoded):
    found, rest = decoder.decode(encoded, asn1Spec=rfc2251.Filter())
    assert not rest
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_value_and_nothing_else(name):
    found = read(encoded_filter("(|(uid={name})(mail={name}))", {"name": name}))
    assert found.getName() == "or"
    items = [found["or"][at]["equalityMatch"] for at in range(2)]
    assert [bytes(one["attributeDesc"]) for one in items] == [b"uid", b"mail"]
    assert [bytes(one["assertionValue"]) for one in items] == [name.encode()] * 2


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("(uid={name})", "equalityMatch"),
        (" (uid={name}) ", "equalityMatch"),
        ("(uid=*)", "present"),
        ("(uid=a*)", "substrings"),
        ("(uid=*a*b*)", "substrings"),
        ("(uid>=a)", "greaterOrEqual"),
        ("(uid<=a)", "lessOrEqual"),
        ("(uid~=a)", "approxMatch"),
        ("(!(uid=a))", "not"),
        ("(&(uid=a)(!(nsAccountLock=TRUE)))", "and"),
        ("(memberOf:1.2.840.113556.1.4.1941:=cn=a,dc=b)", "extensibleMatch"),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", "extensibleMatch"),
        ("(ou:dn:=people)", "extensibleMatch"),
        ("(:dn:2.5.13.5:=people)", "extensibleMatch"),
        ("(cn:=people)", "extensibleMatch"),
        ("(cn=\\28a\\29\\2a)", "equalityMatch"),
    ],
)
def test_filters_are_read_by_a_library_as_they_are_meant(template, kind):
    assert read(encoded_filter(template, {"name": "grace"})).getName() == kind


def test_the_parts_of_a_substring_are_in_order():
    found = read(encoded_filter("(uid=a*{name}*\\2ac)", {"name": "*"}))["substrings"]["substrings"]
    assert [(one.getName(), bytes(one[one.getName()])) for one in found] == [
        ("initial", b"a"),
        ("any", b"*"),
        ("final", b"*c"),
    ]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "uid={name}",
        "(uid={name}",
        "(uid={name}))",
        "((uid={name}))",
        "(uid={name})(mail={name})",
        "(&)",
        "(|)",
        "(!)",
        "(!(a=b)(c=d))",
        "(&(a=b)",
        "(={name})",
        "(uid)",
        "(uid={other})",
        "(uid={name)",
        "(uid=name})",
        "(uid=\\2)",
        "(uid=\\zz)",
        "(uid:dn=a)",
        "(uid:rule=a)",
        "(:=a)",
        "(u d=a)",
        "(" * 2000,
        "(!" * 500 + "(a=b)" + ")" * 500,
    ],
)
def test_what_is_no_filter_is_refused(template):
    with pytest.raises(InvalidLdapFilter):
        encoded_filter(template, {"name": "grace"})


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("grace", "grace"),
        ("grace,ou=x", r"grace\2cou\3dx"),
        ("a+b", r"a\2bb"),
        ('a"b', r"a\22b"),
        ("a\\2c", r"a\5c2c"),
        ("<a>;", r"\3ca\3e\3b"),
        ("a\0b", r"a\00b"),
        (" a", r"\20a"),
        ("a ", r"a\20"),
        (" ", r"\20"),
        ("  ", r"\20\20"),
        ("#a", r"\23a"),
        ("a#", "a#"),
        ("ä", "ä"),
        ("", ""),
    ],
)
def test_a_value_in_a_name_is_escaped(value, escaped):
    assert escaped_in_dn(value) == escaped


@pytest.mark.parametrize(
    ("named", "dn", "is_same"),
    [
        ("admins", "cn=admins,dc=example", True),
        ("admins", r"cn=admins\,dc=example,dc=org", False),
        ("admins", "cn=x,cn=admins", False),
        ("cn=admins,dc=example", "CN=Admins, DC=Example", True),
        ("cn=admins,dc=example", "cn=admins,dc=example,dc=org", False),
        ("cn=admins,dc=example", "ou=admins,dc=example", False),
        ("", "cn=,dc=example", True),
        ("admins", "", False),
    ],
)
def test_groups_are_compared_whole(named, dn, is_same):
    assert is_same_group(named, dn) is is_same
