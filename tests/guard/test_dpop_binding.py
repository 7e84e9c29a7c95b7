"""Tokens that are bound to a key: with its proof they open what others do, without it nothing (RFC 9449)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from tests import factories, restored_site
from tests.dpop_client import KEY, OTHER, SITE, bound_token, call, claims_for, header_of, proof
from tests.script import Script
from tests.tables import events
from webapp.app import close, create_app
from webapp.core.clock import now
from webapp.core.db import Database, Unavailable
from webapp.core.ratelimit import Limiter
from webapp.settings import Settings
from webapp.tokens import lifecycle
from webapp.web.registry import services_of

restored, app = restored_site.fixtures()


@pytest.fixture
def token(app, user):
    return bound_token(app, user)


def fresh(token, **changes):
    return proof(claims_for(token=token, **changes))


def refusal(answer):
    """Its code, and the error of its challenge."""
    scheme, _, rest = answer.headers["WWW-Authenticate"].partition(" ")
    assert (answer.status_code, scheme) == (401, "DPoP"), answer.headers
    assert 'algs="ES256 EdDSA RS256"' in rest
    return answer.json["code"], rest.partition('error="')[2].partition('"')[0]


def test_a_bound_token_with_its_proof_is_accepted(app, token):
    assert call(app, token, fresh(token)).json["credential"] == "token"


def test_each_request_needs_a_new_proof(app, token):
    once = fresh(token)
    assert call(app, token, once).status_code == 200
    again = call(app, token, once)
    assert refusal(again) == ("token_invalid", "invalid_dpop_proof")
    assert "already used" in again.json["detail"]
    assert call(app, token, fresh(token)).status_code == 200


def test_a_proof_is_not_accepted_twice_while_its_time_is_valid(app, token):
    with time_machine.travel(now(), tick=False) as clock:
        ahead = fresh(token, iat=now().timestamp() + 60)
        assert call(app, token, ahead).status_code == 200
        for _ in range(4):
            clock.shift(30)
            assert refusal(call(app, token, ahead)) == ("token_invalid", "invalid_dpop_proof")


def test_of_many_requests_with_one_proof_at_once_one_is_accepted(app, token):
    once = fresh(token)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: call(app, token, once).status_code, range(16)))
    assert sorted(statuses) == [200] + [401] * 15


def test_a_proof_that_another_process_has_accepted_is_refused(app, token):
    other, once = create_app(services_of(app).get(Settings)), fresh(token)
    try:
        assert call(other, token, once).status_code == 200
        assert refusal(call(app, token, once)) == ("token_invalid", "invalid_dpop_proof")
    finally:
        close(other)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_bound_token_sent_as_bearer_is_refused_even_with_its_proof(app, token, scheme):
    assert refusal(call(app, token, None, scheme=scheme)) == ("token_invalid", "invalid_token")
    assert refusal(call(app, token, fresh(token), scheme=scheme)) == ("token_invalid", "invalid_token")


def test_a_bound_token_is_refused_as_a_password_and_in_the_url(make_app):
    app = make_app(WEBAPP_TOKEN_IN_QUERY="true")
    token = bound_token(app, factories.user(app))
    by_password = Script(app).client.get("/protected", auth=("any", token), headers={"DPoP": fresh(token)})
    assert refusal(by_password) == ("token_invalid", "invalid_token")
    in_address = Script(app).get(f"/protected?token={token}", headers={"DPoP": fresh(token)})
    assert refusal(in_address) == ("token_invalid", "invalid_token")


def test_an_unbound_token_is_refused_under_the_scheme_dpop(app, user):
    free = factories.api_token(app, user).token
    assert refusal(call(app, free, fresh(free))) == ("token_invalid", "invalid_token")
    assert call(app, free, fresh(free), scheme="Bearer").status_code == 200


@pytest.mark.parametrize(
    ("proven", "error"),
    [
        pytest.param(lambda _: None, "invalid_dpop_proof", id="no proof"),
        pytest.param(lambda _: "", "invalid_dpop_proof", id="an empty one"),
        pytest.param(lambda _: "x" * 7000, "invalid_dpop_proof", id="a long word"),
        pytest.param(lambda t: f"{fresh(t)}, {fresh(t)}", "invalid_dpop_proof", id="two"),
        pytest.param(lambda _: proof(), "invalid_dpop_proof", id="one for no token"),
        pytest.param(lambda t: fresh(t, htm="POST"), "invalid_dpop_proof", id="one for another method"),
        pytest.param(lambda t: fresh(t, htu=f"{SITE}/public"), "invalid_dpop_proof", id="one for another address"),
        pytest.param(lambda t: fresh(t, htu="http://localhost/protected"), "invalid_dpop_proof", id="one for the Host"),
        pytest.param(
            lambda t: proof(claims_for(token=t), header_of(OTHER), key=OTHER), "invalid_token", id="one of another key"
        ),
        pytest.param(
            lambda t: proof(claims_for(token=t), header_of(KEY), key=OTHER), "invalid_dpop_proof", id="a forged one"
        ),
        pytest.param(lambda t: proof(claims_for(token=t), header_of(alg="none")), "invalid_dpop_proof", id="none"),
        pytest.param(lambda t: t, "invalid_dpop_proof", id="the token itself"),
    ],
)
def test_a_bound_token_is_refused_with_a_wrong_proof(app, token, proven, error):
    assert refusal(call(app, token, proven(token))) == ("token_invalid", error)


def test_the_host_header_is_not_compared_with_the_proof(app, token):
    """The address is ours by configuration, whatever others write into a request."""
    headers = {"Host": "evil.example.org", "X-Forwarded-Host": "evil.example.org"}
    made = fresh(token, htu="http://evil.example.org/protected")
    sent = headers | {"Authorization": f"DPoP {token}", "DPoP": made}
    assert Script(app).get("/protected", headers=sent).status_code in (400, 401)


def test_a_refused_proof_is_an_audit_event_without_the_token(app, user, token):
    call(app, token, None)
    (event,) = events(app, "access.refused")
    assert event["user_id"] == user.id.hex
    assert '"code": "token_invalid"' in event["details"]
    assert token not in str(event)


def test_a_proof_of_another_key_does_not_use_up_the_id(app, token):
    theirs = claims_for(token=token)
    call(app, token, proof(theirs, header_of(OTHER), key=OTHER))
    assert call(app, token, proof(theirs)).status_code == 200


def test_a_revoked_bound_token_is_refused_as_revoked(app, user, token):
    with services_of(app).get(Database).write() as db:
        lifecycle.revoke_all(db, user.id)
    assert refusal(call(app, token, fresh(token))) == ("token_revoked", "invalid_token")


def test_a_missing_scope_is_challenged_under_the_scheme_dpop(app, token):
    answer = call(app, token, fresh(token, htu=f"{SITE}/dashboard"), path="/dashboard")
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"].startswith("DPoP realm=")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_an_unbound_token_needs_no_proof(app, user, monkeypatch):
    free = factories.api_token(app, user).token
    monkeypatch.setattr("webapp.web.dpop.proof_for", None)
    assert Script(app, free).get("/protected").status_code == 200


def test_the_window_is_a_setting(make_app):
    app = make_app(WEBAPP_DPOP_WINDOW="10s")
    token = bound_token(app, factories.user(app))
    made = fresh(token, iat=int(now().timestamp()) - 30)
    assert refusal(call(app, token, made)) == ("token_invalid", "invalid_dpop_proof")


def test_if_proofs_cannot_be_counted_requests_are_refused(app, token, monkeypatch):
    def fails(*_):
        raise Unavailable("gone")

    monkeypatch.setattr(services_of(app).get(Limiter), "take", fails)
    assert call(app, token, fresh(token)).status_code == 503


def test_resetting_the_counts_does_not_make_used_proofs_valid(app, token):
    once = fresh(token)
    call(app, token, once)
    limiter = services_of(app).get(Limiter)
    assert not [entry for entry in limiter.entries() if "proof" in entry[0]]
    limiter.reset()
    limiter.reset("spent")
    assert call(app, token, once).status_code == 401
