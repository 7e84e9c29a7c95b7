"""A refresh token used again within the overlap: parallel requests and lost responses get the same successor."""

import pytest

from tests import factories
from tests.dpop_client import OTHER
from tests.login.scripts import claims, is_over, log_in, refresh, works
from tests.login.test_dpop_bound_login import log_in as log_in_bound
from tests.login.test_dpop_bound_login import refresh as refresh_bound
from tests.login.test_dpop_bound_login import shown
from tests.script import Script
from tests.tables import events

REFRESH = "/api/auth/refresh"


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param((0, 0, 0), id="three at once"),
        pytest.param((12,), id="a retry after 12 seconds"),
        pytest.param((9, 9, 9), id="several retries"),
        pytest.param((29,), id="a retry after 29 seconds"),
    ],
)
def test_every_repeat_within_the_overlap_gets_the_same_tokens(app, user, clock, seconds):
    first = log_in(app)["refresh_token"]
    lost = refresh(app, first).json
    for pause in seconds:
        clock.shift(pause)
        again = refresh(app, first).json
        assert again["refresh_token"] == lost["refresh_token"]
        assert claims(again["access_token"]) == claims(lost["access_token"]), "no second token is issued"
    assert again["expires_in"] == lost["expires_in"] - sum(seconds)
    assert works(app, again["access_token"])
    assert refresh(app, again["refresh_token"]).status_code == 200
    assert len(events(app, "refresh.used")) == 3, "the first repeat is recorded, further ones are not"


def test_a_repeat_works_if_the_clock_of_the_server_is_behind(app, user, clock):
    first = log_in(app)["refresh_token"]
    second = refresh(app, first).json["refresh_token"]
    clock.shift(-20)
    assert refresh(app, first).json["refresh_token"] == second


@pytest.mark.parametrize(
    "seconds",
    [pytest.param(30, id="at its end"), pytest.param(31, id="after it"), pytest.param(-60, id="long before its use")],
)
def test_a_repeat_after_the_overlap_ends_the_login(app, user, clock, seconds):
    first = log_in(app)["refresh_token"]
    second = refresh(app, first).json
    clock.shift(seconds)
    assert is_over(refresh(app, first), "refresh_reused")
    assert is_over(refresh(app, second["refresh_token"]))
    assert not works(app, second["access_token"])


def test_the_overlap_is_a_setting(make_app, clock):
    app = make_app(WEBAPP_REFRESH_OVERLAP="2m")
    factories.user(app, "ada")
    first = log_in(app)["refresh_token"]
    second = refresh(app, first).json["refresh_token"]
    clock.shift(119)
    assert refresh(app, first).json["refresh_token"] == second
    clock.shift(1)
    assert is_over(refresh(app, first), "refresh_reused")


def test_a_repeat_gets_the_same_successor_even_after_its_use(app, user, clock):
    first = log_in(app)["refresh_token"]
    second = refresh(app, first).json["refresh_token"]
    third = refresh(app, second).json
    clock.shift(12)
    late = refresh(app, first).json
    assert late["refresh_token"] == second
    assert claims(late["access_token"]) == claims(third["access_token"])
    assert refresh(app, late["refresh_token"]).json["refresh_token"] == third["refresh_token"]
    assert refresh(app, third["refresh_token"]).status_code == 200


def test_an_older_token_ends_the_login_within_the_overlap_too(app, user, clock):
    tokens = [log_in(app)["refresh_token"]]
    for _ in range(3):
        tokens.append(refresh(app, tokens[-1]).json["refresh_token"])
    assert is_over(refresh(app, tokens[0]), "refresh_reused")
    for token in tokens:
        assert is_over(refresh(app, token))


def test_a_repeat_does_not_revive_a_login_that_was_ended(app, user, clock):
    first = log_in(app)["refresh_token"]
    second = refresh(app, first).json["refresh_token"]
    assert is_over(refresh(app, "lkr_" + "x" * 43))
    assert Script(app).post("/api/auth/revoke", json={"token": second}).status_code == 200
    assert is_over(refresh(app, first))


def test_former_access_tokens_work_as_long_as_the_overlap(app, user, clock):
    first = log_in(app)
    second = refresh(app, first["refresh_token"]).json
    clock.shift(29)
    assert works(app, first["access_token"])
    clock.shift(1)
    assert not works(app, first["access_token"])
    assert works(app, second["access_token"])


def test_repeats_with_other_scopes_get_their_own_tokens_and_at_most_four(app, user, clock):
    first = log_in(app, scope="protected:read profile:read tokens:read")["refresh_token"]
    scopes = [None, "protected:read", "profile:read", "tokens:read", "protected:read profile:read"]
    answers = [refresh(app, first, **({"scope": scope} if scope else {})) for scope in scopes]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"] == "30"
    assert {answer.json["refresh_token"] for answer in answers[:3]} == {answers[0].json["refresh_token"]}
    assert all(works(app, answers[place].json["access_token"]) for place in (0, 1))
    again = refresh(app, first, scope="protected:read").json
    assert claims(again["access_token"]) == claims(answers[1].json["access_token"])


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(dict, id="without a proof"),
        pytest.param(lambda: shown(REFRESH, OTHER), id="with a proof of another key"),
    ],
)
def test_a_repeat_of_a_login_bound_to_a_key_needs_its_proof(app, user, headers):
    first = log_in_bound(app, shown()).json["refresh_token"]
    second = refresh_bound(app, first, shown(REFRESH)).json
    refused = refresh_bound(app, first, headers())
    assert (refused.status_code, refused.json["code"]) == (401, "refresh_invalid")
    again = refresh_bound(app, first, shown(REFRESH)).json
    assert again["refresh_token"] == second["refresh_token"]
