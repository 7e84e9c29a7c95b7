"""``claims``: an app asks for claims by name, for one user or for a level of the login (OpenID Connect Core §5.5)."""

import json

import pytest

from tests import factories
from tests.browser import Person
from tests.conftest import copied
from tests.oauth.app import registered
from tests.oauth.logout_receiver import read
from tests.oauth.test_acr_values import HEADERS, outcome, people
from tests.script import Script
from tests.second_factors import NAMED
from webapp.app import close
from webapp.guard.assurance import Level
from webapp.testing import build

PROFILE, EMAIL = {"name", "preferred_username", "zoneinfo"}, {"email", "email_verified"}
BY_NAME = {
    "{}": set(),
    '{"userinfo": null, "other": 5}': set(),
    '{"userinfo": {"name": {"essential": true}}}': PROFILE,
    '{"id_token": {"email": null}}': EMAIL,
    '{"userinfo": {"email_verified": {"essential": false}}, "id_token": {"locale": null}}': PROFILE | EMAIL,
    '{"userinfo": {"groups": {"value": "admin"}}}': {"groups"},
    '{"userinfo": {"phone_number": null, "sub": null, "offline_access": null, "openid": null, "profile": null}}': set(),
}
"""The parameter, and what the app learns besides ``sub`` although it asked for the scope ``openid`` alone."""
INVALID = (
    *("{{{", "[]", "null", '"x"', "1", '{"userinfo": []}', '{"id_token": "name"}', '{"userinfo": {"name": true}}'),
    *('{"id_token": {"name": null}, "id_token": {}}', '{"id_token": {"sub": {"values": "x"}}}', "[" * 1900, "x" * 2001),
    '{"id_token": {"acr": {"values": {"aal1": 1}}}}',
)
ESSENTIAL = {
    ("aal1",): Level.ONE,
    ("aal2",): Level.TWO,
    ("phr",): Level.PHISHING_RESISTANT,
    ("phr", "aal2"): Level.TWO,
    ("loa3", "phr"): Level.PHISHING_RESISTANT,
}
"""Essential values of ``acr``, and the lowest level that is one of them."""
SESSIONS = {"pwd": Level.ONE, "pwd otp": Level.TWO, "hwk user": Level.PHISHING_RESISTANT}


@pytest.fixture(scope="module")
def site(migrated):
    with copied(migrated) as instance:
        app = build(instance, **NAMED)
        app.ada_id = str(factories.user(app, "ada", email="ada@example.org").id)
        yield app
        close(app)


@pytest.fixture(scope="module")
def wiki(site):
    return registered(site, is_first_party=True)


@pytest.fixture(scope="module")
def ada(site):
    person = Person(site)
    person.log_in("ada")
    return person


@pytest.mark.parametrize("claims", BY_NAME)
def test_an_app_gets_claims_by_name_in_id_token_and_userinfo(site, wiki, ada, claims):
    tokens = wiki.redeem(wiki.authorize(ada, scope="openid", claims=claims)["code"]).json
    userinfo = Script(site, tokens["access_token"]).get("/oauth/userinfo").json
    assert userinfo.keys() == {"sub"} | BY_NAME[claims]
    assert userinfo.items() <= read(tokens["id_token"]).items()


def test_a_user_is_asked_before_an_app_gets_them(site, ada):
    app = registered(site, "Asks")
    app.log_in(ada, scope="openid")
    assert "code" in app.authorize(ada, scope="openid")
    by_name = {"scope": "openid", "claims": '{"userinfo": {"email": null}}'}
    assert app.authorize(ada, prompt="none", **by_name)["error"] == "consent_required"
    assert "Read your e-mail address" in ada.open(app.url(**by_name)).text
    app.log_in(ada, **by_name)
    assert "code" in app.authorize(ada, **by_name)


def test_an_app_that_learns_no_groups_does_not_get_them_by_name(site, ada):
    app = registered(site, "No groups", is_first_party=True, hides_groups=True)
    answered = app.authorize(ada, scope="openid", claims='{"id_token": {"groups": {"essential": true}}}')
    tokens = app.redeem(answered["code"]).json
    assert (tokens["scope"], "groups" in read(tokens["id_token"])) == ("openid", False)


@pytest.mark.parametrize("claims", INVALID)
def test_what_is_not_valid_is_refused(wiki, ada, claims):
    assert wiki.authorize(ada, claims=claims)["error"] == "invalid_request"
    assert wiki.post("/oauth/par", **wiki.request | {"claims": claims}).json["error"] == "invalid_request"
    assert wiki.authorize(ada, claims=["{}", "{}"])["error"] == "invalid_request"


