"""A refresh token that two processes present at once: one successor in each round."""

import pytest

from tests import example_counts
from tests.login.refresh_races import raced
from tests.script import Script

ROUNDS = example_counts.times(10)

# Each round waits for two processes, which share their cores with whatever else runs.
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("races")]


def test_two_processes_at_once_get_the_same_single_successor(app, user, process_pair):
    """Keycloak, CVE-2026-1035: parallel refresh won many times."""
    rounds = raced(app, user, process_pair, ROUNDS)
    assert {tuple(found.codes) for found in rounds} == {("won", "won")}
    assert [len(found.successors) for found in rounds] == [1] * ROUNDS
    assert [found.generations for found in rounds] == [[1, 2]] * ROUNDS
    assert [(found.is_over, found.live_tokens) for found in rounds] == [(False, 1)] * ROUNDS
    (successor,) = rounds[-1].successors
    assert Script(app).post("/api/auth/refresh", json={"refresh_token": successor}).status_code == 200


def test_two_processes_that_refresh_twice_stay_in_step(app, user, process_pair):
    rounds = raced(app, user, process_pair, ROUNDS, "refresh_twice")
    assert {tuple(found.codes) for found in rounds} == {("won", "won")}
    assert [(len(found.successors), found.generations) for found in rounds] == [(1, [1, 2, 3])] * ROUNDS
    assert not any(found.is_over for found in rounds)


def test_without_an_overlap_one_succeeds_and_the_family_ends(app, user, process_pair):
    rounds = raced(app, user, process_pair, ROUNDS, "refresh_without_overlap")
    assert {tuple(found.codes) for found in rounds} == {("refresh_reused", "won")}
    assert [found.generations for found in rounds] == [[1, 2]] * ROUNDS
    assert [(found.is_over, found.live_tokens) for found in rounds] == [(True, 0)] * ROUNDS
