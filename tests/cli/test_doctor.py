"""doctor: findings about unsafe or unusual settings, and how to fix them."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine

from webapp.cli.health_checks import machine, network, setting_values
from webapp.core.clock import now
from webapp.settings import Settings

SECRET = "aW4gdHJ1dGggaXQgd2FzIG5vdCByYW5kb20gYXQgYWxs"
HTTPS = "https://login.example.org"


def findings(run, **settings):
    return {finding["about"]: finding for finding in json.loads(run("doctor --json", **settings).stdout)}


def test_a_healthy_site_has_no_bad_finding(run, add, instance):
    add("ada", "super_admin")
    assert run(f"db backup {instance}.copy").exit_code == 0
    done = run("doctor", WEBAPP_WORKERS="1", WEBAPP_SMTP_URL="smtp://mail.example.org")
    assert done.exit_code == 0
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"ok"}


def test_every_bad_finding_says_how_to_fix_it(run):
    found = findings(run, WEBAPP_WORKERS="999", WEBAPP_TOKEN_IN_QUERY="true", WEBAPP_SIGNING_ALGORITHM="HS256")
    assert all(finding["remedy"] for finding in found.values() if finding["level"] != "ok")


def settings_of(tmp_path, **given):
    return Settings(secret_key=SECRET, instance=tmp_path, **given)


@pytest.mark.parametrize(
    ("given", "levels"),
    [
        pytest.param({}, ["ok"], id="loopback stays on this machine"),
        pytest.param(
            {"bind": "0.0.0.0:8000", "base_url": "http://127.0.0.1:8000"}, ["bad"], id="http for other machines"
        ),
        pytest.param({"base_url": "http://lan:8000", "allow_plain_http": True}, ["bad"], id="a LAN without TLS"),
        pytest.param({"base_url": "http://127.0.0.1:9000"}, ["warn"], id="an address where nobody listens"),
        pytest.param({"base_url": HTTPS}, ["ok", "warn", "ok"], id="behind a proxy that is not trusted"),
        pytest.param(
            {"base_url": HTTPS, "bind": "0.0.0.0:8000"}, ["warn", "warn", "ok"], id="reached by others past the proxy"
        ),
    ],
)
def test_findings_about_base_url_and_bind(tmp_path, given, levels):
    assert [finding.level for finding in network.findings(settings_of(tmp_path, **given))] == levels


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"token_in_query": True}, "WEBAPP_TOKEN_IN_QUERY=false"),
        ({"signing_algorithm": "HS256"}, "WEBAPP_SIGNING_ALGORITHM=ES256"),
        ({"secret_key_fallbacks": (SECRET[::-1],)}, "WEBAPP_SECRET_KEY_FALLBACKS"),
        ({"workers": 999}, "WEBAPP_WORKERS="),
        ({"login_tries_per_account": 101}, "WEBAPP_LOGIN_TRIES_PER_ACCOUNT"),
        ({"remember_lifetime": timedelta(days=91)}, "Choose 90d or less"),
    ],
)
def test_an_unusual_setting_is_a_warning_with_a_better_value(tmp_path, given, words):
    odd = [finding for finding in setting_values.findings(settings_of(tmp_path, **given)) if finding.level == "warn"]
    assert any(words in finding.remedy for finding in odd)


def test_a_site_without_users_gets_the_command_for_the_first_account(run):
    run("db upgrade")
    assert "setup-link" in findings(run)["users"]["remedy"]


def test_a_site_without_a_super_admin_is_bad(run, add):
    add("ada", "admin")
    done = run("doctor")
    assert done.exit_code == 1
    assert "bad   users" in done.stdout


def test_a_database_that_others_can_read_is_bad(run, tmp_path):
    elsewhere = tmp_path / "elsewhere.db"
    url = f"sqlite:///{elsewhere}"
    run("db upgrade", WEBAPP_DATABASE_URL=url)
    elsewhere.chmod(0o644)
    assert findings(run, WEBAPP_DATABASE_URL=url)["files"]["remedy"] == f"Run: chmod 600 {elsewhere}"


def test_a_damaged_database_is_bad_and_not_queried_further(run, instance):
    run("db upgrade")
    (instance / "latchkey.db").write_bytes(b"\0" * 8192)
    found = findings(run)
    assert found["database"]["level"] == "bad"
    assert "users" not in found


def test_a_database_of_another_version_is_bad(run, instance):
    run("db upgrade")
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '29991231'")
    assert "newer version" in findings(run)["database"]["message"]


def test_an_old_signing_key_is_a_warning(run):
    run("keys list")
    with time_machine.travel(now() + timedelta(days=366), tick=True):
        assert "keys rotate" in findings(run)["keys"]["remedy"]


def test_a_clock_that_went_back_is_bad():
    assert machine.clock(now() + timedelta(hours=1)).level == "bad"
    assert machine.clock(now() - timedelta(hours=1)).level == "ok"


@pytest.mark.usefixtures("unbuilt")
def test_doctor_creates_no_database(run, instance):
    assert findings(run)["database"]["level"] == "warn"
    assert not instance.exists()


def test_a_failed_or_late_job_is_named(run, add, instance):
    add("ada", "super_admin")
    assert findings(run)["jobs"]["level"] == "ok"
    with closing(sqlite3.connect(instance / "latchkey.db")) as db, db:
        db.execute("INSERT INTO job (name, due_at, last_error) VALUES ('purge expired links', 0, 'LookupError')")
        db.execute("INSERT INTO job (name, due_at) VALUES ('purge ended credentials', 0)")
    said = run("doctor").stdout
    assert "The job “purge expired links” failed (LookupError)." in said
    assert "The job “purge ended credentials” was due at 1970-01-01 00:00Z." in said


def test_an_untrusted_proxy_is_named_with_the_value_to_set(tmp_path):
    settings = settings_of(tmp_path, base_url=HTTPS, trusted_proxies=(ip_network("10.0.0.0/8"),))
    (found,) = network.untrusted(settings, ["172.18.0.1", "10.1.2.3"])
    assert (found.level, found.about) == ("warn", "proxy")
    assert "WEBAPP_TRUSTED_PROXIES=10.0.0.0/8,172.18.0.1" in found.remedy
