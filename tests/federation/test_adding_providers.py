"""The pages that add a provider: what they fill in and check before anything is saved; kinds without discovery."""

import html
import re

import pytest

from tests import factories, restored_site
from tests.browser import Person
from tests.federation import oauth1_upstream, oauth2_upstream
from tests.federation.admin_pages import PAGES, chief_of, page_of
from tests.federation.oauth2_upstream import OAuth2Upstream
from tests.federation.upstream import CLIENT, SECRET, reached
from webapp.core.outgoing_http import PrivateHosts
from webapp.federation import providers
from webapp.federation.new_provider import short_host
from webapp.federation.presets import PRESETS
from webapp.web.registry import services_of

restored, app = restored_site.fixtures()
chief = restored_site.browser(chief_of)

HOSTS = [
    ("https://id.acme.example", "acme"),
    ("https://acme.example", "acme"),
    ("https://login.id.acme.example/realms/x", "acme"),
    ("https://sso.example", "sso"),
    ("http://localhost:8001", "localhost"),
    ("http://127.0.0.1:8001", ""),
    ("http://[::1]:8001", ""),
    ("https://xn--strae-oqa.example", "xn--strae-oqa"),
]


def new_page(person, preset, issuer=None):
    query = f"&issuer={issuer}" if issuer is not None else ""
    return person.open(f"{PAGES}/new?preset={preset}{query}").text


def row_of(app, slug):
    with factories.database_of(app).read() as db:
        return providers.by_slug(db, slug)


@pytest.mark.parametrize(("issuer", "short"), HOSTS)
def test_the_host_gives_a_provider_its_name(issuer, short):
    assert short_host(issuer) == short


def test_the_url_comes_first_and_the_next_page_follows_from_it(app, chief):
    chief.open(f"{PAGES}/new")
    assert "OpenID configuration issuer" in chief.page.text
    page = new_page(chief, "openid")
    assert "Client ID" not in page
    assert "For example https://id.example.org." in page
    page = chief.ask(
        "GET", f"{PAGES}/new?preset=openid&issuer=+https://id.acme.example/.well-known/openid-configuration"
    )
    assert "http://localhost:8000/login/with/acme/callback" in page.text
    chief.page = page
    assert "Acme was added." in chief.press("Add provider", client_id="c", client_secret="s").text
    row = row_of(app, "acme")
    assert (row.name, row.issuer) == ("Acme", "https://id.acme.example")


@pytest.mark.parametrize("key", [key for key, preset in PRESETS.items() if not preset.needs_value])
def test_a_preset_that_needs_no_url_has_one_page(chief, key):
    page = new_page(chief, key)
    assert "Client ID" in page
    assert f"/login/with/{key}/callback" in page


