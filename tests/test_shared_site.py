"""Sites that tests share: each test finds one as it was when it was built."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask, render_template
from jinja2 import TemplateNotFound
from sqlalchemy import event

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.shared_site import MOST, SharedSites, is_patched
from tests.tables import account
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard import public
from webapp.mail.worker import MailWorker
from webapp.testing import clock
from webapp.web.logs import JsonLine
from webapp.web.registry import services_of


@pytest.fixture
def sites(migrated: Path) -> Iterator[SharedSites]:
    sites = SharedSites(migrated)
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


def test_nobody_is_disturbed_by_a_connection_that_was_left_open(sites: SharedSites) -> None:
    app = sites.take({})
    with services_of(app).get(Database).write() as db:
        db.connection()
        sites.put_back()
        factories.user(other := sites.take({}), "ada")
        assert account(other, "ada") is not None
        assert other is not app


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


def late_route(app: Flask) -> Callable[[], object]:
    app.add_url_rule("/late", "late", public(lambda: "late"))
    return lambda: app.test_client().get("/late").text == "late"


@pytest.mark.parametrize(
    "change", [used_token, changed_config, replaced_service, woken_worker, hook, variable_of_templates, late_route]
)
def test_memory_is_put_back(sites: SharedSites, change: Callable[[Flask], Callable[[], object]]) -> None:
    app = sites.take({})
    seen = change(app)
    assert seen()
    sites.put_back()
    assert sites.take({}) is app
    assert not seen()


def command(app: Flask) -> None:
    app.cli.command("late")(lambda: None)


def listener(app: Flask) -> None:
    event.listen(services_of(app).get(Database).engine, "commit", lambda connection: None)


def listener_to_connections(app: Flask) -> None:
    event.listen(services_of(app).get(Database).reading, "connect", lambda driver, record: None)


@pytest.mark.parametrize("change", [command, listener, listener_to_connections])
def test_a_site_is_not_used_again_after_what_cannot_be_taken_back(
    sites: SharedSites, change: Callable[[Flask], None]
) -> None:
    app = sites.take({})
    change(app)
    sites.put_back()
    assert sites.take({}) is not app


def test_a_template_of_a_blueprint_is_gone_with_it(sites: SharedSites, tmp_path: Path) -> None:
    for text in ("first", "second"):
        folder = tmp_path / text
        folder.mkdir()
        (folder / "late.html").write_text(text)
        app = sites.take({})
        late = Blueprint("late", __name__, template_folder=str(folder))
        late.add_url_rule("/late", view_func=public(lambda: render_template("late.html")), endpoint="late")
        app.register_blueprint(late)
        assert app.test_client().get("/late").text == text
        sites.put_back()
    app = sites.take({})
    assert app.test_client().get("/late").status_code == 404
    with pytest.raises(TemplateNotFound):
        app.jinja_env.get_template("late.html")


def test_the_sites_that_were_used_last_are_kept(sites: SharedSites) -> None:
    named = [{"WEBAPP_SITE_NAME": f"Wiki {number}"} for number in range(MOST)]
    first = sites.take({})
    sites.put_back()
    for settings in named:
        for _ in range(2):
            sites.take(settings)
            sites.put_back()
        assert sites.take({}) is first
        sites.put_back()


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
