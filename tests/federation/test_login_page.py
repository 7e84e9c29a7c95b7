"""The way from the login page to a provider and back: cancelled, with a page to go to, with a form that was kept."""

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.upstream import Upstream, come_back, leave, linked, log_in, provided
from webapp.sessions import lifecycle as sessions
from webapp.testing import as_user


def cancelled(upstream: Upstream, url: str, error: str = "access_denied") -> dict[str, str]:
    parameters = upstream.authorized(url)
    return {"error": error, "state": parameters["state"], "iss": parameters["iss"]}


@pytest.mark.parametrize("mode", ["on", "off"])
def test_whoever_cancels_there_is_back_on_the_login_page_with_the_page_to_go_to(make_app, mode):
    app, upstream, person = make_app(WEBAPP_PASSWORD_LOGIN=mode), Upstream(), None
    provided(app, upstream)
    person = Person(app)
    url = leave(person, "/login/with/acme?next=/tokens")
    answer = come_back(person, cancelled(upstream, url))
    assert answer.status_code == 303
    page = person.redirected(answer.headers["Location"])
    assert page.status_code == 200, "not sent there again"
    assert "You did not log in with Acme." in page.text
    assert "/login/with/acme?next=/tokens" in page.text


def test_another_error_is_a_page_that_leads_back(app, visitor, upstream):
    answer = come_back(visitor, cancelled(upstream, leave(visitor, "/login/with/acme?next=/tokens"), "server_error"))
    assert answer.status_code == 400
    assert "/login?next=/tokens" in answer.text


def test_a_cancelled_answer_of_another_provider_or_browser_is_refused(app, visitor, upstream):
    parameters = cancelled(upstream, leave(visitor))
    assert come_back(Person(app), parameters).status_code == 400
    assert come_back(visitor, parameters | {"iss": "https://evil.example.org"}).status_code == 502


def test_whoever_cancels_a_link_is_back_on_the_security_page(app, user, person, upstream):
    answer = come_back(person, cancelled(upstream, leave(person, "/account/identities/link/acme")))
    assert answer.headers["Location"] == "/account/security"


def test_a_form_kept_over_the_end_of_the_session_survives_a_login_with_a_provider(app, user, upstream):
    linked(app, user)
    person = Person(app)
    person.log_in("ada")
    person.open("/account")
    with factories.database_of(app).write() as db:
        sessions.end_others(db, user.id, way="admin")
    page = person.press("Save profile", display_name="Ada Lovelace")
    assert page.status_code == 401
    assert "Your form at" in page.text
    assert '/login/with/acme"' in page.text
    answer = log_in(person, upstream)
    assert answer.headers["Location"] == "/login/resume"
    person.open("/login/resume")
    assert "Ada Lovelace" in person.page.text


def test_the_buttons_are_in_order_with_an_icon(app, visitor):
    for position, name in enumerate(("Zeta", "Acme", "Mid")):
        upstream = Upstream(f"https://{name.lower()}.example.org")
        provided(app, upstream, slug=name.lower(), name=name, position=position, preset="unknown-preset")
    page = visitor.open("/login").text
    places = [page.index(f"Log in with {name}") for name in ("Zeta", "Acme", "Mid")]
    assert places == sorted(places)
    assert page.count('<li><a class="button button--quiet" href="/login/with/') == 3
    assert as_user(app, "ada").get("/login").status_code == 303


@pytest.mark.parametrize("policy", ["open", "domains", "invited", "closed"])
def test_the_page_does_not_send_to_an_administrator_whom_a_provider_gives_an_account(app, visitor, policy):
    provided(app, Upstream(), account_policy=policy)
    assert ("No account yet?" in visitor.open("/login").text) is (policy != "open")
