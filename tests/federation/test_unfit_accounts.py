"""Users who cannot log in do not come back through a provider either."""

import pytest

from tests import factories
from tests.federation.identities import subjects_of
from tests.federation.upstream import linked, log_in
from webapp.accounts import lifecycle, user_queries
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.federation.models import ProviderSession


@pytest.fixture
def ada(app, upstream):
    user = factories.user(app, "ada")
    linked(app, user)
    return user


def changed(app, user, **values):
    with factories.database_of(app).write() as db:
        for name, value in values.items():
            setattr(db.get_one(User, user.id), name, value)


UNFIT = [{"disabled_at": now()}, {"verification_required_at": now()}, {"is_service": True}]


@pytest.mark.parametrize("state", UNFIT, ids=["disabled", "not verified", "service account"])
def test_who_cannot_log_in_is_refused_and_nothing_is_stored(app, ada, visitor, upstream, state):
    changed(app, ada, **state)
    assert log_in(visitor, upstream).status_code == 403
    assert visitor.ask("GET", "/account").status_code == 303
    with factories.database_of(app).read() as db:
        assert user_queries.by_id(db, ada.id).last_login_at is None
        assert db.query(ProviderSession).count() == 0


def test_a_service_account_that_somebody_is_logged_in_as_links_and_confirms_nothing(app, ada, visitor, upstream):
    """As if it had been made one while a session ran."""
    log_in(visitor, upstream)
    upstream.claims["sub"] = "u-2"
    log_in(visitor, upstream, "/account/identities/link/acme")
    visitor.open("/login/with/acme/link")
    changed(app, ada, is_service=True)
    assert visitor.press("Link Acme").status_code == 403
    assert subjects_of(app, ada) == ["u-1"]


def test_a_user_who_closed_the_account_first_decides_whether_to_reopen_it(app, ada, visitor, upstream):
    with factories.database_of(app).write() as db:
        lifecycle.close(db, user_queries.by_id(db, ada.id))
    assert log_in(visitor, upstream).headers["Location"] == "/account/close"
    assert visitor.ask("GET", "/dashboard").headers["Location"] == "/account/close"


@pytest.mark.parametrize(
    "state", [{"disabled_at": now()}, {"verification_required_at": now()}, {"email_verified_at": None}]
)
def test_an_address_of_an_account_that_cannot_log_in_links_nothing(app, visitor, upstream, state):
    user = factories.user(app, "grace", email="grace@example.org")
    changed(app, user, **state)
    upstream.claims["email_verified"] = True
    answer = log_in(visitor, upstream)
    assert answer.status_code == 403 or answer.headers["Location"] == "/login/with/acme/account"
    with factories.database_of(app).read() as db:
        assert user_queries.by_id(db, user.id).last_login_at is None
    assert visitor.ask("GET", "/account").status_code == 303
