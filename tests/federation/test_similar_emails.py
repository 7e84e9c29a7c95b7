"""E-mail addresses and domains that compare as equal here, but may be those of somebody else."""

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.identities import subjects_of
from tests.federation.upstream import Upstream, log_in, provided
from tests.outbox_mails import mails
from tests.tables import account
from webapp.accounts.models import User
from webapp.accounts.names import checked_email, normalized_key
from webapp.core.clock import now
from webapp.federation.email_domains import is_same_mailbox, is_within

ACCOUNT_PAGE = "/login/with/acme/account"
DOMAINS = [
    ("strasse.example.net", "straße.example.net", False),
    ("straße.example.net", "strasse.example.net", False),
    ("strasse.example.net", "xn--strae-oqa.example.net", False),
    ("straße.example.net", "xn--strae-oqa.example.net", True),
    ("xn--strae-oqa.example.net", "straße.example.net", True),
    ("οδος.example.net", "οδοσ.example.net", False),
    ("οδος.example.net", "οδος.example.net", True),
    ("finn.example.net", "ﬁnn.example.net", True),
    ("acme.example.net", "ａcme.example.net", True),
    ("acme.example.net", "ACME.example.NET", True),
    ("straße.example.net", "STRAẞE.example.net", True),
    ("straße.example.net", "XN--STRAE-OQA.example.net", True),
    ("strasse.example.net", "STRASSE.example.net", True),
    ("acme.example.net", "sub.acme.example.net", False),
]
"""Domain of the provider, domain of the address there, and whether it is the same in the DNS."""
LOCALS = [
    ("strasse", "straße", False),
    ("straße", "strasse", False),
    ("straße", "straße", True),
    ("οδος", "οδοσ", False),
    ("οδοσ", "οδος", False),
    ("finn", "ﬁnn", False),
    ("ada", "ａda", False),
    ("ada", "ADA", True),
    ("ada", "Ada", True),
    ("ädä", "ÄDÄ", True),
    ("ada", "a\u0308da", False),
    ("äda", "a\u0308da", True),
]
"""Local part of an account here, the one at the provider, and whether it is the same mailbox."""


def has_address(app, user, email):
    with factories.database_of(app).write() as db:
        found = db.get_one(User, user.id)
        found.email, found.email_verified_at = checked_email(email), now()
        found.email_key = normalized_key(found.email)


def verified_there(app, email, **changed):
    upstream = Upstream()
    provided(app, upstream, **changed)
    upstream.claims = {"sub": "u-1", "email": email, "email_verified": True}
    return upstream


@pytest.mark.parametrize(("entered", "there", "is_same"), DOMAINS)
def test_domains_are_compared_as_the_dns_does(entered, there, is_same):
    assert is_within(f"ada@{there}", [entered]) is is_same
    assert is_same_mailbox(f"ada@{there}", f"ada@{entered}") is is_same
    assert is_within(f"ada@{there}", ["*"])


@pytest.mark.parametrize(("entered", "there", "is_same"), DOMAINS)
def test_the_policy_of_domains_takes_only_the_same_domain(app, entered, there, is_same):
    upstream = verified_there(
        app, f"ada@{there}", email_domains=[], account_policy="domains", account_domains=[entered]
    )
    person = Person(app)
    log_in(person, upstream)
    assert ("Create account" in person.open(ACCOUNT_PAGE).text) is is_same


@pytest.mark.parametrize(("entered", "there", "is_same"), DOMAINS)
@pytest.mark.parametrize("authoritative_for", ["the domain of the account", "the domain there", "every domain"])
def test_an_account_is_found_only_by_the_same_domain(app, user, entered, there, is_same, authoritative_for):
    has_address(app, user, f"ada@{entered}")
    domains = {"the domain of the account": entered, "the domain there": there, "every domain": "*"}
    upstream = verified_there(app, f"ada@{there}", email_domains=[domains[authoritative_for]])
    answer = log_in(Person(app), upstream)
    assert answer.headers["Location"] == ("/dashboard" if is_same else ACCOUNT_PAGE)
    assert subjects_of(app, user) == (["u-1"] if is_same else [])


@pytest.mark.parametrize(("here", "there", "is_same"), LOCALS)
def test_an_account_is_found_only_by_the_same_local_part(app, user, here, there, is_same):
    has_address(app, user, f"{here}@example.org")
    answer = log_in(Person(app), verified_there(app, f"{there}@example.org"))
    assert answer.headers["Location"] == ("/dashboard" if is_same else ACCOUNT_PAGE)
    assert subjects_of(app, user) == (["u-1"] if is_same else [])


@pytest.mark.parametrize(("here", "there"), [(here, there) for here, there, is_same in LOCALS if not is_same])
@pytest.mark.parametrize("is_waiting", [False, True])
def test_a_new_account_takes_nothing_from_the_owner_of_a_similar_address(app, user, here, there, is_waiting):
    has_address(app, user, f"{here}@example.org")
    if is_waiting:
        with factories.database_of(app).write() as db:
            found = db.get_one(User, user.id)
            found.verification_required_at, found.email_verified_at = now(), None
    person = Person(app)
    log_in(person, verified_there(app, f"{there}@example.org"))
    person.open(ACCOUNT_PAGE)
    person.press("Create account", username="grace")
    made = account(app, "grace")
    assert (made.email, made.email_verified_at) == (None, None) or normalized_key(there) != normalized_key(here)
    assert account(app, user.username).email == f"{here}@example.org"


@pytest.mark.parametrize("there", ["ﬁnn", "ａda"])
def test_an_address_that_another_mailbox_would_stand_for_is_left_out(app, there):
    person = Person(app)
    log_in(person, verified_there(app, f"{there}@example.org"))
    person.open(ACCOUNT_PAGE)
    person.press("Create account", username="grace")
    assert account(app, "grace").email is None


@pytest.mark.parametrize(("local", "there", "is_same"), LOCALS)
def test_the_page_of_the_first_login_says_a_mail_comes_where_one_comes(app, user, local, there, is_same):
    """Also for an address that an account here could only have by another mailbox."""
    has_address(app, user, f"{local}@example.org")
    with factories.database_of(app).write() as db:
        # So that the address does not find the account.
        db.get_one(User, user.id).email_verified_at = None
    person = Person(app)
    log_in(person, verified_there(app, f"{there}@example.org"))
    says_so = "We will mail you a link to verify it." in person.open(ACCOUNT_PAGE).text
    person.press("Create account", username="grace")
    assert says_so is bool(mails(app))
