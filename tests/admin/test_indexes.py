"""Admin lists are answered by an index, however many users and events there are."""

from datetime import timedelta

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.second_factors import with_passkey
from tests.statements import statements
from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mail.mailer import Mailer
from webapp.web.registry import services_of

SORTS = ("name", "seen", "created")
SCANS = ("SCAN user", "SCAN audit_event", "SCAN credential")


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/admin/users", "autoindex_user"),
        ("/admin/users?q=ada", "autoindex_user"),
        ("/admin/users?sort=created", "ix_user_created_at_username_key"),
        ("/admin/users?sort=seen", "ix_user_last_login_at_username_key"),
        ("/admin/users?view=never", "ix_user_last_login_at_username_key"),
        ("/admin/users?view=dormant", "ix_user_last_login_at_username_key"),
        ("/admin/users?view=disabled", "ix_user_disabled_username_key"),
        ("/admin/users?view=closed", "ix_user_closes_at"),
        ("/admin/users?view=tokens", "ix_credential_kind_expires_at"),
        ("/admin/users?view=one_factor", "ix_passkey_user_id"),
        ("/admin/users?q=ada&view=disabled&sort=seen", "INDEX"),
        ("/admin/users?role=admin", "ix_user_role_username_key"),
        ("/admin/audit", "ix_audit_event_at_seq"),
        ("/admin/audit?user=ada", "ix_audit_event_user_id_at_seq"),
        ("/admin/audit?actor=ada", "ix_audit_event_actor_id_at_seq"),
        ("/admin/audit?event=user.made", "ix_audit_event_event_at_seq"),
        ("/admin/audit?ip_address=10.0.0.7", "ix_audit_event_address_at_seq"),
        ("/admin/audit?request=4f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d", "ix_audit_event_request_id_at_seq"),
        ("/admin/audit?since=2026-01-01&until=2026-02-01", "ix_audit_event_at_seq"),
        ("/admin/audit?before=2", "INDEX"),
        ("/admin/audit?user=ada&event=user.made&ip_address=10.0.0.7&since=2026-01-01", "INDEX"),
    ],
)
def test_lists_use_an_index(app, user, path, index):
    script = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)
    script.get("/admin/users")
    tables = ("FROM user", 'FROM "user"', "FROM credential", "FROM audit_event")
    with statements(app) as asked:
        assert script.get(path).status_code == 200
    lists = [found for found in asked if "LIMIT" in found[0] and any(table in found[0] for table in tables)]
    assert lists
    plan = plan_of(app, lists)
    assert any(index in step for step in plan), plan
    # Walking an index in the wanted order is no scan of the table.
    assert not any(step.startswith(SCANS) and "INDEX" not in step for step in plan), plan


@pytest.mark.parametrize("path", ["/admin", "/admin/users", "/admin/users?q=a&sort=created", "/admin/audit"])
def test_no_other_query_of_the_page_reads_a_whole_table(app, visitor, path):
    factories.user(app, "ines", role="admin")
    visitor.log_in("ines")
    with statements(app) as asked:
        assert visitor.open(path).status_code == 200
    plan = plan_of(app, [found for found in asked if found[0].startswith("SELECT")])
    assert plan
    assert not any(step.startswith(SCANS) and "INDEX" not in step for step in plan), plan


@pytest.mark.parametrize("path", ["/admin/users", "/admin/users/disable?ids={}"])
def test_credentials_are_queried_by_user_id(app, visitor, path):
    # From five on, without statistics, another index would look better to SQLite.
    people = [factories.user(app) for _ in range(25)]
    factories.user(app, "ines", role="admin")
    visitor.log_in("ines")
    with statements(app) as asked:
        assert visitor.open(path.format("&ids=".join(str(found.id) for found in people))).status_code == 200
    plan = plan_of(app, [found for found in asked if "FROM credential" in found[0] and "IN (" in found[0]])
    steps = [step for step in plan if step.startswith("SEARCH credential USING")]
    assert steps
    assert all("user_id=?" in step or "(kind=?" in step for step in steps), steps


