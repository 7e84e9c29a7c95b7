"""What is counted, and that no client can add values to a label."""

from datetime import timedelta
from uuid import uuid4

import pytest
from prometheus_client import generate_latest
from sqlalchemy import text

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.valkey import NOBODY, valkey_server
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords, TooBusy
from webapp.audit import committed
from webapp.audit.log import Event, record
from webapp.core.db import Database
from webapp.metrics.recorder import METHODS, Recorder, way_of
from webapp.metrics.text import MetricsText
from webapp.settings.paths import release
from webapp.web.registry import services_of
from webapp.web.request_observer import RequestRecord


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_METRICS="true")


@pytest.fixture
def metrics(app):
    def read(name, **labels):
        """The value of a sample; 0 if there is none."""
        found = services_of(app).get(MetricsText)().decode()
        for line in found.splitlines():
            head, _, value = line.rpartition(" ")
            known = head.partition("{")
            wanted = all(f'{label}="{expected}"' in known[2] for label, expected in labels.items())
            if known[0] == name and wanted:
                return float(value)
        return 0.0

    return read


def test_without_metrics_nothing_is_measured(make_app):
    app = make_app()
    assert services_of(app).find(MetricsText) is None
    assert services_of(app).get(Database)._observe is None
    assert services_of(app).get(Database).engine not in committed.observers


def test_requests_are_counted_by_method_route_and_status(app, metrics):
    for path in ("/tokens/7d3b1b2a-0000-4000-8000-000000000001", "/tokens/7d3b1b2a-0000-4000-8000-000000000002"):
        Script(app).get(path)
    name = "latchkey_request_duration_seconds_count"
    assert metrics(name, method="GET", route="/tokens/<uuid:token_id>", status="401") == 2


def test_decisions_of_the_guard_are_counted_by_code(app, user, metrics):
    Script(app).get("/protected")
    Script(app, "eyJ.x.y").get("/protected")
    Script(app, factories.api_token(app, user, "tokens:read").token).get("/protected")
    Script(app, factories.api_token(app, user).token).get("/protected")
    for code in ("token_missing", "token_invalid", "scope_required", "allowed"):
        assert metrics("latchkey_guard_decisions_total", code=code) == 1, code


def test_a_client_cannot_add_values_to_a_label(app):
    before = samples(app)
    for number in range(30):
        Script(app).call(f"BREW{number}", f"/nowhere/{uuid4()}")
        Script(app).get(f"/problems/{uuid4()}")
        Script(app).get("/protected", headers={"Authorization": f"Bearer {uuid4()}", "User-Agent": str(uuid4())})
    # One route each, a status each, and one name for all unknown methods.
    assert len(samples(app)) - len(before) < 100


def samples(app):
    return {line.rpartition(" ")[0] for line in services_of(app).get(MetricsText)().decode().splitlines()}


def test_an_unknown_method_is_not_remembered():
    recorder = Recorder()
    for number in range(50):
        recorder.request(RequestRecord(f"M{number}", "10.0.0.1", 405))
    assert len(recorder._requests) == 0
    assert 'method="M1"' not in generate_latest(recorder.registry).decode()
    for method in METHODS:
        recorder.request(RequestRecord(method, "10.0.0.1", 200))
    assert len(recorder._requests) == len(METHODS)


def test_logins_are_counted_by_result_and_way(app, user, metrics):
    person = Person(app)
    person.open("/login")
    person.press("Log in", username="ada", password="wrong horse battery staple")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    assert metrics("latchkey_logins_total", result="refused", way="password") == 1
    assert metrics("latchkey_logins_total", result="started", way="pwd") == 1
    assert metrics("latchkey_audit_events_total", event="session.started") == 1


@pytest.mark.parametrize(
    ("amr", "way"),
    [("pwd", "pwd"), ("pwd otp", "pwd otp"), ("hwk", "hwk"), ("", "other"), ("x" * 50, "other"), ("pwd x", "other")],
)
def test_a_way_is_one_of_the_known(amr, way):
    assert way_of(amr) == way


def test_what_is_rolled_back_is_not_counted(app, database, metrics):
    with database.write() as db:
        record(db, Event.LIMITS_RESET)
        db.rollback()
    with database.write() as db:
        with db.begin_nested():
            record(db, Event.LIMITS_RESET)
        assert metrics("latchkey_audit_events_total", event="limits.reset") == 0
    assert metrics("latchkey_audit_events_total", event="limits.reset") == 1


