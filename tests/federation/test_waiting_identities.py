"""Identities that wait for a decision: how long, how many, how large, and how they are forgotten."""

import json
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.federation.identities import subjects_of
from tests.federation.upstream import Upstream, log_in, provided
from tests.tables import account
from webapp.accounts import roles
from webapp.core.clock import now
from webapp.federation import providers
from webapp.federation.models import WaitingIdentity

ACCOUNT_PAGE, LINK_PAGE = "/login/with/acme/account", "/login/with/acme/link"
RULES = [{"claim": "realm.groups", "value": "staff", "role": "editor"}]
LONG = "y" * 900
MANY = {
    "further claims": {"pad": LONG},
    "many groups": {"realm": {"groups": ["staff", *(str(one) for one in range(400))]}},
    "a long group": {"realm": {"groups": ["staff", LONG]}},
    "amr": {"amr": [LONG]},
    "texts": {"name": LONG, "email": LONG, "preferred_username": LONG, "nickname": LONG, "acr": LONG, "sid": LONG},
}


def rows(app):
    with factories.database_of(app).read() as db:
        return [one.identity for one in db.query(WaitingIdentity)]


@pytest.mark.parametrize("where", ["id_claims", "userinfo"])
@pytest.mark.parametrize("name", MANY)
def test_it_is_small_whatever_the_provider_sends(app, visitor, upstream, name, where):
    with factories.database_of(app).write() as db:
        providers.by_slug(db, "acme").role_rules = RULES
    setattr(upstream, where, MANY[name])
    log_in(visitor, upstream)
    (kept,) = rows(app)
    assert len(json.dumps(kept)) < 800
    assert kept["claims"] == {"realm.groups": ["staff"] if "realm" in MANY[name] else []}


def test_the_role_of_a_rule_is_given_after_the_decision(app, visitor, upstream):
    with factories.database_of(app).write() as db:
        roles.add(db, "editor", "Writes.", ["user"])
        row = providers.by_slug(db, "acme")
        row.role_rules, row.grantable_roles = RULES, ["editor"]
    upstream.userinfo = {"realm": {"groups": ["other", "staff"]}}
    log_in(visitor, upstream)
    visitor.open(ACCOUNT_PAGE)
    visitor.press("Create account")
    assert account(app, "grace").role == "editor"


def test_the_last_one_of_a_user_at_a_provider_waits(app, upstream):
    other = Upstream("https://other.example.org")
    people = [Person(app) for _each in range(3)]
    for person in people:
        log_in(person, upstream)
    assert [person.open(ACCOUNT_PAGE).status_code for person in people] == [404, 404, 200]
    upstream.claims["sub"] = "u-2"
    log_in(Person(app), upstream)
    assert sorted(one["subject"] for one in rows(app)) == ["u-1", "u-2"]
    provided(app, other, slug="other")
    assert len(rows(app)) == 2


def test_it_waits_for_ten_minutes(visitor, upstream):
    log_in(visitor, upstream)
    for minutes, status in ((9, 200), (11, 404)):
        with time_machine.travel(now() + timedelta(minutes=minutes), tick=False):
            assert visitor.open(ACCOUNT_PAGE).status_code == status


def test_whoever_logs_in_after_somebody_else_discards_it(app, user, visitor, upstream):
    log_in(visitor, upstream)
    visitor.log_in("ada")
    visitor.open(LINK_PAGE)
    assert "Nothing was linked to your account." in visitor.press("This isn").text
    assert (subjects_of(app, user), rows(app)) == ([], [])
    assert visitor.open(LINK_PAGE).status_code == 404


def test_nobody_else_discards_it(app, user, visitor, upstream):
    log_in(visitor, upstream)
    eve = Person(app)
    factories.user(app, "eve")
    eve.log_in("eve")
    eve.open("/account")
    sent = {"csrf_token": eve.csrf_token}
    assert eve.ask("POST", f"{LINK_PAGE}/discard", data=sent).status_code == 404
    assert len(rows(app)) == 1
