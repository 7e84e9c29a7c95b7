"""The list of users: search by user name or e-mail address, filters, order, and every user exactly once."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from tests import factories
from tests.admin.admin_objects import NOBODY, in_state
from tests.script import Script
from webapp.accounts import user_queries
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.tokens import lifecycle
from webapp.web.registry import services_of


def names(script: Script, query: str) -> set[str]:
    return {found["username"] for found in script.get(f"/admin/users?{query}").json["people"]}


def test_each_filter_finds_its_users(app, script, admin):
    in_state(app, "never")
    in_state(app, "dormant", last_login_at=now() - timedelta(days=91))
    in_state(app, "awake", last_login_at=now() - timedelta(days=89))
    in_state(app, "disabled", disabled_at=now(), last_login_at=now())
    in_state(app, "scripted", last_login_at=now())
    with services_of(app).get(Database).read() as db:
        scripted = user_queries.by_name_or_email(db, "scripted")
    factories.api_token(app, scripted)
    assert {"never", "ines"} == names(script, "view=never")
    assert {"dormant"} == names(script, "view=dormant")
    assert {"disabled"} == names(script, "view=disabled")
    assert {"scripted", "ines"} == names(script, "view=tokens")
    assert {"ines"} == names(script, "role=admin")
    assert {"scripted"} == names(script, "role=user&view=tokens")
    assert {"dormant"} == names(script, "q=d&view=dormant")
    assert set() == names(script, "role=nobody_has_it")


def test_the_token_filter_ignores_ended_tokens(app, script, admin, user):
    issued = factories.api_token(app, user)
    assert "ada" in names(script, "view=tokens")
    with services_of(app).get(Database).write() as db:
        lifecycle.revoke(db, user.id, issued.entry.id)
    assert "ada" not in names(script, "view=tokens")


@pytest.mark.parametrize("sort", ["created", "seen"])
def test_sorting_by_time_lists_the_latest_first_and_never_last(app, script, sort):
    for days, name in ((3, "three"), (1, "one"), (2, "two")):
        moment = now() - timedelta(days=days)
        in_state(app, name, created_at=moment, last_login_at=moment)
    found = [person["username"] for person in script.get(f"/admin/users?sort={sort}").json["people"]]
    assert [name for name in found if name in ("one", "two", "three")] == ["one", "two", "three"]
    assert sort == "created" or found[-1] == "ines"


@pytest.mark.parametrize("sort", ["name", "created", "seen"])
def test_a_page_after_a_deleted_user_is_empty(script, sort):
    answer = script.get(f"/admin/users?sort={sort}&after={NOBODY}")
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["after"])


@pytest.mark.parametrize("q", ["%", "_", "*", "[a-z]", "'", '"', "a' OR '1'='1", "\\"])
def test_wildcards_in_a_search_are_literal(script, q):
    assert names(script, f"q={quote(q)}") == set()


def test_users_are_found_by_the_beginning_of_name_or_email_address(app, script):
    factories.user(app, "Zora", email="first@example.org")
    factories.user(app, "yan", email="zed@example.org")
    factories.user(app, "azora", email="other@example.org")
    found = script.get("/admin/users?q=Z").json["people"]
    assert [person["username"] for person in found] == ["yan", "Zora"]


@pytest.mark.parametrize("sort", ["name", "created", "seen"])
@pytest.mark.parametrize("view", ["", "never"])
def test_paging_shows_every_user_once(app, script, sort, view):
    for number in range(60):
        factories.user(app, f"p{number:02}")
    seen: list[str] = []
    path = f"/admin/users?sort={sort}&view={view}"
    after = ""
    while True:
        answer = script.get(path + after).json
        seen += [person["username"] for person in answer["people"]]
        if answer["after"] is None:
            break
        after = f"&after={answer['after']}"
    assert len(seen) == len(set(seen)) >= 61 - (view == "never")


def test_malformed_queries_are_refused_with_messages(script):
    for query in ("view=x", "sort=x", "after=1", "q=%00", "role=%27", "q=" + "a" * 400):
        assert script.get(f"/admin/users?{query}").status_code == 400


def test_closed_accounts_are_a_separate_state_from_disabled_ones(app, script):
    in_state(app, "closed", closes_at=now(), last_login_at=now())
    in_state(app, "both", closes_at=now(), disabled_at=now(), last_login_at=now())
    in_state(app, "disabled", disabled_at=now(), last_login_at=now())
    assert names(script, "view=closed") == {"closed", "both"}
    assert names(script, "view=disabled") == {"disabled", "both"}
    states = {one["username"]: one["state"] for one in script.get("/admin/users").json["people"]}
    assert (states["closed"], states["both"], states["disabled"]) == ("closed", "disabled", "disabled")
