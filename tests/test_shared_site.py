"""Sites that tests share: each test finds one as it was when it was built."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.browser import Person
from tests.conftest import copied
from tests.script import Script
from tests.shared_site import SharedSites, is_patched
from tests.tables import account
from webapp.accounts.passwords import Passwords
from webapp.credentials.usage_tracker import UsageTracker
from webapp.mail.worker import MailWorker
from webapp.testing import clock
from webapp.web.logs import JsonLine
from webapp.web.registry import services_of


@pytest.fixture
def sites(migrated: Path) -> Iterator[SharedSites]:
    with copied(migrated) as folder:
        sites = SharedSites(folder)
        # Sites are kept for settings that are asked for again.
        sites.take({})
        sites.put_back()
        yield sites
        sites.put_back()
        sites.close()


def test_the_next_test_is_given_the_same_site(sites: SharedSites) -> None:
    first = sites.take({})
    sites.put_back()
    assert sites.take({}) is first


def test_one_test_is_given_two_sites_on_one_database(sites: SharedSites) -> None:
    first, second = sites.take({}), sites.take({})
    assert first is not second
    factories.user(first, "ada")
    assert account(second, "ada") is not None


def test_other_settings_are_another_site(sites: SharedSites) -> None:
    named = {"WEBAPP_SITE_NAME": "Wiki"}
    apps = []
    for settings in (named, {}, named):
        apps.append(sites.take(settings))
        sites.put_back()
    assert "Wiki" in Person(apps[2]).open("/login").text
    assert len(set(map(id, apps))) == 3


def test_rows_and_files_are_put_back(sites: SharedSites) -> None:
    app = sites.take({})
    factories.user(app, "ada")
    Person(app).log_in("ada")
    (sites.folder / "config.toml").write_text("")
    (sites.folder / "database_made").unlink()
    files = {file.name for file in sites.folder.iterdir()} - {"config.toml"} | {"database_made"}
    sites.put_back()
    assert account(sites.take({}), "ada") is None
    assert {file.name for file in sites.folder.iterdir()} - {"latchkey.db-wal", "latchkey.db-shm"} <= files
    assert (sites.folder / "database_made").exists()


def used_token(app: Flask) -> Callable[[], object]:
    script = Script(app, factories.api_token(app, factories.user(app)).token)
    assert (script.get("/account").status_code, script.get("/account").status_code) == (200, 200)
    return lambda: services_of(app).get(UsageTracker)._pending


def changed_config(app: Flask) -> Callable[[], object]:
    app.config["TRUSTED_HOSTS"] = ["wiki.example.org"]
    return lambda: app.config["TRUSTED_HOSTS"]


def replaced_service(app: Flask) -> Callable[[], object]:
    services_of(app).replace(Passwords)(Passwords(1, 30))
    return lambda: services_of(app).get(Passwords).minimum == 30


def woken_worker(app: Flask) -> Callable[[], object]:
    services_of(app).get(MailWorker).wake()
    return lambda: services_of(app).get(MailWorker)._wake.is_set()


def hook(app: Flask) -> Callable[[], object]:
    app.before_request(lambda: "stopped")
    return lambda: app.test_client().get("/healthz").text == "stopped"


def variable_of_templates(app: Flask) -> Callable[[], object]:
    app.jinja_env.globals["made_up"] = "x"
    return lambda: "made_up" in app.jinja_env.globals


@pytest.mark.parametrize(
    "change", [used_token, changed_config, replaced_service, woken_worker, hook, variable_of_templates]
)
def test_memory_is_put_back(sites: SharedSites, change: Callable[[Flask], Callable[[], object]]) -> None:
    app = sites.take({})
    seen = change(app)
    assert seen()
    sites.put_back()
    assert sites.take({}) is app
    assert not seen()


def test_a_site_with_another_route_is_not_used_again(sites: SharedSites) -> None:
    app = sites.take({})
    app.add_url_rule("/late", "late", lambda: "late")
    sites.put_back()
    assert sites.take({}) is not app


def test_where_the_clock_stands_still_a_site_is_built(sites: SharedSites) -> None:
    app = sites.take({})
    sites.put_back()
    with clock():
        assert sites.take({}) is not app
    sites.put_back()


def test_the_log_is_written_as_the_site_says_that_is_taken(sites: SharedSites) -> None:
    for settings in ({"WEBAPP_LOG_JSON": "true"}, {"WEBAPP_LOG_JSON": "true"}, {}, {"WEBAPP_LOG_JSON": "true"}):
        sites.take(settings)
        (handler,) = logging.getLogger("webapp").handlers
        assert isinstance(handler.formatter, JsonLine) == bool(settings)
        sites.put_back()


def test_where_something_is_patched_a_site_is_built(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, sites: SharedSites
) -> None:
    assert not is_patched(request)
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)
    assert is_patched(request)
    app = sites.take({}, may_be_kept=False)
    sites.put_back()
    assert sites.take({}) is not app