LISTS = (
    *("/admin/users", "/admin/users?q=p", "/admin/users?role=user&sort=seen", "/admin/users?q=p&view=one_factor"),
    *(f"/admin/users?view={view}" for view in ("never", "dormant", "disabled", "closed", "tokens")),
    *("/admin/audit", "/admin/audit?event=token.minted", "/admin/audit?ip_address=10.0.0.9", "/admin/mail"),
)


def test_the_number_of_queries_does_not_depend_on_the_number_of_users(app, visitor):
    ines = factories.user(app, "ines", role="admin")
    script = Script(app, factories.api_token(app, ines, "admin:read").token)
    visitor.log_in("ines")
    come(app, "p")
    often = {(call, path): questions(app, call, path) for path in LISTS for call in (visitor.open, script.get)}
    for number in range(5):
        come(app, f"p{number}")
    assert {(call, path): questions(app, call, path) for call, path in often} == often


def come(app, name):
    """Somebody whom every list has, with all that there is to say of them."""
    made = factories.user(app, name)
    factories.api_token(app, made)
    Person(app, ip_address="10.0.0.9").log_in(name)
    with_passkey(app, made)
    with services_of(app).get(Database).write() as db:
        services_of(app).get(Mailer).send(db, "test", f"{name}@example.org", user_id=made.id)
        found = db.get_one(User, made.id)
        found.disabled_at, found.last_login_at = now(), now() - timedelta(days=100)


def questions(app, call, path):
    call(path)
    with statements(app) as asked:
        assert call(path).status_code == 200
    # Whether keys have changed is asked once a second, whoever asks for what.
    return len([found for found in asked if "FROM stored_keys" not in found[0]])


def test_a_search_with_many_matches_returns_the_same_page(app, monkeypatch):
    script = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)
    for number in range(6):
        factories.user(app, f"ada{number}", email=f"m{number}@example.org")
    paths = [f"/admin/users?q={q}&sort={sort}" for q in ("ad", "m", "ada3", "x") for sort in ("name", "seen")]
    found = [script.get(path).json for path in paths]
    monkeypatch.setattr(user_queries, "TOO_MANY_TO_SORT", 2)
    assert [script.get(path).json for path in paths] == found


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", ["view=disabled", "view=dormant", "view=tokens", "view=disabled&role=user&q=a"])
def test_a_filter_with_few_matches_reads_only_these(app, user, query, sort):
    script = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)
    script.get("/admin/users")
    with statements(app) as asked:
        assert script.get(f"/admin/users?{query}&sort={sort}").status_code == 200
    plan = plan_of(app, [found for found in asked if "LIMIT" in found[0] and "user" in found[0]])
    assert any("SEARCH user" in step for step in plan), plan
    # An index of the disabled alone is read from its start.
    whole = [step for step in plan if "INDEX ix_user_disabled_" not in step]
    assert not any(step.startswith(("SCAN user", "SCAN credential")) for step in whole), plan


@pytest.mark.parametrize("view", ["disabled", "dormant", "tokens", "one_factor"])
def test_a_filter_with_many_matches_returns_the_same_page(app, monkeypatch, view):
    script = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)
    for number in range(45):
        made = factories.user(app, f"ada{number}", role=("user", "admin")[number % 2])
        if number % 3:
            factories.api_token(app, made)
            with services_of(app).get(Database).write() as db:
                found = db.get_one(User, made.id)
                found.disabled_at, found.last_login_at = now(), now() - timedelta(days=100 + number % 4)
    more = [f"{rest}&sort={sort}" for rest in ("", "role=user", "q=ada1", "role=admin&q=a") for sort in SORTS]
    few = [everybody(script, f"/admin/users?view={view}&{rest}") for rest in more]
    assert len(few[0]) > user_queries.PAGE
    monkeypatch.setattr(user_queries, "MAX_IDS", -1)
    assert [everybody(script, f"/admin/users?view={view}&{rest}") for rest in more] == few


def everybody(script, path):
    """Page by page."""
    page = script.get(path).json
    names = [person["username"] for person in page["people"]]
    return names + (everybody(script, f"{path}&after={page['after']}") if page["after"] else [])


def plan_of(app, asked):
    with services_of(app).get(Database).engine.connect() as connection:
        return [
            str(row[3])
            for sql, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
