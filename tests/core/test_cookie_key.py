"""What signs cookies: the secret key, until it is renewed."""

import pytest

from webapp.core.cookie_key import CookieKey
from webapp.settings import InstanceError, Settings

GIVEN = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"


def settings(instance, **said):
    return Settings.from_env({"WEBAPP_INSTANCE": str(instance)} | said)


def test_it_is_the_secret_key_as_long_as_nobody_renewed_it(tmp_path):
    ours = settings(tmp_path)
    assert CookieKey(ours).current() == ours.secret_key


def test_a_renewal_is_seen_at_once_by_all_who_run_and_by_all_who_start(tmp_path):
    here, elsewhere = CookieKey(settings(tmp_path)), CookieKey(settings(tmp_path))
    before = here.current()
    assert elsewhere.renew()
    first = here.current()
    assert before != first == elsewhere.current() == CookieKey(settings(tmp_path)).current()
    here.renew()
    assert elsewhere.current() == here.current() != first


def test_the_secret_key_is_not_touched_by_it_for_what_is_sealed_must_open(tmp_path):
    before = settings(tmp_path).secret_key
    CookieKey(settings(tmp_path)).renew()
    assert settings(tmp_path).secret_key == before


def test_a_key_that_was_given_is_not_ours_to_renew_whatever_lies_in_the_folder(tmp_path):
    CookieKey(settings(tmp_path)).renew()
    given = CookieKey(settings(tmp_path, WEBAPP_SECRET_KEY=GIVEN))
    assert not given.renew()
    assert given.current() == GIVEN


def test_who_removes_the_file_does_not_bring_back_what_was_void(tmp_path):
    key = CookieKey(settings(tmp_path))
    key.renew()
    now = key.current()
    (tmp_path / "cookie_generation").unlink()
    assert key.current() == now


def test_its_file_is_for_us_alone(tmp_path):
    key = CookieKey(settings(tmp_path))
    key.renew()
    path = tmp_path / "cookie_generation"
    assert path.stat().st_mode & 0o777 == 0o600
    now = key.current()
    path.chmod(0o604)
    assert key.current() == now
    with pytest.raises(InstanceError, match="chmod 600"):
        CookieKey(settings(tmp_path))
