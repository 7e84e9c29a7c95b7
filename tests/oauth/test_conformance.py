"""Behaviours that modules of the OpenID conformance suite test and no other file here: docs/openid-conformance.md."""

from datetime import timedelta

import jwt
import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.conftest import copied
from tests.oauth.app import CALLBACK, App, registered, tampered
from tests.oauth.logout_receiver import read
from tests.script import Script
from webapp.app import close
from webapp.core.clock import now
from webapp.oauth import registration_tokens
from webapp.testing import build

EVIL = "https://evil.example/cb"


@pytest.fixture(scope="module")
def site(migrated):
    with copied(migrated) as instance:
        app = build(instance, WEBAPP_DYNAMIC_REGISTRATION="true")
        for name in ("ada", "grace"):
            factories.user(app, name)
        yield app
        close(app)


@pytest.fixture(scope="module")
def wiki(site):
    return registered(site, is_first_party=True)


@pytest.fixture(scope="module")
def ada(site, wiki):
    person = Person(site)
    person.log_in("ada")
    return person


@pytest.fixture(scope="module")
def tokens(wiki, ada):
    return wiki.redeem(wiki.authorize(ada)["code"]).json


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": None},
        {"scope": "email openid"},
        {"scope": "openid profile email address phone"},
        {"display": "page"},
        {"display": "popup"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
        {"login_hint": "ada"},
        {"extra": "foobar"},
        {"max_age": "10000"},
        {"state": None},
    ],
    ids=str,
)
def test_a_request_succeeds_with(wiki, ada, tokens, changed):
    answered = wiki.authorize(ada, **changed)
    assert answered.keys() == {"code", "state", "iss"} - {name for name, value in changed.items() if value is None}
    said = read(wiki.redeem(answered["code"]).json["id_token"])
    assert ("nonce" in said, said["sub"]) == ("nonce" not in changed, read(tokens["id_token"])["sub"])


def test_parameters_may_come_in_any_order(wiki, ada):
    path, _mark, query = wiki.url().partition("?")
    turned = f"{path}?{'&'.join(reversed(query.split('&')))}"
    assert "code" in wiki.returned(ada.ask("GET", turned, headers={"Sec-Fetch-Site": "cross-site"}))


def test_address_and_phone_are_no_scopes_and_give_no_claims(site, wiki, ada):
    tokens = wiki.redeem(wiki.authorize(ada, scope="openid address phone")["code"]).json
    assert tokens["scope"] == "openid"
    assert Script(site, tokens["access_token"]).get("/oauth/userinfo").json.keys() == {"sub"}


@pytest.mark.parametrize("more", [{}, {"max_age": "10000"}])
def test_a_second_login_without_questions_is_the_same_login(wiki, ada, tokens, more):
    first = read(tokens["id_token"])
    again = wiki.authorize(ada, prompt="none", id_token_hint=tokens["id_token"], **more)
    second = read(wiki.redeem(again["code"]).json["id_token"])
    assert {name: first[name] for name in ("sub", "auth_time", "sid")} == {
        name: second[name] for name in ("sub", "auth_time", "sid")
    }


def test_an_expired_hint_still_names_its_user(wiki, ada, tokens):
    with time_machine.travel(now() + timedelta(minutes=20), tick=False):
        assert "code" in wiki.authorize(ada, prompt="none", id_token_hint=tokens["id_token"])


def test_nobody_but_the_user_of_the_hint_is_logged_in(site, wiki, ada, tokens):
    """OpenID Connect Core §3.1.2.1."""
    grace, other = Person(site), registered(site, "Other", is_first_party=True)
    grace.log_in("grace")
    shown = tokens["id_token"]
    of_other_app = other.redeem(other.authorize(ada)["code"]).json["id_token"]
    hints = [(grace, shown), *((ada, hint) for hint in (tampered(shown), tokens["access_token"], of_other_app, "x"))]
    for person, hint in hints:
        for prompt in ("none", None):
            assert wiki.authorize(person, prompt=prompt, id_token_hint=hint)["error"] == "login_required"


def test_a_hint_names_the_user_of_an_app_with_its_own_identifiers(site, ada):
    notes = registered(site, "Notes", is_first_party=True, has_pairwise_subjects=True)
    hint = notes.redeem(notes.authorize(ada)["code"]).json["id_token"]
    assert "code" in notes.authorize(ada, prompt="none", id_token_hint=hint)


def test_the_login_page_has_the_user_name_of_the_hint(site, wiki):
    pushed = wiki.post("/oauth/par", **wiki.request | {"login_hint": "ada@example.org"}).json["request_uri"]
    by_push = f"/oauth/authorize?client_id={wiki.client_id}&request_uri={pushed}"
    for url, shown in (
        (wiki.url(login_hint="ada"), 'value="ada"'),
        (by_push, 'value="ada@example.org"'),
        (wiki.url(login_hint='"><script>'), 'value="&#34;&gt;&lt;script&gt;"'),
        (wiki.url(login_hint="a" * 300), None),
        (wiki.url(login_hint="a\nb"), None),
    ):
        page = Person(site).open(url)
        assert page.request.path == "/login"
        field = page.text.partition('name="username"')[2].partition(">")[0]
        assert (shown in field) if shown else ('value=""' in field or "value" not in field)


