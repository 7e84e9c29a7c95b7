"""The instance folder, created once by the first of several processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from webapp.core import instance_folder
from webapp.core.instance_folder import InstanceError

ROOT = Path(__file__).parents[2]

START = """
import sys
from webapp.cli import schema
from webapp.core.db import Database
from webapp.core.key_table import KeyTable
from webapp.core.table_ring import ring_for
from webapp.cli.context import CommandContext
settings = CommandContext({"WEBAPP_INSTANCE": sys.argv[1]}).settings
schema.upgrade(settings)
database = Database(settings.database)
print(settings.secret_key, ring_for(settings, KeyTable(database, settings)).current().kid)
database.close()
"""


def test_two_processes_that_start_at_once_create_one_set_of_keys(tmp_path):
    command = [sys.executable, "-W", "error", "-c", START, str(tmp_path / "instance")]
    starts = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    answers = {start.communicate()[0] for start in starts}
    assert len(answers) == 1
    assert answers != {b""}


def test_an_instance_folder_that_others_can_read_is_made_private(tmp_path):
    tmp_path.chmod(0o755)
    instance_folder.prepare(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_an_instance_folder_that_cannot_be_created_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InstanceError, match="cannot be created"):
        instance_folder.prepare(tmp_path / "file" / "instance")


def test_the_folder_records_which_database_was_created(tmp_path):
    assert not instance_folder.was_made(tmp_path, tmp_path / "latchkey.db")
    instance_folder.mark_made(tmp_path, tmp_path / "latchkey.db")
    assert instance_folder.was_made(tmp_path, tmp_path / "latchkey.db")
    assert not instance_folder.was_made(tmp_path, tmp_path / "other.db")


def test_the_record_of_the_database_moves_with_the_folder(tmp_path):
    (tmp_path / "here").mkdir()
    instance_folder.mark_made(tmp_path / "here", tmp_path / "here" / "latchkey.db")
    (tmp_path / "here").rename(tmp_path / "there")
    assert instance_folder.was_made(tmp_path / "there", tmp_path / "there" / "latchkey.db")


def test_one_at_a_time_holds_the_lock(tmp_path):
    probe = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with instance_folder.lock(tmp_path):
        held = subprocess.run(
            [sys.executable, "-c", probe, str(tmp_path / ".database.lock")], stderr=subprocess.PIPE, check=False
        )
    assert b"BlockingIOError" in held.stderr
