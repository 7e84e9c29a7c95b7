"""The test of an app: an administrator sees what it would learn; only they, only for that app, and no token leaves."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered
from tests.tables import contents
from webapp.testing import as_user


@pytest.fixture
def chief(app) -> Person:
    factories.user(app, "chief", role="super_admin")
    person = Person(app)
    person.log_in("chief")
    return person


def begun(chief, wiki) -> str:
    """The URL of the authorization request."""
    chief.open(f"/admin/clients/{wiki.client_id}")
    sent = {"csrf_token": chief.csrf_token}
    return chief.ask("POST", f"/admin/clients/{wiki.client_id}/test", data=sent).headers["Location"]


@pytest.mark.parametrize("more", [{}, {"require_pushed_authorization_requests": True}, {"wants_rs256": True}])
def test_an_admin_sees_each_claim_and_no_login_to_the_app_begins(app, chief, more):
    wiki = registered(app, is_first_party=True, group_roles=["user"], **more)
    url = begun(chief, wiki)
    returned = chief.ask("GET", url, headers={"Sec-Fetch-Site": "none"}).headers["Location"]
    page = chief.open(returned)
    assert page.status_code == 200
    for text in ("chief@example.org", "preferred_username", wiki.client_id, "aal1", "The login works."):
        assert text in page.text, text
    assert "eyJ" not in page.text
    assert not contents(app)["refresh_family"]
    assert chief.open(returned).status_code == 400


def test_consent_and_its_refusal_are_as_in_the_app(app, chief):
    wiki = registered(app)
    url = begun(chief, wiki)
    assert "Allow Wiki to log you in?" in chief.open(url).text
    assert "chief@example.org" in chief.page.text
    page = chief.press("Cancel", decision="deny")
    assert "access_denied" in chief.open(page.text.partition("url=")[2].partition('"')[0].replace("&amp;", "&")).text
    assert "would get this error" in chief.page.text


def test_it_comes_back_only_to_the_session_and_for_the_app_that_began_it(app, chief, person, wiki):
    other = registered(app, "Other", is_first_party=True)
    url = begun(chief, wiki)
    # Another person, another app, another state: not the redirect URI of this site.
    assert person.ask("GET", url).status_code == 400
    assert chief.ask("GET", url.replace(wiki.client_id, other.client_id)).status_code == 400
    state = parse_qs(urlsplit(url).query)["state"][0]
    assert chief.ask("GET", url.replace(state, f"{state}x")).status_code == 400
    assert Person(app).ask("GET", url).status_code == 400
    for more in (f"state={state}", "state=1.2.3&code=x", f"state={state}&code=x", "code=x"):
        assert chief.open(f"/admin/clients/{wiki.client_id}/test/callback?{more}").status_code == 400
    assert as_user(app, "ada").get(f"/admin/clients/{wiki.client_id}/test/callback?state={state}").status_code == 403


def test_whom_the_app_is_not_for_sees_what_its_users_see(app, chief):
    wiki = registered(app, people=["00000000-0000-4000-8000-000000000001"])
    page = chief.open(begun(chief, wiki))
    assert (page.status_code, "You cannot use Wiki" in page.text) == (403, True)
