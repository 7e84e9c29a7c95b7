"""Claims of the ID token and of userinfo: which count, where both say something."""

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.identities import subjects_of
from tests.federation.upstream import linked, log_in
from webapp.credentials.models import Credential
from webapp.federation import providers
from webapp.federation.openid_login import OF_ID_TOKEN, joined_claims

ADA, EVE = "ada@example.org", "eve@elsewhere.example"
ADDRESSES = [
    ({"email": ADA, "email_verified": True}, {}, (ADA, True)),
    ({"email": ADA, "email_verified": True}, {"email": EVE, "email_verified": False}, (ADA, True)),
    ({"email": ADA, "email_verified": False}, {"email": ADA, "email_verified": True}, (ADA, False)),
    ({"email": ADA}, {"email": EVE, "email_verified": True}, (ADA, None)),
    ({"email": ADA}, {"email_verified": True}, (ADA, None)),
    ({"email": ADA}, {"email": None, "email_verified": True}, (ADA, None)),
    ({"email": ADA}, {"email": "Ada@example.org", "email_verified": True}, (ADA, None)),
    ({"email": ADA}, {"email": ADA, "email_verified": True}, (ADA, True)),
    ({"email": ADA}, {"email": ADA}, (ADA, None)),
    ({"email": None}, {"email": ADA, "email_verified": True}, (None, None)),
    ({"email_verified": True}, {"email": ADA}, (ADA, None)),
    ({"email_verified": True}, {"email": ADA, "email_verified": False}, (ADA, False)),
    ({"email_verified": False}, {"email": ADA, "email_verified": True}, (ADA, True)),
    ({}, {"email": ADA, "email_verified": True}, (ADA, True)),
    ({}, {"email": ADA}, (ADA, None)),
    ({}, {"email_verified": True}, (None, True)),
]
"""ID token, userinfo, and the e-mail address that counts with whether it is verified."""


@pytest.mark.parametrize(("own", "given", "counts"), ADDRESSES, ids=str)
def test_an_address_and_its_verification_come_from_one_response(own, given, counts):
    found = joined_claims({"sub": "u-1"} | own, {"sub": "u-1"} | given)
    assert (found.get("email"), found.get("email_verified")) == counts


def test_userinfo_about_another_address_verifies_none(app, user, upstream):
    upstream.id_claims = {"email": user.email}
    upstream.claims = {"sub": "eve", "email": EVE, "email_verified": True}
    assert log_in(Person(app), upstream).headers["Location"] == "/login/with/acme/account"
    assert subjects_of(app, user) == []
    upstream.claims["email"] = user.email
    assert log_in(Person(app), upstream).headers["Location"] == "/dashboard"
    assert subjects_of(app, user) == ["eve"]


@pytest.mark.parametrize("name", sorted(OF_ID_TOKEN))
def test_userinfo_says_nothing_of_the_login(name):
    assert name not in joined_claims({}, {name: "x", "groups": ["staff"]})
    assert joined_claims({name: "own"}, {name: "x", "groups": ["staff"]}) == {name: "own", "groups": ["staff"]}


@pytest.mark.parametrize(("trusted", "value"), [("trusted_amr", ["mfa"]), ("trusted_acr", "mfa")])
def test_a_second_factor_counts_only_in_the_id_token(app, user, upstream, trusted, value):
    linked(app, user)
    with factories.database_of(app).write() as db:
        setattr(providers.by_slug(db, "acme"), trusted, ["mfa"])
    claim = trusted.removeprefix("trusted_")

    def levels():
        log_in(Person(app), upstream)
        with factories.database_of(app).read() as db:
            return sorted(one.amr for one in db.query(Credential))

    upstream.userinfo = {claim: value}
    assert levels() == ["federated"]
    upstream.id_claims = {claim: value}
    assert levels() == ["federated", "federated mfa"]
