"""doctor: audit log without triggers, wrong clocks, other versions, and copies that must not be changed."""

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from webapp.audit.triggers import missing_triggers
from webapp.cli import read_only_copy, schema
from webapp.cli.health_checks import files, network, nodes
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.nodes.heartbeat import NodeHeartbeat, NodeIdentity
from webapp.nodes.models import Node
from webapp.settings import Settings

SECRET = "aW4gdHJ1dGggaXQgd2FzIG5vdCByYW5kb20gYXQgYWxs"
UPDATE = "CREATE TRIGGER audit_head_goes_on BEFORE UPDATE ON audit_head BEGIN SELECT 1; END"


def findings(run, about, **settings):
    found = json.loads(run("doctor --json", **settings).stdout)
    return [finding for finding in found if finding["about"] == about]


@pytest.mark.parametrize(
    ("statements", "names"),
    [
        pytest.param([], "", id="all are there"),
        pytest.param(["DROP TRIGGER audit_event_is_kept"], "audit_event_is_kept", id="one was dropped"),
        pytest.param(["DROP TRIGGER audit_head_goes_on", UPDATE], "audit_head_goes_on", id="one refuses nothing now"),
        pytest.param(
            ["DROP TRIGGER audit_event_is_never_changed", "DROP TRIGGER audit_head_is_alone"],
            "audit_event_is_never_changed, audit_head_is_alone",
            id="two were dropped",
        ),
    ],
)
def test_dropped_triggers_of_the_audit_log_are_bad(run, instance, statements, names):
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    (finding,) = findings(run, "audit log")
    assert finding["level"] == ("bad" if names else "ok")
    assert names in finding["message"]


def test_triggers_are_missed_on_postgresql_too(postgresql, migrated):
    url = postgresql("triggers")
    schema.upgrade(Settings.from_env({"WEBAPP_INSTANCE": str(migrated), "WEBAPP_DATABASE_URL": url}))
    database = Database(url)
    with database.write() as db:
        assert missing_triggers(db) == []
        db.execute(text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_kept"))
        assert missing_triggers(db) == ["audit_event_is_kept"]
        db.execute(text("DROP TRIGGER audit_head_goes_on ON audit_head"))
        assert missing_triggers(db) == ["audit_event_is_kept", "audit_head_goes_on"]
    database.close()


def node(**given):
    return Node(**{"name": "alpha", "bind": "10.0.0.1:8000", "version": "1.0", "seen_at": now()} | given)


@pytest.mark.parametrize(
    ("given", "level", "says"),
    [
        pytest.param({"clock_difference": None}, "ok", "version 1.0, last seen", id="a database without a clock"),
        pytest.param({"clock_difference": timedelta(seconds=1)}, "ok", "last seen", id="a second is fine"),
        pytest.param({"clock_difference": timedelta(seconds=-9)}, "warn", "9.0 s behind", id="some seconds behind"),
        pytest.param({"clock_difference": timedelta(minutes=2)}, "bad", "120.0 s ahead of", id="minutes ahead"),
        pytest.param({"version": "0.9"}, "warn", "ran version 0.9, and this is 1.0", id="another version"),
    ],
)
def test_servers_are_listed_with_version_clock_and_when_they_were_seen(given, level, says):
    (finding,) = nodes.versions_and_clocks([node(**given)], "1.0")
    assert (finding.level, says in finding.message, "alpha (10.0.0.1:8000)" in finding.message) == (level, True, True)


def test_the_clock_of_this_machine_is_compared_with_that_of_the_database():
    assert list(nodes.this_clock(None)) == list(nodes.this_clock(timedelta(seconds=1))) == []
    (finding,) = nodes.this_clock(timedelta(seconds=-40))
    assert (finding.level, "-40.0 s" in finding.message) == ("bad", True)


def test_doctor_lists_the_servers_that_were_seen(run, instance):
    database = Database(f"sqlite:///{instance}/latchkey.db")
    NodeHeartbeat(database, NodeIdentity("10.0.0.1:8000", "0.0.1", name="alpha")).report()
    database.close()
    (finding,) = findings(run, "servers")
    assert "alpha (10.0.0.1:8000) ran version 0.0.1" in finding["message"]


def test_metrics_for_everybody_who_can_connect_are_a_warning(tmp_path):
    def found(bind):
        settings = Settings(secret_key=SECRET, instance=tmp_path, metrics_bind=bind)
        return [finding.level for finding in network.findings(settings) if finding.about == "metrics"]

    assert found("0.0.0.0:9464") == found("10.1.1.1:9464") == ["warn"]
    assert found("127.0.0.1:9464") == found("[::1]:9464") == found("") == []


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_copy_that_cannot_be_written_is_checked_and_stays_as_it_is(run, instance, monkeypatch):
    # The latest changes are only in the write-ahead log, as after a crash.
    holder = sqlite3.connect(instance / "latchkey.db")
    holder.execute("DROP TRIGGER audit_event_is_kept")
    holder.commit()
    monkeypatch.setattr(read_only_copy, "is_writable", lambda _file: False)
    before = digests(instance)
    found = json.loads(run("doctor --json").stdout)
    assert digests(instance) == before
    holder.close()
    assert [one["level"] for one in found if one["about"] == "audit log"] == ["bad"]
    assert [one["level"] for one in found if one["about"] == "database"] == ["ok"]


def test_what_can_be_written_is_not_copied(instance):
    settings = Settings.from_env({"WEBAPP_INSTANCE": str(instance)})
    with read_only_copy.readable(settings) as used:
        assert used is settings


@pytest.mark.parametrize("variable", ["WEBAPP_SECOND_FACTOR_FOR", "WEBAPP_PASSKEY_FOR"])
@pytest.mark.parametrize(
    ("named", "says"),
    [
        pytest.param("admn", "names the role admn, which does not exist; did you mean admin?", id="a misspelt role"),
        pytest.param("qqqq", "names the role qqqq, which does not exist.", id="a role like no other"),
        pytest.param("admin:wirte", "name a scope that no route has: admin:wirte", id="a misspelt scope"),
    ],
)
def test_a_misspelt_role_or_scope_stops_the_start(run, variable, named, says):
    done = run("serve", **{variable: named})
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr


def test_a_misspelt_role_of_the_directory_stops_the_start(run):
    ldap = {"WEBAPP_LDAP_URL": "ldap://127.0.0.1", "WEBAPP_LDAP_BASE": "dc=example"}
    done = run("serve", WEBAPP_LDAP_ROLES="admins=admn", **ldap)
    assert done.exit_code == 2
    assert "WEBAPP_LDAP_ROLES names the role admn" in done.stderr


def test_doctor_says_that_the_server_would_not_start(run):
    (finding,) = findings(run, "roles", WEBAPP_PASSKEY_FOR="admn")
    assert (finding["level"], "did you mean admin?" in finding["message"]) == ("bad", True)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        pytest.param('site_name = "Example"\n', "ok", id="without a secret others may read it"),
        pytest.param('smtp_url = "smtp://user:secret@mail.example.org"\n', "bad", id="with a secret they may not"),
    ],
)
def test_a_settings_file_that_others_can_read_is_bad_only_with_a_secret(tmp_path, text, level):
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(text)
    (tmp_path / "config.toml").chmod(0o644)
    assert [finding.level for finding in files.modes(tmp_path, None)] == [level]
