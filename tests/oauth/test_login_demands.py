"""What this site demands of a login before an app learns of it: further factors, and an open account."""

from datetime import timedelta

import pytest

from tests import factories
from tests.oauth.app import CALLBACK, registered
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.testing import as_user


@pytest.mark.parametrize("what", ["role", "scope"])
def test_a_second_factor_that_is_demanded_here_is_demanded_for_apps_too(make_app, what):
    settings = {"role": "user", "scope": "protected:read"}
    site = make_app(WEBAPP_SECOND_FACTOR_FOR=settings[what])
    wiki = registered(site, is_first_party=True, scopes=["protected:read"])
    factories.user(site, "ada")
    as_user(site, "ada", amr="pwd")
    one, two = as_user(site, "ada", amr="pwd"), as_user(site, "ada", amr="pwd otp")
    url = wiki.url(scope="openid protected:read")
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    assert not one.get(url, headers=headers).headers["Location"].startswith(CALLBACK)
    assert "error=interaction_required" in one.get(f"{url}&prompt=none", headers=headers).headers["Location"]
    assert f"{CALLBACK}?code=" in two.get(url, headers=headers).headers["Location"]
    if what == "scope":
        assert f"{CALLBACK}?code=" in one.get(wiki.url(scope="openid"), headers=headers).headers["Location"]


def test_a_closed_account_is_reopened_before_it_logs_in_to_an_app(app, person, user, wiki):
    with factories.database_of(app).write() as db:
        db.get_one(User, user.id).closes_at = now() + timedelta(days=7)
    assert person.open(wiki.url()).request.path == "/account/close"
    assert wiki.authorize(person, prompt="none")["error"] == "interaction_required"
