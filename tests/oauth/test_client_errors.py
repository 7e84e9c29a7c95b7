"""The errors of an app, as its page shows them: each cause, bounded rows and writes, and nothing secret."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from tests import factories
from tests.oauth.app import CALLBACK, App, registered
from tests.tables import contents
from webapp.core.clock import now
from webapp.oauth import client_errors
from webapp.oauth.client_errors import EVERY, SENTENCES, kind_of, without_values
from webapp.testing import as_user


def errors_of(app, wiki):
    with factories.database_of(app).read() as db:
        found = client_errors.of_client(db, wiki.client_id_as_uuid)
        return {error.kind: (error.detail, error.times) for error in found}


def test_each_cause_is_kept_as_its_kind(app, person, wiki):
    secrets = ["s3cret-code", "s3cret-token", "s3cret-in-query", "s3cret-client"]
    admins = registered(app, "Admins", roles=["admin"])
    phone = registered(app, "Phone", "org.example.phone:/cb", is_public=True)
    person.ask("GET", wiki.url(redirect_uri=f"https://wiki.example.org/other?code={secrets[2]}#x"))
    for changed in (
        {"code_challenge": None},
        {"scope": "unknown"},
        {"response_type": "token"},
        {"prompt": "sometimes"},
        # No faults of the app.
        {"prompt": "none"},
    ):
        person.ask("GET", wiki.url(**changed))
    wiki.redeem(secrets[0])
    wiki.refresh(secrets[1])
    App(app, wiki.client_id, secrets[3]).redeem("x")
    person.ask("GET", admins.url())
    App(app, phone.client_id, secrets[3]).redeem("x")
    gone = f"https://wiki.example.org/gone?code={secrets[2]}"
    logout = urlencode({"client_id": wiki.client_id, "post_logout_redirect_uri": gone})
    assert person.ask("GET", f"/oauth/end-session?{logout}").status_code == 400
    found = errors_of(app, wiki)
    assert found["redirect_uri"] == ("https://wiki.example.org/other?…", 1)
    assert found["logout_uri"] == ("https://wiki.example.org/gone?…", 1)
    kinds = {"redirect_uri", "logout_uri", "pkce", "scope", "response", "other", "code", "refresh", "secret"}
    assert found.keys() == kinds
    assert errors_of(app, admins).keys() == {"not_allowed"}
    assert errors_of(app, phone).keys() == {"public_secret"}
    assert not [secret for secret in secrets if secret in str(contents(app)["oauth_client_error"])]


def test_strangers_cause_few_writes_and_no_rows_for_unknown_apps(app, visitor, wiki):
    with time_machine.travel(now(), tick=False) as time:
        for number in range(20):
            visitor.ask("GET", wiki.url(redirect_uri=f"https://evil.example/{number}/{'x' * 3000}"))
        visitor.ask("GET", wiki.url(client_id="00000000-0000-0000-0000-000000000007"))
        (detail, times) = errors_of(app, wiki)["redirect_uri"]
        assert times == 1
        assert len(detail) <= 210
        time.shift(EVERY + timedelta(seconds=1))
        visitor.ask("GET", wiki.url(redirect_uri="https://evil.example/last"))
        assert errors_of(app, wiki) == {"redirect_uri": ("https://evil.example/last", 21)}
        time.shift(client_errors.RETENTION + timedelta(days=1))
        with factories.database_of(app).write() as db:
            assert client_errors.purge(db) == 1
        assert errors_of(app, wiki) == {}


def test_the_page_says_what_is_wrong_with_what_is_registered(app, visitor, wiki):
    factories.user(app, "chief", role="admin")
    visitor.ask("GET", wiki.url(redirect_uri="https://wiki.example.org/<b>"))
    visitor.ask("GET", wiki.url(code_challenge=None))
    page = as_user(app, "chief").get(f"/admin/clients/{wiki.client_id}", headers={"Accept": "text/html"}).text
    assert f"Registered: {CALLBACK}" in page
    assert "Switch PKCE on in the app." in page
    assert "<b>" not in page.split("Registered:")[0].rsplit("The app sent", 1)[1]


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://a.example.org/cb?code=x", "https://a.example.org/cb?…"),
        ("https://ada:pw@a.example.org/cb", "https://a.example.org/cb"),
        ("org.example.app:/cb#token=x", "org.example.app:/cb"),
        ("nothing", "…"),
        ("https://[", "…"),
        ("https://ä.example", "…"),
    ],
)
def test_a_redirect_uri_is_kept_without_values(uri, shown):
    assert without_values(uri) == shown


def test_the_words_of_the_errors_take_any_detail(app, wiki):
    with factories.database_of(app).write() as db:
        for kind in SENTENCES:
            client_errors.add(db, wiki.client_id_as_uuid, kind, "100% %(x)s", 1)
        words = [client_errors.in_words(error) for error in client_errors.of_client(db, wiki.client_id_as_uuid)]
    assert len(words) == len(SENTENCES)
    assert sum("100% %(x)s" in sentence for sentence in words) == 3


def test_every_kind_has_a_sentence():
    kinds = {*client_errors.BY_ERROR.values(), *client_errors.BY_DESCRIPTION.values()}
    assert {*kinds, *client_errors.BY_GRANT.values(), *client_errors.BY_REASON.values()} <= SENTENCES.keys()
    assert kind_of("invalid_grant", "x", "urn:other") == "other"
    assert kind_of("authorization_pending", "") is None
