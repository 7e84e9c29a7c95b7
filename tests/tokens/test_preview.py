"""What a new token could do is said in words before it is made, and one's own address is a press away."""

from tests import factories
from tests.browser import Person
from tests.tables import contents


def preview(person, **fields):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    return person.ask("POST", "/tokens/summary", json=fields, headers=headers)


def test_the_summary_is_shown_before_creation_and_creates_nothing(person, app):
    before = contents(app)
    answer = preview(person, scopes=["protected:read"], networks=["10.0.0.0/8"])
    assert answer.status_code == 200
    assert answer.json["summary"][0].startswith("Can read Protected examples until ")
    assert contents(app) == before


def test_the_summary_of_an_invalid_form_has_the_errors(person):
    answer = preview(person, scopes=["protected:read"], networks=["10.0.0.0/99"])
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["networks"]


def test_without_javascript_a_button_shows_the_summary_and_keeps_the_input(person, app):
    person.open("/tokens/new")
    before = contents(app)
    fields = {
        "csrf_token": person.csrf_token,
        "name": "laptop",
        "scopes-protected": "protected:read",
        "expires_in": "3600",
    }
    page = person.visit("POST", "/tokens/summary", data=fields)
    assert "Can read Protected examples until" in page.text
    assert contents(app) == before
    assert person.press("Create token").status_code == 201


def test_a_button_enters_the_own_ip_address(person):
    person.open("/tokens/new")
    fields = {
        "csrf_token": person.csrf_token,
        "scopes": "protected:read",
        "networks": "10.0.0.0/8",
        "use": "my-address",
    }
    page = person.visit("POST", "/tokens/summary", data=fields | {"expires_in": "3600"})
    assert 'value="10.0.0.0/8 203.0.113.18"' in page.text
    assert "from 10.0.0.0/8 or 203.0.113.18/32" in page.text


def test_an_ip_address_that_may_be_shared_is_offered_with_a_warning(app, user):
    for ip_address, headers, words in (
        ("8.8.8.8", {}, None),
        ("10.0.0.5", {}, "belongs to your local network"),
        ("8.8.8.8", {"X-Forwarded-For": "1.1.1.1"}, "a proxy that this site does not trust"),
    ):
        somebody = Person(app, ip_address=ip_address)
        somebody.log_in(user.username)
        page = somebody.open("/tokens/new", headers=headers).text
        assert f"<code>{ip_address}</code>" in page
        for warning in ("belongs to your local network", "a proxy that this site does not trust"):
            assert (warning in page) == (warning == words)


def test_an_ip_address_from_a_trusted_proxy_is_offered_without_warning(make_app):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    factories.user(app, "ada")
    ada = Person(app, ip_address="10.0.0.5")
    ada.log_in("ada")
    page = ada.open("/tokens/new", headers={"X-Forwarded-For": "8.8.8.8"}).text
    assert "<code>8.8.8.8</code>" in page
    assert "does not trust" not in page
