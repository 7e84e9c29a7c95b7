"""The pages of identity providers: add, test, change, disable, remove."""

from urllib.parse import urlsplit

import pytest

from tests import factories, restored_site
from tests.browser import Person
from tests.federation.admin_pages import PAGES, chief_of, page_of
from tests.federation.upstream import ISSUER, linked, log_in, provided

restored, app = restored_site.fixtures()
chief = restored_site.browser(chief_of)

JSON = {"Accept": "application/json"}


def test_a_provider_without_a_preset_is_named_by_whoever_adds_it(app, chief):
    page = chief.open(f"{PAGES}/new?preset=openid&issuer=https://id.example.org").text
    assert "Add another provider" in page
    sent = {"client_id": "c", "client_secret": "s", "name": "Office", "slug": "office"}
    assert "/login/with/office/callback" in chief.press("Add provider", **sent).text
    assert listed(chief)["office"]["name"] == "Office"


def listed(chief):
    return {one["slug"]: one for one in chief.ask("GET", PAGES, headers=JSON).json["providers"]}


def test_a_provider_is_added_by_three_fields_changed_disabled_and_removed(app, chief):
    assert "No identity providers yet" in chief.open(PAGES).text
    chief.follow("Add provider")
    chief.open(f"{PAGES}/new?preset=google")
    page = chief.press("Add provider", client_id="123.apps", client_secret="s3cret")
    assert "Google was added" in page.text
    assert "http://localhost:8000/login/with/google/callback" in page.text
    assert "s3cret" not in page.text
    found = listed(chief)["google"]
    assert (found["issuer"], found["account_policy"], found["has_secret"]) == (
        "https://accounts.google.com",
        "closed",
        True,
    )
    assert "Google" in Person(app).open("/login").text
    chief.open(page_of(app, "google"))
    chief.follow("Edit provider")
    changes = {"account_policy": "domains", "account_domains": "example.org", "email_domains": "Example.org gmail.com"}
    assert "was changed" in chief.press("Save provider", **changes, trusted_amr="mfa", logs_out="y", position="3").text
    found = listed(chief)["google"]
    assert (found["email_domains"], found["position"], found["logs_out"]) == (["example.org", "gmail.com"], 3, True)
    assert found["has_secret"], "an empty field keeps it"
    page = chief.open("/admin/audit?event=provider.edited").text
    assert "The identity provider Google was changed. Done by" in page
    assert "example.org, gmail.com" in page
    chief.open(page_of(app, "google"))
    chief.follow("Disable provider")
    assert "was disabled" in chief.press("Disable provider").text
    assert "Google" not in Person(app).open("/login").text
    assert "was enabled" in chief.press("Enable provider").text
    chief.follow("Remove provider")
    assert "was removed" in chief.press("Remove provider").text
    assert listed(chief) == {}


@pytest.mark.parametrize(
    ("preset", "sent", "words"),
    [
        ("google", {"client_id": ""}, "Enter the client ID"),
        ("google", {"client_secret": ""}, "Enter the client secret"),
        ("microsoft", {"issuer": "common"}, "ID of one tenant"),
        ("keycloak", {"issuer": ""}, "URL of the realm: enter it"),
        ("openid", {"issuer": "id.example.org"}, "complete URL"),
        ("openid", {"issuer": "https://x.example", "name": "x"}, "2 to 50"),
        ("openid", {"issuer": "https://x.example", "slug": "Not A Slug"}, "lower-case letters"),
        ("latchkey", {"issuer": "http://localhost:8001"}, "WEBAPP_PRIVATE_HOSTS=localhost"),
        ("openid", {"issuer": "https://10.1.2.3/id"}, "WEBAPP_PRIVATE_HOSTS=10.1.2.3"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_added(chief, preset, sent, words):
    first = {"microsoft": "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"}.get(preset, "https://first.example.org")
    chief.open(f"{PAGES}/new?preset={preset}&issuer={first}")
    page = chief.press("Add provider", **{"client_id": "c", "client_secret": "s"} | sent)
    assert page.status_code == 422
    assert words in page.text
    assert listed(chief) == {}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"issuer": "https://other.example"}, "linked to this provider"),
        ({"issuer": "http://id.example.org"}, "only reaches public https hosts"),
        ({"scopes": "profile"}, "need openid"),
        ({"account_policy": "domains"}, "Enter the domains"),
        ({"email_domains": "*.org"}, "domains such as"),
        ({"grantable_roles": "pope"}, "no role called pope"),
        ({"position": "1000"}, "0 to 999"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(app, chief, upstream, sent, words):
    linked(app, factories.user(app, "grace"))
    before = listed(chief)
    chief.open(f"{page_of(app)}/edit")
    page = chief.press("Save provider", **{"name": "Other"} | sent)
    assert page.status_code == 422
    assert words in page.text
    assert listed(chief) == before


def test_the_pages_say_how_many_users_lose_their_way_in(app, chief, upstream):
    linked(app, factories.user(app, "grace"))
    # Without a password, the provider is the only way in.
    assert log_in(Person(app), upstream).status_code == 303
    newcomer = Person(app)
    upstream.claims = {"sub": "u-2", "email": "linus@example.com", "name": "Linus"}
    log_in(newcomer, upstream)
    newcomer.open("/login/with/acme/account")
    newcomer.press("Create account", username="linus")
    found = chief.ask("GET", page_of(app), headers=JSON).json
    assert (found["users"], found["locked_out"]) == (2, 1)
    for act in ("disable", "remove"):
        page = chief.open(f"{page_of(app)}/{act}").text
        assert "2 users can log in with it now." in page
        assert "1 of them has no other way to log in" in page


def test_a_declared_provider_is_locked(app, chief, upstream):
    provided(app, upstream, slug="fixed", issuer="https://fixed.example.org", is_declared=True)
    where = page_of(app, "fixed")
    page = chief.open(where).text
    assert "declared in" in page
    assert "Edit provider" not in page
    assert "Remove provider" not in page
    token = chief.csrf_token
    for act in ("disable", "enable", "remove", "edit", "rules"):
        sent = {"claim": "groups", "value": "x", "role": "user"} if act == "rules" else {}
        if act == "edit":
            sent = {"name": "Other", "issuer": ISSUER, "client_id": "c", "scopes": "openid"}
        answer = chief.ask("POST", f"{where}/{act}", json=sent | {"csrf_token": token}, headers=JSON)
        assert answer.status_code == 409, act
    assert listed(chief)["fixed"]["name"] == "Acme"


def test_who_is_no_super_admin_can_look_but_not_change(app, upstream):
    factories.user(app, "deputy", role="admin")
    person = Person(app)
    person.log_in("deputy")
    page = person.open(page_of(app)).text
    assert "Edit provider" not in page
    assert "Test login" not in page
    for path in ("edit", "disable", "remove", "rules", "test"):
        assert person.ask("GET", f"{page_of(app)}/{path}").status_code == 403
    assert urlsplit(page_of(app)).path in person.open(PAGES).text
