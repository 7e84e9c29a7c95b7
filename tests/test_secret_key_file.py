"""The secret key of the instance folder."""

import os

import pytest

from webapp.cli.context import CommandContext
from webapp.settings import InstanceError, SecretKeyMissing, Settings, private_files


def test_the_first_start_creates_a_secret_key_and_the_second_keeps_it(tmp_path):
    environ = {"WEBAPP_INSTANCE": str(tmp_path / "new")}
    with pytest.raises(SecretKeyMissing, match="db upgrade"):
        Settings.from_env(environ)
    assert not (tmp_path / "new").exists()
    first, second = CommandContext(environ).settings, Settings.from_env(environ)
    assert first.secret_key == second.secret_key
    assert (tmp_path / "new" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    # In the repository of an app, git ignores it; a folder that exists, as in a checkout, keeps its own file.
    assert (tmp_path / "new" / ".gitignore").read_text() == "*\n"


def test_a_secret_key_that_others_can_read_stops_the_start(tmp_path):
    private_files.make_secret_key(tmp_path)
    os.chmod(tmp_path / "secret_key", 0o640)
    with pytest.raises(InstanceError, match="chmod 600"):
        Settings.from_env({"WEBAPP_INSTANCE": str(tmp_path)})
