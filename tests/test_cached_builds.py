"""What the sites of a run share is the same for all, and what one has is not in another."""

import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from alembic import command
from jinja2 import DictLoader
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect

from tests import cached_builds, secret_keys
from tests.browser import Person
from tests.script import Script
from tests.tables import contents
from webapp.accounts.passwords import Passwords
from webapp.accounts.token_mails import TokenMails
from webapp.cli import schema
from webapp.core.db import Database
from webapp.core.keys import KeyRing
from webapp.core.ratelimit import Limit, Limiter
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard import public
from webapp.jobs.worker import JobWorker
from webapp.login.flow import LoginFlow
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.login.refresh_grant import RefreshGrant
from webapp.mail.mailer import Mailer
from webapp.mail.worker import MailWorker
from webapp.sessions.lifecycle import SessionLifetimes
from webapp.settings import Settings
from webapp.testing import build
from webapp.tokens.editing import TokenEdited
from webapp.tokens.issuing import TokenIssuer
from webapp.web.registry import services_of

PATHS = ["/", "/login", "/login/", "/tokens//new", "/tokens/x", "/static/1/a/b.css", "/static/1/", "/nowhere", "/%00"]
REMEMBERING = (
    *(Database, KeyRing, TokenIssuer, UsageTracker, Limiter, InvalidTokenLimit, Passwords, SessionLifetimes),
    *(LoginFlow, RefreshGrant, Mailer, MailWorker, JobWorker, TokenMails, TokenEdited),
)


@pytest.fixture
def another(migrated, tmp_path):
    """A site beside the one of the test, on an instance of its own."""
    copied = shutil.copytree(migrated, tmp_path / "another")
    return lambda: build(copied)


def test_a_route_added_to_one_application_is_in_no_other(app, another):
    app.add_url_rule("/added", "added", public(lambda: "here"))
    for site in (another(), build(services_of(app).get(Settings).instance)):
        assert "added" not in site.view_functions
        assert "/added" not in {rule.rule for rule in site.url_map.iter_rules()}
        assert Person(site).open("/added").status_code == 404
    assert Script(app).get("/added").text == "here"


def test_users_of_one_application_are_unknown_in_another(app, user, person, script, another):
    other = another()
    before = contents(other)
    assert script.get("/protected").status_code == 200
    assert Script(other, script.token).get("/protected").status_code == 401
    visitor = Person(other)
    visitor.client.set_cookie("session", person.cookie)
    assert visitor.open("/dashboard").request.path == "/login"
    assert contents(other) == before


def test_counts_and_caches_of_one_application_are_not_in_another(app, user, another):
    other = another()
    limit = Limit("once", 1, app.permanent_session_lifetime)
    assert [services_of(app).get(Limiter).take(limit, "ada").allowed for _ in range(2)] == [True, False]
    assert services_of(other).get(Limiter).take(limit, "ada").allowed
    assert [kind for kind in REMEMBERING if services_of(app).get(kind) is services_of(other).get(kind)] == []


def test_template_globals_of_one_application_are_not_in_another(app, another):
    app.jinja_env.globals["left"] = app.jinja_env.filters["left"] = app.config["LEFT"] = "behind"
    other = another()
    assert "left" not in {*other.jinja_env.globals, *other.jinja_env.filters}
    assert "LEFT" not in other.config


def test_a_changed_template_is_compiled_again(app, another):
    said = []
    for site, source in ((app, "one"), (another(), "two")):
        site.jinja_env.loader = DictLoader({"same.html": source})
        said.append(site.jinja_env.get_template("same.html").render())
    assert said == ["one", "two"]


def test_a_copied_schema_is_the_one_that_the_migrations_make(tmp_path, monkeypatch):
    secret_keys.new_site(tmp_path / "first")
    secret_keys.new_site(tmp_path / "copied")
    monkeypatch.setattr(schema, "command", command)
    secret_keys.new_site(tmp_path / "migrated")
    found = [parts(tmp_path / name / "latchkey.db") for name in ("first", "copied", "migrated")]
    assert found[0] == found[1] == found[2]


def parts(file):
    """Tables, indexes and triggers with the words of their SQL, sorted, and how many rows there are of each table.

    Alembic copies the constraints of a table in the order of a set."""
    with closing(sqlite3.connect(file)) as database:
        made = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        counts = {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()
            for kind, name, _ in made
            if kind == "table"
        }
    return {(kind, name): sorted(re.findall(r"\w+", sql)) for kind, name, sql in made if sql}, counts


def matched(maps, path, method):
    try:
        return maps.bind("localhost").match(path, method)
    except (MethodNotAllowed, NotFound, RequestRedirect) as error:
        return type(error), getattr(error, "new_url", None)


def test_cached_url_maps_match_like_plain_ones(app):
    plain = Map([rule.empty() for rule in app.url_map.iter_rules()])
    for rule in app.url_map.iter_rules():
        values = dict.fromkeys(rule.arguments, "5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111")
        built = app.url_map.bind("localhost").build(rule.endpoint, values)
        assert built == plain.bind("localhost").build(rule.endpoint, values)
        assert matched(app.url_map, built, "GET")[0] == matched(plain, built, "GET")[0]
    for path in PATHS:
        for method in ("GET", "POST", "FROB"):
            assert matched(app.url_map, path, method) == matched(plain, path, method)


def test_only_equal_rules_share_compiled_code():
    maps = [cached_builds.CachedUrlMap() for _ in range(3)]
    for street, rule in zip(maps, ("/a", "/a", "/b"), strict=True):
        street.add(cached_builds.Rule(rule, endpoint="there"))
        street.update()
    assert maps[0]._matcher is maps[1]._matcher is not maps[2]._matcher


def test_a_test_with_several_keys_has_different_ones():
    next_key = cached_builds.some_keys(iter(range(100)).__next__)
    assert [next_key() for _ in range(cached_builds.KEYS)] == list(range(cached_builds.KEYS))
    assert next_key() == 0