def test_userinfo_accepts_the_token_in_a_form(site, wiki, ada):
    tokens = wiki.redeem(wiki.authorize(ada)["code"]).json
    token = tokens["access_token"]
    expected = Script(site, token).get("/oauth/userinfo").json
    for caller, form, status in (
        (Script(site), {"access_token": token}, 200),
        (Script(site, token), {"access_token": token}, 200),
        (Script(site, token), {"access_token": "another"}, 400),
        (Script(site), {"access_token": [token, token]}, 401),
        (Script(site), {"access_token": tokens["id_token"]}, 401),
        (Script(site), {"access_token": ""}, 401),
        (Script(site), {}, 401),
    ):
        answer = caller.post("/oauth/userinfo", data=form)
        assert answer.status_code == status, form
        assert answer.json == expected if status == 200 else "sub" not in answer.json
        assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    assert Script(site).get("/oauth/userinfo", query_string={"access_token": token}).status_code == 401


def test_a_code_is_refused_at_its_second_use_half_a_minute_later(site, wiki, ada):
    code = wiki.authorize(ada)["code"]
    token = wiki.redeem(code).json["access_token"]
    with time_machine.travel(now() + timedelta(seconds=30), tick=False):
        assert wiki.redeem(code).json["error"] == "invalid_grant"
        assert Script(site, token).get("/oauth/userinfo").status_code == 401


@pytest.mark.parametrize("redirect_uri", [CALLBACK, EVIL])
def test_a_request_object_changes_no_redirect_uri(wiki, ada, redirect_uri):
    said = wiki.request | {"redirect_uri": CALLBACK}
    unsigned = jwt.encode(said, None, algorithm="none")
    url = wiki.url(request=unsigned, redirect_uri=redirect_uri)
    answer = ada.ask("GET", url, headers={"Sec-Fetch-Site": "cross-site"})
    if redirect_uri == EVIL:
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
    else:
        assert wiki.returned(answer)["error"] == "request_not_supported"


def test_a_redirect_uri_keeps_its_query_and_gets_no_other(site, ada):
    shop = registered(site, "Shop", f"{CALLBACK}?tenant=1", is_first_party=True)
    answered = shop.authorize(ada)
    assert (answered["tenant"], "code" in answered) == ("1", True)
    for uri in (CALLBACK, f"{CALLBACK}?tenant=2", f"{CALLBACK}?tenant=1&x=1"):
        assert ada.ask("GET", shop.url(redirect_uri=uri)).status_code == 400


@pytest.mark.parametrize("demanded", [{"prompt": "login"}, {"max_age": "1"}], ids=str)
def test_a_login_that_an_app_demands_is_a_newer_one(site, wiki, demanded):
    person = Person(site)
    person.log_in("ada")
    first = read(wiki.redeem(wiki.authorize(person)["code"]).json["id_token"])
    with time_machine.travel(now() + timedelta(seconds=5), tick=False):
        person.open(wiki.url(**demanded))
        page = person.press("Confirm", password=factories.PASSWORD)
        code = page.text.partition("?code=")[2].partition("&")[0]
        second = read(wiki.redeem(code).json["id_token"])
    assert second["auth_time"] >= first["auth_time"] + 5
    assert second["sub"] == first["sub"]


def test_an_app_may_register_pages_that_are_not_shown(site, ada):
    with factories.database_of(site).write() as db:
        terms = {"uses": 1, "lifetime": timedelta(days=1), "allows_logout_uri": False}
        token = registration_tokens.make(db, origin="test", **terms).secret
    pages = {f"{name}_uri": f"https://new.example.org/{name}" for name in ("logo", "policy", "tos", "client")}
    answer = Script(site, token).post("/oauth/register", json={"redirect_uris": ["https://new.example.org/cb"]} | pages)
    assert answer.status_code == 201
    assert not pages.keys() & answer.json.keys()
    new = App(site, answer.json["client_id"], answer.json["client_secret"], "https://new.example.org/cb")
    assert "https://new.example.org/" not in ada.open(new.url(scope="openid")).text


def test_the_metadata_are_those_of_the_config_profile(site):
    said = Script(site).get("/.well-known/openid-configuration").json
    issuer = site.config["BASE_URL"]
    urls = {value for name, value in said.items() if name.endswith(("_endpoint", "_uri"))}
    assert all(url.startswith(f"{issuer}/") for url in urls)
    assert said["issuer"] == issuer
    assert said["response_types_supported"] == ["code"]
    assert "openid" in said["scopes_supported"]
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert "none" not in said["id_token_signing_alg_values_supported"]
    assert {"public", "pairwise"} == set(said["subject_types_supported"])
    assert not any(said[name] for name in ("request_parameter_supported", "request_uri_parameter_supported"))
    for key in Script(site).get(said["jwks_uri"].removeprefix(issuer)).json["keys"]:
        assert {"kid", "kty", "alg", "use"} <= key.keys()
        assert not {"d", "p", "q", "k"} & key.keys()