def test_the_delay_of_a_revocation_is_measured(app, user, database, metrics):
    before = metrics("latchkey_revocation_delay_seconds_count")
    with database.write() as db:
        lifecycle.disable(db, db.get_one(User, user.id))
    assert metrics("latchkey_revocation_delay_seconds_count") > before
    assert metrics("latchkey_revocation_delay_seconds_sum") < 5


def test_limits_that_are_hit_are_counted_and_those_of_the_audit_log_are_not(app, user, metrics):
    for _ in range(12):
        Script(app).post("/api/auth", json={"username": "ada", "password": "wrong horse battery staple"})
    assert metrics("latchkey_limits_hit_total", limit="login-name") > 0
    assert "noted" not in services_of(app).get(MetricsText)().decode()


def test_places_for_hashing_are_counted(app, metrics):
    passwords = services_of(app).get(Passwords)
    with passwords.place():
        assert metrics("latchkey_hashing_places_taken") == 1
        with passwords.place():
            assert metrics("latchkey_hashing_places_taken") == 1
    assert metrics("latchkey_hashing_places_taken") == 0
    passwords._places._free = 0
    with pytest.raises(TooBusy), passwords.place():
        pass
    assert metrics("latchkey_hashing_refused_total") == 1


def test_database_time_is_measured(app, user, metrics):
    Script(app, factories.api_token(app, user).token).get("/protected")
    assert metrics("latchkey_credential_lookup_seconds_count") >= 1
    assert metrics("latchkey_database_transaction_seconds_count", kind="write") >= 1
    with services_of(app).get(Database).read() as db:
        db.execute(text("SELECT 1"))
    assert metrics("latchkey_database_transaction_seconds_count", kind="read") >= 1


def test_live_sessions_and_tokens_mails_jobs_and_servers_are_in_the_metrics(app, user, metrics):
    factories.api_token(app, user)
    Script(app).get("/readyz")
    assert metrics("latchkey_live_credentials", kind="token") == 1
    assert metrics("latchkey_database_up") == 1
    assert metrics("latchkey_nodes") == 1
    written = samples(app)
    for name in (
        'latchkey_outbox_mails{state="waiting"}',
        "latchkey_outbox_oldest_seconds",
        "# TYPE latchkey_job_failed",
    ):
        assert name in written, name


def test_without_the_database_the_metrics_say_so(app, instance, metrics):
    services_of(app).get(Database).close()
    (instance / "latchkey.db").rename(instance / "away")
    assert metrics("latchkey_database_up") == 0
    assert metrics("latchkey_build_info", version=release()) == 1


def test_whether_valkey_answers_is_in_the_metrics_where_it_is_set(app, make_app, tmp_path):
    assert "latchkey_valkey_up" not in samples(app)
    with valkey_server(tmp_path) as server:
        for url, is_up in ((server.url, "1.0"), (NOBODY, "0.0")):
            site = make_app(WEBAPP_METRICS="true", WEBAPP_VALKEY_URL=url)
            assert f"latchkey_valkey_up {is_up}\n" in services_of(site).get(MetricsText)().decode()


def test_the_figures_of_the_database_are_read_once_in_a_while(app, user, metrics):
    assert metrics("latchkey_live_credentials", kind="token") == 0
    factories.api_token(app, user)
    assert metrics("latchkey_live_credentials", kind="token") == 0


def test_the_age_of_a_waiting_mail_is_known(app, user, database, metrics):
    with database.write() as db:
        db.execute(
            text(
                'INSERT INTO outgoing_mail (id, kind, "to", created_at, due_at, tries)'
                " VALUES (:id, 'test', 'ada@example.org', :at, :at, 0)"
            ),
            {"id": uuid4().hex, "at": 1_000_000},
        )
    assert metrics("latchkey_outbox_oldest_seconds") > timedelta(days=365).total_seconds()
    assert metrics("latchkey_outbox_mails", state="waiting") == 1


def test_each_site_counts_its_own_events(app, metrics, make_app, database):
    """Two sites in one process, of which the second counts nothing."""
    make_app()
    with database.write() as db:
        record(db, Event.LIMITS_RESET)
    assert metrics("latchkey_audit_events_total", event="limits.reset") == 1
