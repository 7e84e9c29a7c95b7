"""The files in deploy/, the Dockerfile and compose.yaml: they name what exists, and what they promise."""

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from webapp.settings import Settings
from webapp.settings.fields import fields_of
from webapp.settings.sources import variables

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KNOWN = variables(fields_of(Settings))
VARIABLE = re.compile(r"\bWEBAPP_[A-Z_]+\b")
UNITS = sorted(path.name for path in DEPLOY.iterdir() if path.suffix in (".service", ".timer"))
SCRIPTS = ["latchkey", "trim-packages.sh", "copy-system.sh", "make-secrets.sh"]


def unit(name):
    found = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    found.optionxform = str
    found.read(DEPLOY / name)
    return found


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_units(tmp_path, name):
    tool = shutil.which("systemd-analyze")
    # Without systemd at least what can be read of them.
    assert unit(name).sections()
    if tool is not None:
        for each in UNITS:
            # What is started is not installed here.
            text = re.sub(r"/usr/local/bin/latchkey", "/bin/true", (DEPLOY / each).read_text())
            (tmp_path / each).write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))
        done = subprocess.run([tool, "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True)
        complaints = [line for line in done.stderr.splitlines() if name in line or str(tmp_path) in line]
        assert complaints == []


def test_the_service_is_confined():
    service = unit("latchkey.service")["Service"]
    assert service["User"] != "root"
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictSUIDSGID"):
        assert service[name] == "yes", name
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    # The server finishes its requests first.
    assert int(service["TimeoutStopSec"]) > 10


def test_the_compose_file_mounts_and_sets_what_exists():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    site = services["latchkey"]
    assert set(site["environment"]) <= set(KNOWN)
    assert site["read_only"] is True
    assert site["cap_drop"] == ["ALL"]
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).exists(), source
    # Only the proxy, and the mail catcher on this machine alone, can be reached from outside.
    reached = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert reached == {"caddy": ["80:80", "443:443"], "mail": ["127.0.0.1:8025:8025"]}


def test_the_secrets_of_the_compose_file_are_made_once(tmp_path):
    shutil.copy(DEPLOY / "make-secrets.sh", tmp_path)
    made = []
    for _ in range(2):
        subprocess.run(["sh", str(tmp_path / "make-secrets.sh")], check=True)
        made.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    named = yaml.safe_load((ROOT / "compose.yaml").read_text())["secrets"]
    assert set(made[0]) == {Path(each["file"]).name for each in named.values()}
    assert (tmp_path / "secrets").stat().st_mode & 0o77 == 0
    settings = Settings(secret_key=made[0]["secret_key"], database_url=made[0]["database_url"])
    assert made[0]["database_password"] in settings.database


def test_the_dockerfile_copies_what_exists_and_may_be_copied():
    dockerfile = (ROOT / "Dockerfile").read_text()
    admitted = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [words.split()[:-1] for words in re.findall(r"(?m)^COPY (?!--from)(.+)$", dockerfile)]
    for source in (source for sources in copied for source in sources):
        assert (ROOT / source).exists(), source
        assert admitted & {source, *map(str, Path(source).parents)}, source
    assert "USER 10001:10001" in dockerfile
    assert set(VARIABLE.findall(dockerfile)) <= set(KNOWN)


@pytest.mark.parametrize(
    "file", ["Dockerfile", "compose.yaml", "docs/production.md", *(f"deploy/{name}" for name in UNITS)]
)
def test_every_setting_that_is_named_exists(file):
    assert set(VARIABLE.findall((ROOT / file).read_text())) <= {*KNOWN, "WEBAPP_NAME", "WEBAPP_NAME_FILE"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_valid(name):
    assert subprocess.run(["sh", "-n", str(DEPLOY / name)]).returncode == 0


def test_the_command_works_from_any_folder(tmp_path):
    environ = os.environ | {"LATCHKEY_SOURCE": str(ROOT), "LATCHKEY_PACKAGES": sys.prefix}
    command = ["sh", str(DEPLOY / "latchkey"), "--version"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout), done.stderr
