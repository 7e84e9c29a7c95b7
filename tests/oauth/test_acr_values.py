"""``acr_values``: an app's voluntary request for a stronger login (OpenID Connect Core §3.1.2.1)."""

import html
import re
from datetime import timedelta
from itertools import product
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.oauth.app import CALLBACK, registered
from tests.second_factors import NAMED, touch, with_app, with_passkey, with_sheet
from webapp.core.clock import now
from webapp.guard.assurance import BY_ACR, Level
from webapp.testing import as_user

SESSIONS = {"pwd": Level.ONE, "pwd otp": Level.TWO, "hwk user": Level.PHISHING_RESISTANT}
FACTORS = {"nothing": Level.ONE, "app": Level.TWO, "passkey": Level.PHISHING_RESISTANT}
VALUES = {
    "": None,
    "1": None,
    "urn:mace:incommon:iap:silver loa3": None,
    "aal1": Level.ONE,
    "aal1 phr": Level.ONE,
    "aal2": Level.TWO,
    "aal2 aal2": Level.TWO,
    "AAL2": None,
    "2 aal2 phr": Level.TWO,
    "phr": Level.PHISHING_RESISTANT,
    "phr phr": Level.PHISHING_RESISTANT,
    "phr aal2": Level.PHISHING_RESISTANT,
}
"""The value of the parameter, and which level it prefers."""
HEADERS = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def site(make_app):
    return make_app(**NAMED)


def people(site):
    """A client for each user with these factors and a session of these methods."""
    found = {}
    for has in FACTORS:
        user = factories.user(site, has)
        if has == "app":
            with_app(site, user)
        if has == "passkey":
            with_passkey(site, user)
        for amr in SESSIONS:
            found[has, amr] = as_user(site, has, amr=amr)
    return found


def outcome(answer):
    """``code``, an error, or the level of the step-up."""
    location = answer.headers["Location"]
    said = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    if location.startswith(CALLBACK):
        return said.get("error", "code")
    assert location.startswith("/confirm?"), location
    return BY_ACR[said["acr"]]


def expected(values, reached, reachable, demanded, *, is_silent):
    most = max(reached, reachable)
    level = VALUES[values] or Level.ONE
    if level > most:
        # Of "phr aal2", the second one.
        level = Level.TWO if "aal2" in values and most >= Level.TWO else Level.ONE
    if is_silent:
        return "code" if reached >= demanded else "interaction_required"
    wanted = max(level, demanded)
    return "code" if reached >= wanted else wanted


@pytest.mark.parametrize("demanded", ["", "aal2", "phr"])
def test_users_step_up_as_far_as_their_factors_reach_and_nobody_is_refused(site, demanded):
    wiki = registered(site, is_first_party=True, demanded_level=demanded)
    least = BY_ACR.get(demanded, Level.ONE)
    clients = people(site)
    for (has, amr), values, prompt in product(clients, VALUES, (None, "none")):
        url = wiki.url(scope="openid", acr_values=values, prompt=prompt)
        found = outcome(clients[has, amr].get(url, headers=HEADERS))
        wanted = expected(values, SESSIONS[amr], FACTORS[has], least, is_silent=prompt == "none")
        assert found == wanted, (has, amr, values, prompt)


@pytest.mark.parametrize("values", VALUES)
def test_after_the_step_up_there_is_no_other(site, values):
    wiki = registered(site, is_first_party=True)
    user = factories.user(site, "ada")
    with_app(site, user)
    with_passkey(site, user)
    for more in ({}, {"prompt": "login"}, {"max_age": "0"}):
        location = wiki.url(scope="openid", acr_values=values, **more)
        for amr in SESSIONS:
            answer = as_user(site, "ada", amr=amr).get(location, headers=HEADERS)
            if answer.headers["Location"].startswith(CALLBACK):
                break
            said = parse_qs(urlsplit(answer.headers["Location"]).query)
            location = said["next"][0]
            # The next session has the level, as the page of this step-up ensures.
            if SESSIONS[amr] >= BY_ACR.get(said.get("acr", ["aal1"])[0], Level.ONE):
                answer = as_user(site, "ada", amr=amr).get(location, headers=HEADERS)
                assert answer.headers["Location"].startswith(CALLBACK), (values, more, amr)
                break
        else:
            raise AssertionError((values, more))


def acr(wiki, code):
    return jwt.decode(wiki.redeem(code).json["id_token"], options={"verify_signature": False})["acr"]


