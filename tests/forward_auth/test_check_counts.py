"""Checks are counted by path pattern, user and outcome, in bounded rows, and never with a write for each request."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.forward_auth.admin_pages import by_json, page_of
from tests.forward_auth.proxy import proxied
from webapp.core.db import Database
from webapp.forward_auth import count_store
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.check_counter import MOST_PENDING, CheckCounter
from webapp.forward_auth.checks import ForwardAuth, Verdict
from webapp.forward_auth.counted_checks import route_pattern
from webapp.forward_auth.models import CheckCount
from webapp.forward_auth.original_request import OriginalRequest
from webapp.guard.policy import Decision
from webapp.testing import clock
from webapp.web.registry import services_of

WIKI = "https://wiki.example.org"


@pytest.fixture(autouse=True)
def wiki(restored, app):
    restored.prepare(put_wiki_behind)


def put_wiki_behind(app):
    proxied(app, "wiki", RuleSettings(path="/open/*", is_public=True), RuleSettings())


def flushed(app):
    services_of(app).get(CheckCounter).flush()


def rows(app):
    with factories.database_of(app).read() as db:
        return db.scalar(select(func.count()).select_from(CheckCount))


def test_checks_are_counted_by_path_user_and_outcome(app, proxy):
    proxy.log_in(f"{WIKI}/page")
    for path in ("/page?x=1", "/user/17", "/user/18", "/open/a", "/a/../b"):
        proxy.check(WIKI + path)
    proxy.person.client.delete_cookie("__Host-latchkey-app", domain="wiki.example.org")
    proxy.check(f"{WIKI}/page")
    proxy.check(f"{WIKI}/page", "OPTIONS", headers={"Origin": "x", "Access-Control-Request-Method": "GET"})
    proxy.check("https://unknown.example.org/")
    found = by_json(app).get(page_of(app)).json
    counted = {(one["path"], one["username"], one["rule"], one["outcome"]): one["requests"] for one in found["counts"]}
    assert counted == {
        ("/page", "ada", 2, "allow"): 2,
        ("/page", None, 2, "token_missing"): 2,
        ("/user/*", "ada", 2, "allow"): 2,
        ("/open/a", None, 1, "allow"): 1,
        ("", None, 0, "no_rule"): 1,
    }
    assert (found["allowed"], found["refused"]) == (5, 3)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/", "/"),
        ("/wiki/Home", "/wiki/Home"),
        ("/users/17/edit", "/users/*/edit"),
        ("/f/2f6c1a52-58a1-4c0d-9d5b-2f5d1a1f3c11", "/f/*"),
        ("/f/%C3%84pfel", "/f/*"),
        ("/f/ada@example.org", "/f/*"),
        ("/t/a8f3k2m9q1x7", "/t/*"),
        ("/t/" + "x" * 30, "/t/*"),
        ("/static/app-1.2.css", "/static/app-1.2.css"),
        ("/a/b/c/d/e/f/g", "/a/b/c/d/e/*"),
        ("/a/../b", ""),
        ("//x", ""),
    ],
)
def test_ids_and_names_of_people_are_not_kept(path, pattern):
    assert route_pattern(path) == pattern


def test_the_rows_of_an_hour_are_bounded_whatever_strangers_ask_for(app, proxy):
    for number in range(count_store.MOST_ROWS + 50):
        proxy.check(f"{WIKI}/{chr(97 + number % 26)}{chr(97 + number // 26)}")
    flushed(app)
    assert rows(app) <= count_store.MOST_ROWS + 1
    with factories.database_of(app).read() as db:
        assert db.scalar(select(func.sum(CheckCount.requests))) == count_store.MOST_ROWS + 50


def test_memory_is_bounded_too(app):
    counter = CheckCounter(factories.database_of(app))
    known = services_of(app).get(ForwardAuth).table().by_host["wiki.example.org"]
    for number in range(MOST_PENDING + 100):
        name = "".join(chr(97 + number // 26**place % 26) for place in range(3))
        counter.count(OriginalRequest("GET", "https", "wiki.example.org", f"/{name}", ""), Verdict(None, known))
    assert (len(counter._pending), sum(counter._others.values())) == (MOST_PENDING, 100)
    counter.close()


def test_there_is_one_write_in_a_minute(app, proxy, monkeypatch):
    with clock() as time:
        proxy.check(f"{WIKI}/page").close()
        writes = []
        write = Database.write
        monkeypatch.setattr(Database, "write", lambda self: writes.append(1) or write(self))
        for _number in range(5):
            proxy.check(f"{WIKI}/page").close()
        assert writes == []
        time.shift(timedelta(minutes=1))
        proxy.check(f"{WIKI}/page").close()
        assert writes == [1]
    assert rows(app) == 1


def test_counts_of_more_than_a_day_ago_are_deleted(app, proxy):
    with clock() as time:
        proxy.check(f"{WIKI}/page")
        flushed(app)
        time.shift(timedelta(hours=25))
        with factories.database_of(app).write() as db:
            assert count_store.purge(db) == 1
        assert rows(app) == 0


def test_an_app_that_was_removed_meanwhile_is_skipped(app, proxy):
    proxy.check(f"{WIKI}/page")
    proxy.check(f"{WIKI}/page")
    by_json(app).post(f"{page_of(app)}/remove", json={})
    flushed(app)
    assert rows(app) == 0


def test_counting_costs_little(app):
    """Less than 3 µs on a quiet machine; the bound leaves room for a busy one."""
    counter = CheckCounter(factories.database_of(app))
    known = services_of(app).get(ForwardAuth).table().by_host["wiki.example.org"]
    verdict = Verdict(Decision.ALLOW, known, known.rules[0])
    asked = OriginalRequest("GET", "https", "wiki.example.org", "/open/page", "")
    best = min(timed(counter, asked, verdict) for _try in range(5))
    counter.close()
    assert best < 0.00002


def timed(counter, asked, verdict):
    began = time.perf_counter()
    for _number in range(2000):
        counter.count(asked, verdict)
    return (time.perf_counter() - began) / 2000
