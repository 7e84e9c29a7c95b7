"""db backup: a copy while others write, and when it was made."""

import json
import os
import sqlite3
import subprocess
import threading
import time
from contextlib import closing

import pytest

from tests import factories
from tests.script import Script
from tests.secret_keys import OTHER


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy.db"


@pytest.fixture
def unpacked(copy, tmp_path):
    """Unpacks a backup with the tools of any machine, and proves its checksums."""

    def unpack():
        folder = tmp_path / "unpacked"
        folder.mkdir()
        subprocess.run(["tar", "xf", copy], cwd=folder, check=True)
        subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
        return folder

    return unpack


def names(file):
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT username FROM user ORDER BY username")]


def test_a_backup_is_one_complete_file_that_only_the_owner_can_read(run, add, instance, copy, unpacked):
    add("ada")
    done = run(f"db backup {copy}")
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in copy.parent.iterdir() if "copy" in file.name] == ["copy.db"]
    assert not [file.name for file in instance.iterdir() if "backup" in file.name]
    folder = unpacked()
    assert names(folder / "database.sqlite") == ["ada"]
    assert (folder / "secret_keys").read_text() == (instance / "secret_key").read_text()
    assert "not encrypted" in done.stderr


def test_a_site_starts_again_elsewhere_from_one_file(run, add, copy, tmp_path, make_app):
    """With its secret key, its settings and its tokens."""
    add("ada")
    run(f"db backup {copy}")
    elsewhere = tmp_path / "elsewhere"
    assert run(f"db restore {copy} --yes", WEBAPP_INSTANCE=str(elsewhere)).exit_code == 0
    app = make_app(WEBAPP_INSTANCE=str(elsewhere))
    answer = Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD})
    assert answer.status_code == 200


CONFIG = 'site_name = "Tower"\nsmtp_url = "smtp://name:password@mail.example.org"\n'
PROVIDERS = '[[provider]]\nslug = "acme"\npreset = "google"\nclient_id = "x"\n'


@pytest.mark.parametrize(
    ("option", "secret", "left"),
    [
        ("", 'secret = "s3cret"\n', {"secret_keys", "config.toml", "providers.toml"}),
        ("--without-secret", 'secret = "s3cret"\n', set()),
        ("--without-secret", 'secret_env = "ACME"\n', {"providers.toml"}),
    ],
)
def test_the_secret_key_and_settings_with_secrets_can_be_left_out(
    run, add, instance, copy, unpacked, option, secret, left
):
    add("ada")
    for name, text in (("config.toml", CONFIG), ("providers.toml", PROVIDERS + secret)):
        (instance / name).write_text(text)
        (instance / name).chmod(0o600)
    done = run(f"db backup {copy} {option}")
    assert done.exit_code == 0, done.stderr
    found = {file.name for file in unpacked().iterdir()}
    assert found == {"manifest.json", "database.sqlite", "SHA256SUMS"} | left
    assert ("config.toml contains a secret and is left out." in done.stderr) is bool(option)
    assert ("not encrypted" in done.stderr) is not option


def test_a_backup_names_the_settings_of_the_environment_and_has_no_values(run, add, copy, unpacked):
    add("ada")
    run(f"db backup {copy}", WEBAPP_SITE_NAME="Lighthouse", WEBAPP_SMTP_URL="smtp://mail.example.org")
    manifest = json.loads((unpacked() / "manifest.json").read_text())
    assert manifest["environment"] == ["WEBAPP_SITE_NAME", "WEBAPP_SMTP_URL"]
    assert b"Lighthouse" not in copy.read_bytes()


@pytest.mark.parametrize("given", [{}, {"WEBAPP_SECRET_KEY": OTHER}])
def test_without_the_secret_key_of_the_database_no_backup_is_made_by_mistake(run, add, instance, copy, given):
    """As by a timer whose environment lacks it."""
    add("ada")
    (instance / "secret_key").unlink()
    done = run(f"db backup {copy}", **given)
    assert (done.exit_code, "--without-secret" in done.stderr, done.stderr.count("\n")) == (2, True, 1), done.stderr
    assert not copy.exists()
    assert run(f"db backup --without-secret {copy}", **given).exit_code == 0


def test_what_a_killed_process_has_left_is_deleted_a_day_later(run, add, instance, copy):
    add("ada")
    for name, age in ((".backup-old", 25), (".backup-now", 1), (".restore-old", 25)):
        (instance / name).mkdir()
        (instance / name / "database.sqlite").touch()
        then = time.time() - age * 3600
        os.utime(instance / name, (then, then))
    assert run(f"db backup {copy}").exit_code == 0
    assert run(f"db restore --check {copy}").exit_code == 0
    assert [file.name for file in instance.iterdir() if file.name.startswith((".backup-", ".restore-"))] == [
        ".backup-now"
    ]


def test_concurrent_writes_are_in_the_backup_completely_or_not_at_all(run, add, instance, copy, unpacked):
    """Each writer adds two rows in one transaction; a copy between them would hold an odd number."""
    add("ada")
    is_over = threading.Event()

    def write():
        with closing(sqlite3.connect(instance / "latchkey.db", timeout=60)) as connection:
            number = 0
            while not is_over.is_set():
                with connection:
                    for _ in range(2):
                        number += 1
                        connection.execute("INSERT INTO rate_bucket VALUES (?, 1, 1)", [f"{id(connection)}-{number}"])

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    done = run(f"db backup {copy}")
    is_over.set()
    for writer in writers:
        writer.join()
    assert done.exit_code == 0, done.stderr
    with closing(sqlite3.connect(unpacked() / "database.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) % 2 FROM rate_bucket").fetchone() == (0,)


def test_an_existing_file_is_not_overwritten(run, add, copy):
    add("ada")
    copy.write_text("something dear")
    done = run(f"db backup {copy}")
    assert (done.exit_code, "already exists" in done.stderr) == (1, True)
    assert copy.read_text() == "something dear"


def test_a_missing_folder_is_an_error_message(run, add, tmp_path):
    add("ada")
    done = run(f"db backup {tmp_path}/no/such/copy.db")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