def test_the_id_token_says_the_level_that_was_reached(site):
    wiki = registered(site, is_first_party=True)
    ada, grace = factories.user(site, "ada"), Person(site)
    code_app, device = with_app(site, ada), None
    person = Person(site)
    person.log_in("ada")
    person.press("Continue", code=code_app.code())
    for values, level in (("phr", "aal2"), ("aal2", "aal2"), ("aal1", "aal2"), ("other", "aal2")):
        assert acr(wiki, wiki.authorize(person, scope="openid", acr_values=values)["code"]) == level, values
    device = with_passkey(site, ada)
    person.open(wiki.url(scope="openid", acr_values="phr"))
    assert "The app that you are logging in to requires a passkey." in person.page.text
    page = touch(person, device, "/confirm/passkey")
    assert acr(wiki, page.text.partition("?code=")[2].partition("&")[0]) == "phr"
    factories.user(site, "grace")
    grace.log_in("grace")
    assert acr(wiki, wiki.authorize(grace, scope="openid", acr_values="phr aal2")["code"]) == "aal1"


def test_users_may_continue_without_the_level_that_an_app_only_prefers(site):
    wiki, user = registered(site, is_first_party=True), factories.user(site, "ada")
    strict = registered(site, "Strict", is_first_party=True, demanded_level="phr")
    person = Person(site)
    person.log_in("ada")
    with_passkey(site, user)
    person.open(wiki.url(scope="openid", acr_values="phr"))
    page = person.ask("GET", link(person.page.text), headers={"Sec-Fetch-Site": "cross-site"})
    assert acr(wiki, wiki.returned(page)["code"]) == "aal1"
    # What the app demands besides is demanded from them, too.
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        person.open(wiki.url(scope="openid", acr_values="phr", prompt="login"))
        answer = person.ask("GET", link(person.page.text), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Location"].startswith("/confirm?")
    assert "acr=" not in answer.headers["Location"]
    person.open(strict.url(scope="openid", acr_values="phr"))
    assert "Continue without it" not in person.page.text
    assert outcome(person.ask("GET", strict.url(acr_values="phr") + "&declined=acr")) is Level.PHISHING_RESISTANT


def link(page):
    href = re.search(r'href="([^"]+)">Continue without it<', page)
    assert href, page
    return html.unescape(href[1])


def test_the_confirmation_page_links_to_no_other_site(site):
    with_passkey(site, factories.user(site, "ada"))
    client = as_user(site, "ada")
    for target in ("https://evil.example/?x", "//evil.example/?x", "javascript:alert(1)?x", "/dashboard", ""):
        answer = client.get("/confirm", query_string={"acr": "phr", "optional": 1, "next": target}, headers=HEADERS)
        assert answer.status_code == 200
        assert "Continue without it" not in answer.text


def test_whoever_has_recovery_codes_only_is_led_to_no_step_up(site):
    wiki = registered(site, is_first_party=True)
    with_sheet(site, factories.user(site, "ada"))
    answer = as_user(site, "ada").get(wiki.url(scope="openid", acr_values="aal2"), headers=HEADERS)
    assert outcome(answer) == "code"


def test_a_pushed_request_and_one_that_comes_twice(site):
    wiki = registered(site, is_first_party=True)
    with_passkey(site, factories.user(site, "ada"))
    pushed = wiki.post("/oauth/par", **wiki.request | {"acr_values": "phr"}).json["request_uri"]
    url = f"/oauth/authorize?client_id={wiki.client_id}&request_uri={pushed}"
    assert outcome(as_user(site, "ada").get(url, headers=HEADERS)) is Level.PHISHING_RESISTANT
    assert outcome(as_user(site, "ada", amr="hwk user").get(url, headers=HEADERS)) == "code"
    twice = wiki.url(acr_values=["aal2", "phr"])
    assert outcome(as_user(site, "ada").get(twice, headers=HEADERS)) == "invalid_request"


def test_the_metadata_name_the_values(site):
    said = as_user(site, "ada").get("/.well-known/openid-configuration").json
    assert said["acr_values_supported"] == list(BY_ACR)


@pytest.mark.parametrize("demanded", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_login_of_a_moment_ago_is_the_one_that_the_app_demands(site, demanded):
    wiki = registered(site, is_first_party=True)
    factories.user(site, "ada")
    visitor = Person(site)
    visitor.open(wiki.url(scope="openid", **demanded))
    page = visitor.press("Log in", username="ada", password=factories.PASSWORD)
    assert f"url={CALLBACK}?code=" in page.text
