"""Trial logins of administrators: each check, what it would do, and that it does nothing."""

import pytest

from tests import factories, restored_site
from tests.browser import Person
from tests.federation.admin_pages import chief_of, page_of
from tests.federation.upstream import ISSUER, come_back, linked
from tests.tables import contents
from webapp.core.outgoing_http import OutgoingResponse
from webapp.federation.checks import Check
from webapp.federation.provider_errors import SENTENCES
from webapp.federation.trial_report import CHECKS, LABELS

restored, app = restored_site.fixtures()
chief = restored_site.browser(chief_of)


def trial(app, chief, upstream):
    begun = chief.ask("GET", f"{page_of(app)}/test")
    if begun.status_code != 303:
        return begun.text
    return come_back(chief, upstream.authorized(begun.headers["Location"])).text


def results(page):
    return [page.count(f'<span class="check__result">{word}</span>') for word in ("passed", "failed", "not checked")]


def test_a_trial_login_shows_every_check_and_what_it_would_do_and_changes_nothing(app, chief, upstream):
    linked(app, factories.user(app, "grace"))
    upstream.claims |= {"groups": ["staff"]}
    before = contents(app)
    page = trial(app, chief, upstream)
    assert "The login works." in page
    assert results(page) == [15, 0, 0]
    assert "It is linked to the account grace." in page
    assert "staff" in page
    assert contents(app)["credential"] == before["credential"]
    assert contents(app)["linked_identity"] == before["linked_identity"]
    assert contents(app)["waiting_identity"] == before["waiting_identity"] == []
    assert "chief" in chief.open("/account").text, "nobody else is logged in"


FAILURES = [
    ({"metadata": {"issuer": f"{ISSUER}/"}}, 0, f"The provider names itself {ISSUER}/."),
    ({"parameters": {"iss": "https://evil.example"}}, 2, "did not name this provider"),
    ({"parameters": {"error": "access_denied", "code": None}}, 3, "was cancelled"),
    ({"parameters": {"error": "unauthorized_client", "code": None}}, 3, "Check the client ID"),
    ({"tokens": {"id_token": None}}, 5, "no usable ID token"),
    ({"id_claims": {"iss": "https://evil.example"}}, 7, "Check the issuer"),
    ({"id_claims": {"aud": "other"}}, 8, "Check the client ID"),
    ({"id_claims": {"exp": 1}}, 9, "Check the clocks"),
    ({"userinfo": {"sub": "other"}}, 14, "details of the user"),
]


@pytest.mark.parametrize(("changed", "passed", "words"), FAILURES)
def test_a_trial_login_says_which_check_failed_and_what_to_do(app, chief, upstream, changed, passed, words):
    for name, value in changed.items():
        setattr(upstream, name, value)
    page = trial(app, chief, upstream)
    assert results(page) == [passed, 1, 14 - passed]
    assert words in page
    assert "http://localhost:8000/login/with/acme/callback" in page
    assert contents(app)["provider_error"] == [], "errors of a test are no errors of users"


def test_a_wrong_secret_and_a_wrong_redirect_uri_are_said_as_such(app, chief, upstream):
    for body, words in (
        (b'{"error": "invalid_client"}', "refused the client secret"),
        (
            b'{"error": "invalid_grant", "error_description": "redirect_uri"}',
            "enter http://localhost:8000/login/with/acme",
        ),
    ):
        upstream.answers["/token"] = lambda body=body: OutgoingResponse(400, body)
        page = trial(app, chief, upstream)
        assert words in page
        assert results(page) == [4, 1, 10]


def test_every_check_has_words():
    assert LABELS.keys() == set(Check) <= SENTENCES.keys()
    assert {check for checks in CHECKS.values() for check in checks} == set(Check)


def test_a_test_reads_the_present_metadata(app, chief, upstream):
    assert "The login works." in trial(app, chief, upstream)
    upstream.metadata = {"issuer": "https://moved.example"}
    assert "The provider names itself https://moved.example." in trial(app, chief, upstream)


def test_a_disabled_provider_can_be_tested_but_not_used(app, chief, upstream):
    chief.open(f"{page_of(app)}/disable")
    chief.press("Disable provider")
    assert "The login works." in trial(app, chief, upstream)
    assert Person(app).ask("GET", "/login/with/acme").status_code == 404


def test_only_the_super_admin_who_began_a_trial_sees_its_end(app, chief, upstream):
    factories.user(app, "other", role="super_admin")
    factories.user(app, "grace")
    for end in ("logged out", "another user", "another browser", "admin no longer"):
        person = Person(app)
        person.log_in("chief")
        parameters = upstream.authorized(person.ask("GET", f"{page_of(app)}/test").headers["Location"])
        if end == "another browser":
            person = Person(app)
            person.log_in("other")
        elif end == "admin no longer":
            with factories.database_of(app).write() as db:
                db.connection().exec_driver_sql("UPDATE user SET role = 'user' WHERE username = 'chief'")
        else:
            person.open("/account")
            person.ask("POST", "/logout", data={"csrf_token": person.csrf_token})
            if end == "another user":
                person.log_in("grace")
        answer = come_back(person, parameters)
        assert answer.status_code in (400, 403), end
        assert "u-1" not in answer.text
    assert contents(app)["linked_identity"] == []


def test_the_address_of_a_trial_cannot_be_opened_twice_but_leads_back_to_the_providers(app, chief, upstream):
    parameters = upstream.authorized(chief.ask("GET", f"{page_of(app)}/test").headers["Location"])
    assert come_back(chief, parameters).status_code == 200
    again = come_back(chief, parameters)
    assert again.status_code == 400
    assert "You are logged in here as before." in again.text
    assert 'href="/admin/identity-providers"' in again.text
    assert "login page" not in again.text
