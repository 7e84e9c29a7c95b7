"""What ends together with a link between an identity and an account, for each way to end it."""

from datetime import timedelta

import pytest

from tests import factories
from tests.admin.admin_objects import role_of
from tests.browser import Person
from tests.federation.identities import subjects_of
from tests.federation.upstream import Upstream, come_back, leave, linked, log_in, provided
from webapp.accounts import lifecycle as accounts
from webapp.accounts import roles as all_roles
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.federation import lifecycle, linked_logins, linking, providers
from webapp.federation.lifecycle import ProviderEditor
from webapp.federation.login_outcome import AccountOutcome, outcome_of
from webapp.federation.models import UnlinkedIdentity
from webapp.federation.provider_identity import identity_of

RULES = [{"claim": "groups", "value": "staff", "role": "editor"}]


@pytest.fixture
def ada(app, upstream) -> User:
    """Linked to a provider whose rules give roles."""
    with factories.database_of(app).write() as db:
        all_roles.add(db, "editor", "Writes.", ["user"])
        row = providers.by_slug(db, "acme")
        row.role_rules, row.grantable_roles = RULES, ["editor"]
    made = factories.user(app, "ada")
    linked(app, made)
    return made


def log_in_as(app, upstream, subject="u-1", **claims) -> Person:
    upstream.claims = {"sub": subject, "email": "ada@elsewhere.example"} | claims
    person = Person(app)
    assert log_in(person, upstream).headers["Location"] == "/dashboard"
    return person


def unlink_by_user(app, user, identity, person):
    person.open(f"/account/identities/{identity}/unlink")
    sent = {"csrf_token": person.csrf_token}
    assert person.ask("POST", f"/account/identities/{identity}/unlink", data=sent).status_code == 303


def unlink_by_admin(app, user, identity, person):
    factories.user(app, "chief", role="super_admin")
    chief = Person(app)
    chief.log_in("chief")
    path = f"/admin/users/{user.id}/identities/{identity}/unlink"
    chief.open(path)
    sent = {"csrf_token": chief.csrf_token, "reason": "has left"}
    assert chief.ask("POST", path, data=sent).status_code == 303


def say_it_was_somebody_else(app, user, identity, person):
    with factories.database_of(app).write() as db:
        assert linked_logins.LINKED_LOGINS.remove_since(db, user.id, now() - timedelta(hours=1)) == 1


def remove_provider(app, user, identity, person):
    with factories.database_of(app).write() as db:
        lifecycle.remove(db, providers.by_slug(db, "acme"), ProviderEditor("cli"))


WAYS = {
    "by the user": unlink_by_user,
    "by an administrator": unlink_by_admin,
    "by the link of a mail": say_it_was_somebody_else,
    "with the provider": remove_provider,
}


def only_link(app, user):
    with factories.database_of(app).read() as db:
        (link,) = linking.of_user(db, user.id)
        return link.id


@pytest.mark.parametrize("way", WAYS)
def test_the_role_that_a_rule_gave_goes_with_the_link(app, upstream, ada, way):
    person = log_in_as(app, upstream, groups=["staff"])
    assert role_of(app, ada) == "editor"
    WAYS[way](app, ada, only_link(app, ada), person)
    assert (subjects_of(app, ada), role_of(app, ada)) == ([], "user")


def test_a_role_that_an_administrator_gave_does_not_go_with_the_link(app, upstream, ada):
    log_in_as(app, upstream, groups=["staff"])
    with factories.database_of(app).write() as db:
        accounts.change_role(db, db.get_one(User, ada.id), "admin")
    say_it_was_somebody_else(app, ada, None, None)
    assert role_of(app, ada) == "admin"


def end_and_restore(app, user):
    with factories.database_of(app).write() as db:
        (link,) = linking.of_user(db, user.id)
        linking.remove(db, link, providers.by_id(db, link.provider_id))
        facts = linked_logins.to_restore(link)
    with factories.database_of(app).write() as db:
        linked_logins.restore(db, user.id, facts)


def test_a_restored_link_gives_its_role_at_the_next_login(app, upstream, ada):
    log_in_as(app, upstream, groups=["staff"])
    end_and_restore(app, ada)
    assert (subjects_of(app, ada), role_of(app, ada)) == (["u-1"], "user")
    log_in_as(app, upstream, groups=["staff"])
    assert role_of(app, ada) == "editor"


