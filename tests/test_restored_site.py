"""A site that tests share begins each of them as it began the first."""

from datetime import timedelta

import pytest

from tests import factories
from tests.restored_site import restored
from tests.tables import account, contents
from webapp.accounts.passwords import Passwords
from webapp.core.clock import now
from webapp.core.ratelimit import Limit, Limiter
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard import public
from webapp.testing import as_nobody, as_user, clock, with_token
from webapp.web.registry import services_of

HOUR = timedelta(hours=1)


def ada(app):
    return factories.user(app, "ada")


@pytest.fixture
def shared(instance):
    with restored(instance, ada) as site:
        yield site


@pytest.fixture
def time():
    """Stands still: what was made at another time is made anew."""
    with clock() as time:
        yield time


@pytest.mark.usefixtures("time")
def test_what_begin_has_made_is_there_and_what_a_test_wrote_is_not(shared):
    app = shared.app()
    before = contents(app)
    factories.user(app, "grace")
    as_user(app, "ada").post("/account", data={"display_name": "Countess"})
    assert contents(app) != before
    assert contents(shared.app()) == before
    assert account(app, "ada").id == shared.begun.id


def test_limits_are_not_counted_from_one_test_to_the_next(shared):
    once = Limit("once", 1, HOUR)
    for _test in range(2):
        limiter = services_of(shared.app()).get(Limiter)
        assert [limiter.take(once, "a").allowed for _ in range(2)] == [True, False]


def test_what_services_hold_in_memory_is_put_back(shared):
    app = shared.app()
    services, passwords = services_of(app), services_of(app).get(Passwords)
    waiting = passwords.response_interval
    passwords.response_interval = HOUR
    services.replace(Limiter)(None)
    app.config["SERVER_NAME"] = "other"
    with_token(app, scopes=["protected:read"]).get("/protected")
    shared.app()
    assert passwords.response_interval == waiting
    assert isinstance(services.get(Limiter), Limiter)
    assert app.config["SERVER_NAME"] is None
    assert services.get(UsageTracker)._pending == {}


@pytest.mark.usefixtures("time")
def test_what_was_prepared_is_made_once_and_found_in_each_test(shared):
    made = []

    def grace(app, name):
        made.append(name)
        return factories.user(app, name)

    for _test in range(2):
        app = shared.app()
        assert shared.prepare(grace, "grace").id == account(app, "grace").id
        assert shared.prepare(grace, "alan").id == account(app, "alan").id
    assert made == ["grace", "alan"]


def test_after_a_row_was_written_it_is_made_anew(shared):
    app = shared.app()
    shared.prepare(factories.user, "grace")
    shared.app()
    factories.user(app, "alan")
    shared.prepare(factories.user, "grace")
    assert None not in (account(app, "alan"), account(app, "grace"))


def test_at_another_time_everything_is_made_anew(shared, time):
    for _test in range(2):
        shared.app()
        assert shared.prepare(factories.user, "grace").created_at == now()
        time.shift(HOUR)


def test_a_route_that_a_test_adds_is_taken_back(shared):
    shared.app().add_url_rule("/late", view_func=public(lambda: "late"), endpoint="late")
    assert as_nobody(shared.app()).get("/late").status_code == 404


def test_a_command_that_a_test_adds_is_noticed(shared):
    shared.app().cli.command("late")(lambda: None)
    with pytest.raises(AssertionError, match="has added a command"):
        shared.app()
