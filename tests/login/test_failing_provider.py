"""A provider of identities that fails, hangs, answers nonsense, or is none."""

import threading
from datetime import timedelta

import pytest

from tests import factories
from tests.login import directory
from tests.login.directory import PASSWORD, auth, with_provider
from webapp.login.flow import LoginFlow
from webapp.settings import SettingsError
from webapp.web.registry import services_of


@pytest.fixture
def site(make_app, people):
    return with_provider(make_app)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(OSError(f"no route, and {PASSWORD}"), id="a network that is down"),
        pytest.param(SystemExit(1), id="one that wants to end the process"),
        pytest.param(TimeoutError(), id="a time of its own that is over"),
    ],
)
def test_a_failing_provider_is_503_and_logged_without_the_password(site, people, logged, fault):
    def fail():
        raise fault

    people.before = fail
    answer = auth(site, "grace")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "identity provider failed" in logged()
    assert type(fault).__name__ in logged()
    assert PASSWORD not in logged()


def test_a_provider_with_invalid_answers_grants_no_login(site, people, logged):
    people.entries["grace"] = {"username": "grace"}
    assert auth(site, "grace").status_code == 503
    assert "TypeError" in logged()


def test_local_users_can_log_in_while_the_provider_is_down(site, people):
    people.before = lambda: 1 / 0
    factories.user(site, "boss")
    assert auth(site, "boss", factories.PASSWORD).status_code == 200


def test_a_hanging_provider_times_out_and_its_calls_are_limited(site, people, logged):
    released = threading.Event()
    people.before = lambda: released.wait(20)
    provider = services_of(site).get(LoginFlow).authenticator.provider
    assert provider.timeout == timedelta(seconds=5)
    provider.timeout = timedelta(milliseconds=50)
    places = provider.at_once
    assert [auth(site, f"name{n}").status_code for n in range(places + 1)] == [503] * (places + 1)
    assert "identity provider is busy" in logged()
    assert len(people.asked) == places
    released.set()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        pytest.param(
            "nowhere.at.all:authenticate", "cannot be imported: ModuleNotFoundError: No module", id="no module"
        ),
        pytest.param("tests.login.directory:nothing", "cannot be imported: AttributeError: module", id="no such name"),
        pytest.param("tests.login.directory:NOT_CALLABLE", "neither a function nor", id="no function"),
        pytest.param("tests.login.directory:Directory", "neither a function nor", id="a class"),
        pytest.param("tests.login.directory", "must be a module and a name in it", id="no name"),
        pytest.param("tests/login.py:x", "must be a module and a name in it", id="a path"),
    ],
)
def test_an_invalid_provider_stops_the_start_with_a_message(make_app, setting, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make_app(WEBAPP_IDENTITY_PROVIDER=setting)


def test_an_object_with_authenticate_is_a_provider(make_app, people):
    app = make_app(WEBAPP_IDENTITY_PROVIDER="tests.login.directory:people")
    directory.people.add("grace")
    assert auth(app, "grace").status_code == 200
