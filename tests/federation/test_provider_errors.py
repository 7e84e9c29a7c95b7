"""The errors of a provider, as its page shows them: each cause, bounded rows and writes, and nothing secret."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from tests import factories
from tests.federation.upstream import FROM_OUTSIDE, come_back, leave, log_in
from tests.tables import contents
from webapp.core.clock import now
from webapp.core.outgoing_http import OutgoingResponse
from webapp.federation import provider_errors, providers
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.provider_errors import EVERY, SENTENCES, kept_detail, kind_of


def errors(app):
    with factories.database_of(app).read() as db:
        row = providers.by_slug(db, "acme")
        found = provider_errors.of_provider(db, row.id)
        assert all(provider_errors.in_words(error) for error in found)
        return {error.kind: (error.detail, error.times) for error in found}


def fail(visitor, upstream, **parameters):
    upstream.parameters = parameters
    log_in(visitor, upstream)
    upstream.parameters = {}


KINDS = [
    (Check.TOKEN_RESPONSE, "status 401, error 'invalid_client'", "secret"),
    (Check.TOKEN_RESPONSE, "status 200, error 'incorrect_client_credentials'", "secret"),
    (Check.TOKEN_RESPONSE, "status 400, error 'invalid_grant': 'redirect_uri does not match'", "redirect_uri"),
    (Check.TOKEN_RESPONSE, "status 400, error 'invalid_grant'", "token_response"),
    (Check.RESPONSE, "the provider responds with 'access_denied'", None),
    (Check.RESPONSE, "the provider responds with 'login_required': 'x'", None),
    (Check.RESPONSE, "the provider responds with 'unauthorized_client'", "client"),
    (Check.RESPONSE, "the provider responds with 'server_error'", "response"),
    (Check.RESPONSE, "there is no code", "response"),
    (Check.METADATA, "id.example.org: no valid response within 5 seconds (TimeoutError)", "unreachable"),
    (Check.USERINFO, "too many requests to identity providers are waiting for a response", "busy"),
    (Check.STATE, "x", None),
    *((check, "x", check.value) for check in Check if check is not Check.STATE),
]


@pytest.mark.parametrize(("check", "detail", "kind"), KINDS)
def test_the_kind_of_an_error(check, detail, kind):
    assert kind_of(LoginFailed(check, detail)) == kind
    assert kind is None or kind in SENTENCES


def test_nothing_is_kept_of_a_response_but_its_error_code():
    words = "the provider responds with 'server_error': 'call 0800-EVIL'"
    assert kept_detail(LoginFailed(Check.RESPONSE, words)) == "server_error"
    assert kept_detail(LoginFailed(Check.RESPONSE, "the provider responds with 'Call 0800'")) == ""
    assert len(kept_detail(LoginFailed(Check.ISSUER, "x" * 3000))) == 250


def test_each_failed_login_is_counted_and_a_cancelled_one_is_not(app, visitor, upstream):
    upstream.answers["/token"] = lambda: OutgoingResponse(401, b'{"error": "invalid_client"}')
    fail(visitor, upstream)
    del upstream.answers["/token"]
    upstream.id_claims = {"aud": "other"}
    fail(visitor, upstream)
    fail(visitor, upstream, error="access_denied", code=None)
    fail(visitor, upstream, error="server_error", error_description="s3cret words", code=None)
    found = errors(app)
    assert found.keys() == {"secret", "audience", "response"}
    assert found["response"] == ("server_error", 1)
    assert "s3cret" not in str(contents(app)["provider_error"])


def test_strangers_cause_few_writes(app, visitor, upstream):
    with time_machine.travel(now(), tick=False) as time:
        for number in range(5):
            fail(visitor, upstream, error=f"error_{number}", code=None)
        assert errors(app)["response"][1] == 1
        time.shift(EVERY + timedelta(seconds=1))
        fail(visitor, upstream, error="last", code=None)
        assert errors(app)["response"] == ("last", 6)


def test_a_response_to_no_login_is_not_kept(app, visitor, upstream):
    leave(visitor)
    come_back(visitor, {"state": "x", "error": "server_error"})
    visitor.ask("GET", f"/login/with/nobody/callback?{urlencode({'state': 'x'})}", headers=FROM_OUTSIDE)
    assert errors(app) == {}


def test_errors_are_deleted_after_a_month_and_with_their_provider(app, visitor, upstream):
    fail(visitor, upstream, error="server_error", code=None)
    with time_machine.travel(now() + timedelta(days=31)), factories.database_of(app).write() as db:
        assert provider_errors.purge(db) == 1
        assert provider_errors.purge(db) == 0
    assert errors(app) == {}
