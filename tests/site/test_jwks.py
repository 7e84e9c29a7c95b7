"""/.well-known/jwks.json: what others verify our tokens with."""

from datetime import timedelta

import pytest

from tests import factories, key_rings
from tests.script import Script

ADDRESS = "/.well-known/jwks.json"


def fetched_keys(app, **headers):
    return Script(app).get(ADDRESS, headers=headers)


def kids(answer):
    return [key["kid"] for key in answer.json["keys"]]


def test_the_keys_can_be_cached_for_a_minute(app):
    answer = fetched_keys(app)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.content_type == "application/jwk-set+json"
    assert "Set-Cookie" not in answer.headers


def test_unchanged_keys_are_304(app):
    etag = fetched_keys(app).headers["ETag"]
    again = fetched_keys(app, **{"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag
    assert again.headers["Cache-Control"] == "public, max-age=60"


def test_changed_keys_are_sent_again(app):
    etag = fetched_keys(app).headers["ETag"]
    key_rings.rotate(app, timedelta(days=1))
    assert fetched_keys(app, **{"If-None-Match": etag}).status_code == 200


def test_both_keys_are_published_and_verify_during_the_overlap(app, user):
    """F-16."""
    (old,), first = kids(fetched_keys(app)), factories.api_token(app, user).token
    new = key_rings.rotate(app, timedelta(days=1)).kid
    second = factories.api_token(app, user).token
    assert kids(fetched_keys(app)) == [new, old]
    assert [status(app, first), status(app, second)] == [200, 200]
    key_rings.retire(app, old)
    assert kids(fetched_keys(app)) == [new]
    assert [status(app, first), status(app, second)] == [401, 200]


def status(app, token):
    return Script(app, token).get("/protected").status_code


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_no_private_key_is_published(make_app, algorithm):
    app = make_app(WEBAPP_SIGNING_ALGORITHM=algorithm)
    key_rings.rotate(app, timedelta(days=1))
    found = fetched_keys(app).json["keys"]
    assert len(found) == 2
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for key in found for name in key}


def test_a_shared_secret_is_never_published(make_app):
    assert fetched_keys(make_app(WEBAPP_SIGNING_ALGORITHM="HS256")).json == {"keys": []}
