"""A token with a rate limit at an app: the proxy gets a status that it understands."""

import pytest

from tests import factories
from tests.forward_auth.proxy import proxied
from webapp.guard.token_grant import TokenGrant

PAGE = "https://wiki.example.org/"


@pytest.mark.parametrize(("path", "status"), [("/forward-auth", 403), ("/forward-auth?follows", 429)])
def test_too_many_requests(app, proxy, path, status):
    proxied(app)
    owner = factories.user(app, "eve")
    token = factories.api_token(app, owner, grant=TokenGrant(frozenset({"app:wiki"}), per_minute=2)).token
    headers = {"Authorization": f"Bearer {token}"}
    assert [proxy.check(PAGE, headers=headers, path=path).status_code for _ in range(3)] == [200, 200, status]