@pytest.mark.parametrize(
    ("preset", "issuer", "words"),
    [
        ("openid", "", "Issuer URL: enter it"),
        ("openid", "id.example.org", "complete URL"),
        ("openid", "javascript:alert(1)", "complete URL"),
        ("openid", "https://x.example/" + "x" * 600, "complete URL"),
        ("openid", "https://10.1.2.3", "WEBAPP_PRIVATE_HOSTS=10.1.2.3"),
        ("latchkey", "http://localhost:8001", "WEBAPP_PRIVATE_HOSTS=localhost"),
        ("microsoft", "common", "ID of one tenant"),
        ("keycloak", "https://code.example.org", "Acme has this issuer already"),
        ("openid", '"><script>alert(1)</script>', "complete URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_said_before_anything_is_registered_there(app, chief, preset, issuer, words):
    oauth2_upstream.oauth2_provided(app, OAuth2Upstream())
    page = new_page(chief, preset, issuer)
    assert words in page
    assert "Client ID" not in page
    assert "<script>alert" not in page


def test_what_was_entered_is_still_there_after_an_error(chief):
    new_page(chief, "oauth2")
    page = chief.press("Add provider", client_id="c", client_secret="s", token_endpoint="https://x.example/token").text
    assert page.count("Enter this URL.") == 2
    assert 'value="https://x.example/token"' in page


def test_a_provider_of_oauth2_is_entered_on_the_page_and_logs_users_in(app, chief):
    new_page(chief, "oauth2")
    urls = {name: url for name, url in oauth2_upstream.ENDPOINTS.items() if name != "emails_endpoint"}
    names = {"claim_sub": "id", "claim_preferred_username": "login"}
    sent = {"client_id": CLIENT, "client_secret": SECRET, "name": "Code", "scopes": "a b"}
    page = chief.press("Add provider", **sent | urls | names)
    assert "Code was added" in page.text
    row = row_of(app, "oauth2")
    # The host of the authorization URL stands for the issuer.
    assert (row.kind, row.issuer, row.scopes) == ("oauth2", oauth2_upstream.ISSUER, ["a", "b"])
    assert row.claim_names == {"sub": "id", "preferred_username": "login"}
    assert row.client_auth_method == "client_secret_post"
    assert row.endpoints == urls
    upstream = OAuth2Upstream(user={"id": 7, "login": "grace"})
    reached(app, upstream)
    with factories.database_of(app).write() as db:
        providers.by_slug(db, "oauth2").account_policy = "open"
    person = Person(app)
    url = person.ask("GET", "/login/with/oauth2").headers["Location"]
    answer = person.ask("GET", "/login/with/oauth2/callback", query_string=upstream.authorized(url))
    assert answer.headers["Location"] == "/login/with/oauth2/account"


def test_a_provider_of_oauth1_is_entered_on_the_page(app, chief):
    new_page(chief, "oauth1")
    sent = oauth1_upstream.ENDPOINTS | {"claim_sub": "id_str", "issuer": oauth1_upstream.ISSUER}
    assert "Old was added" in chief.press("Add provider", client_id="c", client_secret="s", name="Old", **sent).text
    row = row_of(app, "oauth1")
    assert (row.kind, row.endpoints, row.client_auth_method) == ("oauth1", oauth1_upstream.ENDPOINTS, "")


@pytest.mark.parametrize("changed", ["name", "token_endpoint", "claim_name"])
def test_a_provider_without_discovery_is_edited_and_keeps_the_rest(app, chief, changed):
    oauth2_upstream.oauth2_provided(
        app, OAuth2Upstream(), client_auth_method="client_secret_basic", claim_names={"sub": "id", "name": ""}
    )
    before = row_of(app, "acme")
    chief.open(f"{page_of(app)}/edit")
    value = "https://code.example.org/token2" if changed == "token_endpoint" else "Other"
    assert "was changed" in chief.press("Save provider", **{changed: value}).text
    row = row_of(app, "acme")
    assert row.endpoints == before.endpoints | ({changed: value} if changed == "token_endpoint" else {})
    # An empty name means that the claim is not used, which the form has no word for.
    assert row.claim_names == {"sub": "id", "name": "Other" if changed == "claim_name" else ""}
    assert (row.name == "Other", row.client_auth_method) == (changed == "name", "client_secret_basic")


def test_a_script_that_sends_no_urls_changes_none(app, chief):
    oauth2_upstream.oauth2_provided(app, OAuth2Upstream())
    before = row_of(app, "acme")
    chief.open(PAGES)
    sent = {"name": "Other", "issuer": before.issuer, "client_id": CLIENT, "csrf_token": chief.csrf_token}
    answer = chief.ask("POST", f"{page_of(app)}/edit", json=sent, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    row = row_of(app, "acme")
    assert (row.name, row.endpoints, row.claim_names) == ("Other", before.endpoints, before.claim_names)


def test_a_preset_takes_no_urls_of_a_form(app, chief):
    new_page(chief, "github")
    sent = {"token_endpoint": "https://evil.example/token", "claim_sub": "login", "scopes": "repo"}
    chief.press("Add provider", client_id="c", client_secret="s", **sent)
    row, preset = row_of(app, "github"), PRESETS["github"]
    assert (row.endpoints, row.claim_names) == (dict(preset.endpoints), dict(preset.claim_names))
    assert row.scopes == list(preset.scopes)


def test_the_hosts_of_urls_are_checked_too(app, chief):
    new_page(chief, "oauth2")
    urls = oauth2_upstream.ENDPOINTS | {"userinfo_endpoint": "https://10.1.2.3/me"}
    page = chief.press("Add provider", client_id="c", client_secret="s", name="Code", **urls).text
    assert "WEBAPP_PRIVATE_HOSTS=10.1.2.3" in page
    services_of(app).replace(PrivateHosts)(PrivateHosts.of(["10.1.2.3"]))
    assert "Code was added" in chief.press("Add provider", client_secret="s").text
    assert re.search(r"Authorization endpoint.*https://code\.example\.org/authorize", chief.page.text)


def test_another_site_of_ours_is_led_to_where_it_registers_this_one(app, chief):
    """Each of the two sites is this one."""
    page = new_page(chief, "latchkey", "https://other.example.org/")
    href = html.unescape(re.search(r'href="https://other\.example\.org(/admin/clients/new[^"]+)"', page)[1])
    assert 'rel="noopener"' in page
    chief.open(href)
    made = chief.press("Register app").text
    assert "Client secret: " in made
    found = chief.ask("GET", "/admin/clients", headers={"Accept": "application/json"}).json["clients"][0]
    at = "http://localhost:8000/login/with/latchkey"
    assert found["name"] == "Latchkey"
    assert found["redirect_uris"] == [f"{at}/callback"]
    assert found["post_logout_redirect_uris"] == [f"{at}/logged-out"]
    assert found["backchannel_logout_uri"] == f"{at}/backchannel-logout"


@pytest.mark.parametrize("sent", [{"preset": "keycloak"}, {"slug": "other"}])
def test_only_what_its_recipe_knows_is_led_there(chief, sent):
    new_page(chief, sent.get("preset", "latchkey"), "https://other.example.org")
    page = (
        chief.press("Add provider", client_id="", client_secret="s", **sent).text if "slug" in sent else chief.page.text
    )
    assert "/admin/clients/new" not in page


def test_a_link_that_fills_in_a_url_cannot_do_more(chief):
    page = chief.open('/admin/clients/new?recipe=latchkey&name="><script>&app_url="><script>alert(1)</script>').text
    assert "<script>alert" not in page
    assert chief.press("Register app", app_url="javascript:alert(1)").status_code == 422
