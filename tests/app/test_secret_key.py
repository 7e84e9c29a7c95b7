"""The secret key of a server that is started without ``serve``, such as by gunicorn."""

import pytest

from tests.secret_keys import OTHER
from webapp.app import close, create_app
from webapp.core.secret_key_marks import OtherSecretKey
from webapp.settings import SecretKeyMissing


@pytest.fixture
def start(instance, monkeypatch):
    """Builds the site from the environment, and counts it as running."""
    monkeypatch.setenv("WEBAPP_INSTANCE", str(instance))

    def start(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        close(create_app())
        return "started"

    return start


def test_it_starts_with_the_secret_key_of_the_database_or_with_it_as_a_fallback(start, instance):
    assert start() == "started"
    former = (instance / "secret_key").read_text().strip()
    assert start(WEBAPP_SECRET_KEY=OTHER, WEBAPP_SECRET_KEY_FALLBACKS=former) == "started"


def test_another_secret_key_stops_the_start(start):
    with pytest.raises(OtherSecretKey, match="belongs to another secret key"):
        start(WEBAPP_SECRET_KEY=OTHER)


def test_a_missing_secret_key_stops_the_start_and_none_is_made(start, instance):
    (instance / "secret_key").unlink()
    with pytest.raises(SecretKeyMissing, match="db upgrade"):
        start()
    assert not (instance / "secret_key").exists()


def test_without_a_database_it_can_be_built_as_for_a_list_of_its_routes(start, instance):
    for file in instance.glob("latchkey.db*"):
        file.unlink()
    assert start() == "started"
