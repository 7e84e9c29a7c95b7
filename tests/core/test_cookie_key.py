"""What signs cookies: the secret key, until it is renewed."""

import pytest

from webapp.core.cookie_key import CookieKey
from webapp.settings import InstanceError, Settings

GIVEN = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"


def settings(instance, **said):
    return Settings.from_env({"WEBAPP_INSTANCE": str(instance)} | said)


def test_the_cookie_key_is_the_secret_key_until_it_is_renewed(tmp_path):
    ours = settings(tmp_path)
    assert CookieKey(ours).current() == ours.secret_key


def test_a_renewal_applies_at_once_to_running_and_new_processes(tmp_path):
    here, elsewhere = CookieKey(settings(tmp_path)), CookieKey(settings(tmp_path))
    before = here.current()
    assert elsewhere.renew()
    first = here.current()
    assert before != first == elsewhere.current() == CookieKey(settings(tmp_path)).current()
    here.renew()
    assert elsewhere.current() == here.current() != first


def test_a_renewal_does_not_change_the_secret_key_so_encrypted_data_can_be_read(tmp_path):
    before = settings(tmp_path).secret_key
    CookieKey(settings(tmp_path)).renew()
    assert settings(tmp_path).secret_key == before


def test_a_configured_secret_key_ignores_the_cookie_generation_file(tmp_path):
    CookieKey(settings(tmp_path)).renew()
    given = CookieKey(settings(tmp_path, WEBAPP_SECRET_KEY=GIVEN))
    assert not given.renew()
    assert given.current() == GIVEN


def test_removing_the_file_does_not_restore_void_cookies(tmp_path):
    key = CookieKey(settings(tmp_path))
    key.renew()
    now = key.current()
    (tmp_path / "cookie_generation").unlink()
    assert key.current() == now


def test_only_the_owner_can_read_the_cookie_generation_file(tmp_path):
    key = CookieKey(settings(tmp_path))
    key.renew()
    path = tmp_path / "cookie_generation"
    assert path.stat().st_mode & 0o777 == 0o600
    now = key.current()
    path.chmod(0o604)
    assert key.current() == now
    with pytest.raises(InstanceError, match="chmod 600"):
        CookieKey(settings(tmp_path))
