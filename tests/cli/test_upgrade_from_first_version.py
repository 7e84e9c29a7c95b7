"""A database of the first version with migrations, upgraded: people, tokens, seeds, keys and audit log as before."""

import json
from datetime import datetime, timedelta

import pytest
import time_machine

from tests import recorded_site
from tests.script import Script
from tests.second_factors import App

pytestmark = pytest.mark.xdist_group("upgrade_from_first_version")
URL = "https://login.example.org"
RECORDED = "first_version", "second_factors"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path, postgresql):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'instance' / 'latchkey.db'}"
    return postgresql(f"former_{abs(hash(tmp_path))}")


@pytest.fixture(params=RECORDED)
def site(request):
    return recorded_site.load(request.param)


@pytest.fixture
def settings(site, database_url, tmp_path, run):
    """The settings of the upgraded site, a day after it was recorded."""
    instance = tmp_path / "instance"
    recorded_site.lay_down(site, instance, database_url)
    named = {"WEBAPP_INSTANCE": str(instance), "WEBAPP_DATABASE_URL": database_url, "WEBAPP_BASE_URL": URL}
    with time_machine.travel(datetime.fromisoformat(site["recorded_at"]) + timedelta(days=1), tick=True):
        done = run("db upgrade", **named)
        assert done.exit_code == 0, done.stderr
        yield named


def log_in(app, site, username="ada", **fields):
    return Script(app).post("/api/auth", json={"username": username, "password": site["password"]} | fields)


def test_everything_works_after_the_upgrade(site, settings, make_app, run):
    app = make_app(**settings)
    for token in site["tokens"]:
        answer = Script(app, token).get("/protected")
        assert (answer.status_code, answer.json["username"]) == (200, "ada")
    assert Script(app, site["revoked"]).get("/protected").json["code"] == "token_revoked"
    assert log_in(app, site, "bob").json["code"] == "credentials_invalid"
    if "seed" not in site:
        assert log_in(app, site).status_code == 200
    else:
        assert log_in(app, site, "cleo").status_code == 200
        assert log_in(app, site).json["code"] == "mfa_required"
        assert log_in(app, site, code=App(site["seed"]).code()).status_code == 200
        assert log_in(app, site, code=site["codes"][0]).status_code == 200
        assert log_in(app, site, code=site["codes"][0]).json["code"] == "credentials_invalid"
    verified = run("audit verify", **settings)
    assert (verified.exit_code, "events are unchanged" in verified.stderr) == (0, True), verified.stderr
    events = {json.loads(line)["event"] for line in run("audit list --json", **settings).stdout.splitlines()}
    assert {"user.made", "token.minted", "token.revoked", "user.disabled"} <= events
    kids = [key["kid"] for key in json.loads(run("keys list --json", **settings).stdout)]
    assert kids == [json.loads(site["files"]["signing_keys.json"])["keys"][0]["kid"]]
    doctor = json.loads(run("doctor --json", **settings).stdout)
    # PostgreSQL has the date of today, and the test another.
    assert [found["message"] for found in doctor if found["level"] == "bad" and found["about"] != "clock"] == []
    assert "Everything that is encrypted can be decrypted with it." in {found["message"] for found in doctor}
