"""The public URL: with a path, and without TLS."""

import pytest

from tests.test_settings import read
from webapp.settings import SettingsError


def test_plain_http_for_other_machines_is_an_explicit_choice(tmp_path):
    with pytest.raises(SettingsError, match="WEBAPP_ALLOW_PLAIN_HTTP"):
        read(tmp_path, WEBAPP_BASE_URL="http://login.lan:8000")
    chosen = read(tmp_path, WEBAPP_BASE_URL="http://login.lan:8000", WEBAPP_ALLOW_PLAIN_HTTP="true")
    assert (chosen.base_url, chosen.cookie_secure, chosen.hsts) == ("http://login.lan:8000", False, "")
    with pytest.raises(SettingsError, match="must be set"):
        read(tmp_path, WEBAPP_BIND="0.0.0.0:8000", WEBAPP_ALLOW_PLAIN_HTTP="true")


def test_the_base_url_may_have_a_path(tmp_path):
    settings = read(tmp_path, WEBAPP_BASE_URL="https://Example.org:443/login/")
    assert (settings.base_url, settings.base_path) == ("https://example.org/login", "/login")


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://app.localhost", "http://[::1]:8000", "http://127.1.2.3"]
)
def test_plain_http_is_allowed_on_localhost(tmp_path, url):
    assert read(tmp_path, WEBAPP_BASE_URL=url).base_url == url
