"""Who gets an account at the first login, with which e-mail address, and what others learn of it: the whole table."""

from itertools import product

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import factories
from tests.browser import Person
from tests.federation.identities import subjects_of
from tests.federation.upstream import Upstream, log_in, provided
from tests.outbox_mails import mails
from tests.tables import account
from webapp.accounts import invitations, registration
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.registration import EmailTaken, NewUser
from webapp.core.clock import now
from webapp.federation import linking, new_accounts
from webapp.federation.models import LoginProvider
from webapp.federation.new_accounts import POLICIES, NoAccount
from webapp.federation.provider_identity import identity_of
from webapp.mail.mailer import Mailer
from webapp.web.registry import services_of

ADDRESS, PAGE = "grace@example.org", "/login/with/acme/account"
VERIFIED = {"true": True, "false": False, "as a text": "true", "missing": None}
OWNERS = {
    "nobody": {},
    "verified account": {"is_verified": True},
    "unverified account": {},
    "waiting registration": {"must_verify": True},
    "disabled account": {"is_verified": True},
    "service account": {"is_verified": True, "is_service": True},
}


def expected(policy: str, verified: object, owner: str, *, is_authoritative: bool, is_invited: bool) -> str:
    is_verified = verified is True
    is_certain = is_verified and is_authoritative
    if is_certain and owner in ("verified account", "disabled account"):
        return "linked"
    may = {"open": True, "domains": is_verified or is_invited, "invited": is_invited, "closed": False}
    if not may[policy]:
        return "no account"
    if is_certain:
        return "address verified" if owner in ("nobody", "waiting registration") else "address taken"
    return f"mail to {'the address' if owner == 'nobody' else 'its owner'}" if is_verified else "no address"


def invite(db: Session, **requested: str) -> str:
    """The secret of a new invitation."""
    made = invitations.prepare(InvitationRequest(**requested))
    db.add(made.invitation)
    db.flush()
    return made.path.rpartition("/")[2]


def happens(db: Session, mailer: Mailer, row: LoginProvider, *, verified: object, is_invited: bool) -> str:
    """What becomes of an identity."""
    identity = identity_of(row.issuer, {"sub": "u-1", "email": "Grace@Example.org", "email_verified": verified})
    if linking.owner_of(db, row, identity) is not None:
        return "linked"
    here, secret = RequestOrigin(now(), None, ""), invite(db) if is_invited else ""
    try:
        made = new_accounts.create(db, mailer, row, identity, username="grace", invitation=secret, circumstances=here)
    except NoAccount:
        return "no account"
    except EmailTaken:
        return "address taken"
    if made.user.email is not None:
        assert (made.user.email, made.user.email_verified_at is not None) == ("Grace@example.org", True)
        return "address verified"
    kinds = db.scalars(text("SELECT kind FROM outgoing_mail")).all()
    sent = {"confirm_email": "mail to the address", "email_taken_by_change": "mail to its owner"}
    return sent[kinds[0]] if kinds else "no address"


@pytest.mark.parametrize("owner", OWNERS)
def test_the_table_of_first_logins(app, owner):
    row, mailer = provided(app, Upstream()), services_of(app).get(Mailer)
    database = factories.database_of(app)
    if owner != "nobody":
        with database.write() as db:
            new = NewUser(username="ada", email=ADDRESS, password_hash="", **OWNERS[owner])
            made = registration.add(db, new, origin="test")
            made.disabled_at = now() if owner == "disabled account" else None
    for policy, said, is_authoritative, is_invited in product(POLICIES, VERIFIED, (True, False), (True, False)):
        with database.write() as db:
            one = db.begin_nested()
            provider = db.get_one(LoginProvider, row.id)
            provider.account_policy, provider.account_domains = policy, ["example.org"]
            provider.email_domains = ["example.org"] if is_authoritative else ["example.com"]
            found = happens(db, mailer, provider, verified=VERIFIED[said], is_invited=is_invited)
            one.rollback()
        wanted = expected(policy, VERIFIED[said], owner, is_authoritative=is_authoritative, is_invited=is_invited)
        assert found == wanted, (policy, said, is_authoritative, is_invited)