def test_without_openid_it_counts_for_nothing(wiki, ada):
    tokens = wiki.redeem(wiki.authorize(ada, scope="email", claims="{{{")["code"]).json
    assert (tokens["scope"], "id_token" in tokens) == ("email", False)


def test_a_pushed_request_has_it_too(wiki, ada):
    claims = '{"userinfo": {"email": null}}'
    sent = wiki.request | {"scope": "openid", "claims": claims}
    pushed = {"client_id": wiki.client_id, "request_uri": wiki.post("/oauth/par", **sent).json["request_uri"]}
    # What the browser sends besides counts for nothing.
    nothing = dict.fromkeys(wiki.request) | pushed | {"claims": '{"userinfo": {"groups": null}}'}
    assert wiki.redeem(wiki.authorize(ada, **nothing)["code"]).json["scope"] == "email openid"


@pytest.mark.parametrize("is_pairwise", [False, True])
def test_nobody_but_the_named_user_is_logged_in(site, ada, is_pairwise):
    app = registered(site, f"Named {is_pairwise}", is_first_party=True, has_pairwise_subjects=is_pairwise)
    own = read(app.redeem(app.authorize(ada)["code"]).json["id_token"])["sub"]
    assert (own == site.ada_id) is not is_pairwise
    for section in ("userinfo", "id_token"):
        for limit, fits in (
            ({"value": own}, True),
            ({"values": ["x", own]}, True),
            ({"value": own, "essential": True}, True),
            ({"essential": True}, True),
            ({"value": "x"}, False),
            ({"value": own.upper() + " "}, False),
            ({"value": [own]}, False),
            ({"value": None}, False),
            ({"values": []}, False),
        ):
            for prompt in ("none", None):
                claims = json.dumps({section: {"sub": limit}})
                answered = app.authorize(ada, claims=claims, prompt=prompt)
                assert answered.get("error") == (None if fits else "login_required"), (limit, prompt)
    both = json.dumps({"userinfo": {"sub": {"value": "x"}}, "id_token": {"sub": {"value": own}}})
    assert app.authorize(ada, claims=both)["error"] == "login_required"


def test_an_essential_level_is_demanded_and_another_one_preferred(site, wiki):
    clients = people(site)
    for (has, amr), browser in clients.items():
        for values, least in ESSENTIAL.items():
            acr = {"value": values[0]} if len(values) == 1 else {"values": values}
            for is_essential in (True, False):
                for prompt in ("none", None):
                    claims = json.dumps({"id_token": {"acr": acr | {"essential": is_essential}}})
                    url = wiki.url(scope="openid", claims=claims, prompt=prompt)
                    found = answered(browser.get(url, headers=HEADERS))
                    case = (has, amr, values, is_essential, prompt)
                    if is_essential:
                        reached = SESSIONS[amr] >= least
                        wanted = "code" if reached else "interaction_required" if prompt else least
                        assert found == wanted, case
                    else:
                        same = wiki.url(scope="openid", acr_values=" ".join(values), prompt=prompt)
                        assert found == answered(browser.get(same, headers=HEADERS)), case


def answered(answer):
    """As ``outcome``; the level also for a user who has no factor that reaches it."""
    if answer.status_code != 303:
        return answer.status_code
    return outcome(answer)


@pytest.mark.parametrize("prompt", ["none", None])
def test_an_essential_level_that_nobody_can_reach_is_an_error(wiki, ada, prompt):
    for acr in ({"value": "loa3"}, {"values": ["loa3", 2]}, {"values": []}, {"value": None}):
        claims = json.dumps({"id_token": {"acr": acr | {"essential": True}}})
        assert wiki.authorize(ada, claims=claims, prompt=prompt)["error"] == "unmet_authentication_requirements"
    # Only the ID token has the claim.
    claims = json.dumps({"userinfo": {"acr": {"value": "loa3", "essential": True}}})
    assert "code" in wiki.authorize(ada, claims=claims, prompt=prompt)


def test_the_id_token_has_an_essential_acr_without_values(wiki, ada):
    answered = wiki.authorize(
        ada, claims='{"id_token": {"acr": {"essential": true}, "auth_time": {"essential": true}}}'
    )
    assert read(wiki.redeem(answered["code"]).json["id_token"])["acr"] == "aal1"
