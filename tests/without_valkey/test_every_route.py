"""Whatever is counted works while Valkey is stopped or silent, and when it is back."""

import time

import pytest

from tests.example_counts import EFFORT
from tests.valkey import PATIENCE, valkey_server
from tests.without_valkey.every_scenario import ASKING, NEVER_ASKING, VOLATILE
from tests.without_valkey.site import SETTINGS, Site
from webapp.core import valkey_storage

STATES = "stopped", "silent", "back"
LONGEST = 8
"""Seconds: a request in each of these scenarios that waited each time would take more in all."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with valkey_server(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def site(make_app, prepared, server, state, monkeypatch):
    server.be_well()
    if state == "silent":
        # Only here: on a busy machine one that answers may take longer.
        monkeypatch.setattr(valkey_storage, "TIMEOUT", 0.2)
    app = make_app(**SETTINGS, WEBAPP_VALKEY_URL=server.url)
    return Site(app, prepared.make(app))


def bring(server, valkey, state, monkeypatch):
    if state == "silent":
        server.freeze()
        return
    server.stop()
    if state == "back":
        monkeypatch.setattr(valkey_storage, "PAUSE", 0.05)
        assert not valkey.answers()
        server.be_well()
        begun = time.monotonic()
        while not valkey.answers():
            assert time.monotonic() - begun < PATIENCE
            time.sleep(0.02)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scenario", ASKING, ids=lambda one: one.name)
def test_what_valkey_counts_is_counted_in_the_database_while_it_is_gone(scenario, state, site, server, monkeypatch):
    bring(server, site.valkey, state, monkeypatch)
    begun = time.monotonic()
    scenario.play(site)
    assert time.monotonic() - begun < LONGEST
    lost = scenario.limits & VOLATILE
    if state == "back":
        assert (site.in_valkey(), site.in_database()) == (lost, scenario.limits - lost)
    else:
        assert site.in_database() == scenario.limits


# Those never ask Valkey, so its state is all one; a longer run shows it for each.
@pytest.mark.parametrize("state", STATES if EFFORT > 1 else ["silent"])
@pytest.mark.parametrize("scenario", NEVER_ASKING, ids=lambda one: one.name)
def test_what_must_not_begin_anew_never_asks_valkey(scenario, state, site, server, monkeypatch, logged):
    bring(server, site.valkey, state, monkeypatch)
    before = logged().count("valkey unavailable")
    scenario.play(site)
    assert site.in_database() == scenario.limits
    # Whoever had asked one that is stopped or silent would have said so.
    assert logged().count("valkey unavailable") == before
    if state == "back":
        assert site.in_valkey() == set()