def first_login(app: Flask, upstream: Upstream, person: Person | None = None, **fields: str) -> Person:
    """A person on the page of the first login, after they pressed the button."""
    person = person or Person(app)
    assert log_in(person, upstream).headers["Location"] == PAGE
    person.open(PAGE)
    person.press("Create account", **fields)
    return person


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("ada", id="taken"),
        pytest.param("ADA", id="taken in capitals"),
        pytest.param("аda", id="looks like one that is taken"),
        pytest.param("a b", id="with a space"),
        pytest.param("grace@example.org", id="an e-mail address"),
        pytest.param("x" * 51, id="too long"),
        pytest.param("", id="empty"),
    ],
)
def test_a_user_name_that_does_not_fit_is_asked_for_again(app, user, upstream, name):
    person = first_login(app, upstream, username=name)
    assert person.page.status_code == 422
    assert 'id="username-error"' in person.page.text
    answer = person.press("Create account", username="grace")
    assert answer.request.path == "/dashboard", "the identity was not used up"


def test_nobody_learns_from_a_first_login_whether_an_address_has_an_account(app, user, upstream):
    """The provider is not authoritative for the domain, so whoever logs in may have entered any address there."""
    pages = {}
    for number, email in enumerate(("ada@example.com", "free@example.com")):
        factories.user(app, "other", email="ada@example.com") if not number else None
        upstream.claims |= {"sub": f"s-{number}", "email": email, "email_verified": True}
        person = Person(app)
        log_in(person, upstream)
        before = person.open(PAGE).text
        after = person.press("Create account", username=f"person-{number}").text
        profile = person.open("/account").text
        plain = "".join(before + after + profile).replace(email, "").replace(f"person-{number}", "")
        pages[email] = {word for word in plain.split() if word.isalpha()}
    assert pages["ada@example.com"] == pages["free@example.com"]
    assert [mail.kind for mail in mails(app)][-2:] == ["email_taken_by_change", "confirm_email"]


def test_what_changes_at_the_provider_later_changes_nothing_here(app, user, upstream):
    upstream.claims |= {"email_verified": True}
    first_login(app, upstream, username="grace")
    for changed in (
        {"email": "GRACE@EXAMPLE.ORG"},
        {"email": "other@example.org"},
        {"email": user.email},
        {"email": None},
        {"email_verified": False},
    ):
        upstream.claims |= changed
        assert log_in(Person(app), upstream).headers["Location"] == "/dashboard", changed
    assert account(app, "grace").email == ADDRESS
    assert subjects_of(app, user) == []


def test_the_address_of_one_identity_with_another_subject_is_another_person(app, upstream):
    upstream.claims |= {"email_verified": True}
    first_login(app, upstream, username="grace")
    upstream.claims |= {"sub": "u-2"}
    person = first_login(app, upstream, username="grace2")
    assert "An account here already uses your e-mail address." in person.page.text
    assert subjects_of(app, account(app, "grace")) == ["u-1"]


def test_the_subject_of_another_issuer_is_another_person(app, upstream):
    upstream.claims.pop("email")
    first_login(app, upstream, username="grace")
    other = Upstream("https://other.example.org", claims={"sub": "u-1"})
    provided(app, other, slug="other")
    person = Person(app)
    url = person.ask("GET", "/login/with/other").headers["Location"]
    answer = other.authorized(url)
    from_there = person.ask("GET", "/login/with/other/callback", query_string=answer)
    assert from_there.headers["Location"] == "/login/with/other/account"


@pytest.mark.parametrize("email", [None, "invited@example.com"])
def test_an_invitation_offers_the_providers_and_gives_its_role_and_address(app, email):
    upstream = Upstream(claims={"sub": "u-1", "email": "elsewhere@example.com", "preferred_username": "grace"})
    provided(app, upstream, account_policy="invited")
    with factories.database_of(app).write() as db:
        secret = invite(db, role="admin", **({"email": email} if email else {}))
    person = Person(app)
    assert "Log in with Acme" in person.open(f"/register/{secret}").text
    log_in(person, upstream)
    page = person.open(PAGE).text
    assert ("invited@example.com" in page, "Your invitation was mailed there." in page) == (email is not None,) * 2
    person.press("Create account")
    made = account(app, "grace")
    assert (made.role, made.email, made.email_verified_at is not None) == ("admin", email, email is not None)
    stranger = Person(app)
    upstream.claims["sub"] = "u-2"
    log_in(stranger, upstream)
    assert "Create account" not in stranger.open(PAGE).text
    used = Person(app)
    assert used.open(f"/register/{secret}").status_code == 404, "it works once"