def test_a_role_that_could_not_be_taken_back_is_still_one_of_the_rules_after_the_link_is_restored(app, upstream, ada):
    with factories.database_of(app).write() as db:
        row = providers.by_slug(db, "acme")
        row.role_rules, row.grantable_roles = [RULES[0] | {"role": "super_admin"}], ["super_admin"]
    log_in_as(app, upstream, groups=["staff"])
    end_and_restore(app, ada)
    assert role_of(app, ada) == "super_admin", "the last one stays"
    factories.user(app, "chief", role="super_admin")
    log_in_as(app, upstream)
    assert role_of(app, ada) == "user"


def test_the_last_login_decides_among_several_identities_of_a_user(app, upstream, ada):
    linked(app, ada, "u-2")
    for subject, groups, role in (
        ("u-1", ["staff"], "editor"),
        ("u-2", [], "user"),
        ("u-1", ["staff"], "editor"),
        ("u-2", ["staff"], "editor"),
        ("u-1", [], "user"),
    ):
        log_in_as(app, upstream, subject, groups=groups)
        assert role_of(app, ada) == role, (subject, groups)


def test_a_role_stays_as_long_as_another_identity_has_given_it(app, upstream, ada):
    linked(app, ada, "u-2")
    for subject in ("u-1", "u-2"):
        log_in_as(app, upstream, subject, groups=["staff"])
    for role in ("editor", "user"):
        with factories.database_of(app).write() as db:
            link = linking.of_user(db, ada.id)[0]
            linking.remove(db, link, providers.by_id(db, link.provider_id))
        assert role_of(app, ada) == role


def test_a_provider_without_rules_changes_no_role(app, upstream, ada):
    log_in_as(app, upstream, groups=["staff"])
    other = Upstream("https://other.example.org")
    row = provided(app, other, slug="other")
    with factories.database_of(app).write() as db:
        identity = linking.ProviderIdentity(other.issuer, "x-1")
        linking.create(db, row, identity, db.get_one(User, ada.id), way="account")
    other.claims = {"sub": "x-1"}
    person = Person(app)
    came = come_back(person, other.authorized(leave(person, "/login/with/other")), slug="other")
    assert (came.headers["Location"], role_of(app, ada)) == ("/dashboard", "editor")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "with the provider"])
def test_an_unlinked_identity_is_not_linked_again_by_its_e_mail_address(app, upstream, way):
    grace = factories.user(app, "grace", email="grace@example.org")
    upstream.claims = {"sub": "u-1", "email": "grace@example.org", "email_verified": True}
    person = Person(app)
    assert log_in(person, upstream).headers["Location"] == "/dashboard"
    WAYS[way](app, grace, only_link(app, grace), person)
    back = Person(app)
    for _again in range(2):
        assert log_in(back, upstream).headers["Location"] == "/login/with/acme/account"
    with factories.database_of(app).read() as db:
        row = providers.by_slug(db, "acme")
        identity = identity_of(row.issuer, upstream.claims)
        assert outcome_of(db, row, identity).account is not AccountOutcome.BY_EMAIL
    assert subjects_of(app, grace) == []
    # Another identity with the address was never unlinked.
    upstream.claims["sub"] = "u-2"
    assert log_in(Person(app), upstream).headers["Location"] == "/dashboard"
    assert subjects_of(app, grace) == ["u-2"]


def test_an_unlinked_identity_is_linked_again_after_a_login_here(app, upstream):
    grace = factories.user(app, "grace", email="grace@example.org")
    upstream.claims = {"sub": "u-1", "email": "grace@example.org", "email_verified": True}
    for _again in range(2):
        linked(app, grace)
        assert log_in(Person(app), upstream).headers["Location"] == "/dashboard"
        say_it_was_somebody_else(app, grace, None, None)
    person = Person(app)
    person.log_in("grace")
    log_in(person, upstream, "/account/identities/link/acme")
    person.open("/login/with/acme/link")
    person.press("Link Acme")
    assert subjects_of(app, grace) == ["u-1"]
    with factories.database_of(app).read() as db:
        assert db.query(UnlinkedIdentity).count() == 0
