"""Noon, Ada at it, and tokens to look at: hers, one with bounds, one that rotates itself, somebody else's."""

import pytest
import time_machine

from tests import factories, shared_site
from tests.browser import Person
from tests.core.forged_tokens import NOON
from tests.tokens.edit_calls import READS
from tests.tokens.rotate_calls import DAY, RENEWS
from webapp.guard.token_grant import TokenGrant

shared_sites, make_app = shared_site.fixtures()


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def at_noon(app, user, clock):
    """Ada, logged in at noon."""
    ada = Person(app)
    ada.log_in(user.username)
    return ada


@pytest.fixture
def own(app, user):
    return factories.api_token(app, user, "protected:read", name="laptop")


@pytest.fixture
def bounded(app, user):
    grant = TokenGrant(READS, methods=frozenset({"GET"}), networks=("10.0.0.0/8",), per_minute=100)
    return factories.api_token(app, user, name="laptop", grant=grant)


@pytest.fixture
def foreign(app):
    return factories.api_token(app, factories.user(app, "grace"), name="graces")


@pytest.fixture
def issued(app, user, clock):
    return factories.api_token(app, user, name="nightly", grant=RENEWS, lifetime=30 * DAY)
