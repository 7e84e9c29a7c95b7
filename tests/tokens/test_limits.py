"""The limits of a token: asked for on its form, kept by its row, said in words."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from tests.tokens.test_views import by_json, mint, token_in
from webapp.credentials.models import Credential
from webapp.tokens.models import ApiToken

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def authority(app, name="laptop"):
    with app.extensions["database"].read() as db:
        entry = db.query(ApiToken).filter_by(name=name).one()
        return db.get(Credential, entry.id).authority


def test_the_levels_of_the_picker_are_scopes(person, app):
    person.open("/tokens/new")
    person.press("Create token", name="laptop", **{"scopes-profile": "profile:read", "scopes-tokens": "tokens:read"})
    assert authority(app).scopes == {"profile:read", "tokens:read"}


def test_write_includes_read(app):
    factories.user(app, "root", role="super_admin")
    root = Person(app)
    root.log_in("root")
    page = root.open("/tokens/new").text
    assert 'value="admin:read admin:write"' in page
    root.press("Create token", name="laptop", **{"scopes-admin": "admin:read admin:write"})
    assert authority(app).scopes == {"admin:read", "admin:write"}


def test_what_one_does_not_hold_is_shown_shut_with_the_reason(person):
    page = person.open("/tokens/new").text
    level = re.search(r'<input type="radio" id="scopes-admin-1"[^>]*>', page)[0]
    assert "disabled" in level
    assert "You do not hold it: it takes the role admin or super admin." in page


def test_a_level_that_is_not_held_is_refused_though_it_is_sent(person, app):
    person.open("/tokens/new")
    before = contents(app)
    answer = person.press("Create token", name="laptop", **{"scopes-admin": "admin:read"})
    assert answer.status_code == 422
    assert contents(app) == before


LIMITS = {
    "resources": ["/protected"],
    "methods": ["GET"],
    "networks": ["10.0.0.0/8", "2001:db8::/32"],
    "per_minute": 2,
    "note": "for the wall",
}


def test_every_limit_is_kept_by_the_guard(person, app):
    token = by_json(person, scopes=["protected:read", "profile:read"], **LIMITS).json["access_token"]
    inside, outside = Script(app, token), Script(app, token, address="192.0.2.7")
    assert inside.get("/protected").status_code == 200
    assert outside.get("/protected").json["code"] == "token_limited"
    assert inside.get("/dashboard").json["code"] == "token_limited"
    assert inside.get("/protected").status_code == 200
    assert inside.get("/protected").status_code == 429


def test_a_form_says_the_same_in_its_own_way(person, app):
    fields = {
        "scopes": "protected:read",
        "networks": " 10.0.0.0/8, 2001:db8::/32\n",
        "per_minute": "2",
        "note": "for the wall",
    }
    assert mint(person, resources="/protected", methods="GET", **fields).status_code == 201
    by_json(person, name="other", scopes=["protected:read"], **LIMITS)
    assert authority(app) == authority(app, "other")


def test_what_was_minted_is_said_in_words(person):
    answer = by_json(person, scopes=["protected:read"], networks=["10.0.0.0/8"])
    assert answer.json["summary"][0].startswith("Can read Protected examples until ")
    assert "from 10.0.0.0/8" in answer.json["summary"][0]
    shown = mint(person, name="shown", scopes="protected:read", networks="10.0.0.0/8").text
    assert "from 10.0.0.0/8." in shown
    assert "Cannot change anything" in shown


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"networks": ["10.0.0.0/33"]}, id="no network"),
        pytest.param({"networks": ["10.0.0.5/8"]}, id="an address that claims to be a network"),
        pytest.param({"networks": ["::ffff:0:0/90"]}, id="IPv4 dressed as IPv6, and more"),
        pytest.param({"networks": [f"10.0.{n}.0/24" for n in range(256)]}, id="too many networks"),
        pytest.param({"methods": ["BREW"]}, id="a method that there is none of"),
        pytest.param({"methods": ["get"]}, id="a method in small letters"),
        pytest.param({"resources": ["/nowhere"]}, id="an address that there is none of"),
        pytest.param({"resources": ["/admin/users"]}, id="an address of another role"),
        pytest.param({"resources": ["/protected"]}, id="an address that no chosen scope opens"),
        pytest.param({"resources": ["/x"] * 2000}, id="a huge list"),
        pytest.param({"per_minute": 0}, id="no request a minute"),
        pytest.param({"per_minute": -1}, id="less than none"),
        pytest.param({"per_minute": 10**30}, id="more than can be counted"),
        pytest.param({"per_minute": "many"}, id="a number in words"),
        pytest.param({"note": "x" * 201}, id="a note too long"),
        pytest.param({"note": "two\nlines"}, id="a note of two lines"),
        pytest.param({"note": "\u202e"}, id="a note that turns the line around"),
        pytest.param({"expires_in": "never"}, id="never, where that is not allowed"),
        pytest.param(
            {"expires_in": "never", "reason": "because I want it so"}, id="never, for a reason that helps nothing"
        ),
        pytest.param({"scopes": [f"made-up:{n}" for n in range(1000)]}, id="a thousand scopes that do not exist"),
        pytest.param({"name": "👩‍💻" * 17}, id="names made of joined emoji"),
    ],
)
def test_limits_that_do_not_fit_are_said_and_mint_nothing(person, app, fields):
    before = contents(app)
    answer = by_json(person, **fields)
    assert answer.status_code == 422, answer.text
    assert set(answer.json["errors"]) <= {*fields, "expires_in"}
    assert contents(app) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"networks": "10.0.0.0/8"}, {"networks": {"a": 1}}, {"networks": [1]}, {"networks": [None]},
        {"networks": [["x"]]},
        {"methods": "GET"}, {"methods": [True]}, {"resources": 1}, {"per_minute": [1]}, {"per_minute": True},
        {"per_minute": 1.5}, {"note": ["x"]}, {"note": 1}, {"scopes": "profile:read"}, {"reason": {}},
    ],
    ids=str,
)  # fmt: skip
def test_other_shapes_than_the_form_has_are_refused(person, app, fields):
    before = contents(app)
    answer = by_json(person, **fields)
    assert answer.status_code == 400
    assert contents(app) == before


def test_null_says_as_little_as_nothing(person):
    nothing = dict.fromkeys(
        ("networks", "methods", "resources", "per_minute", "note", "reason", "expires_on", "expires_in")
    )
    answer = by_json(person, **nothing)
    assert answer.status_code == 201


def test_a_name_of_fifty_emoji_is_a_name(person):
    assert by_json(person, name="🔑" * 50).json["name"] == "🔑" * 50
    assert "🔑" * 50 in person.open("/tokens").text
    assert by_json(person, name="🔑" * 51).status_code == 422


# Without an end.


@pytest.fixture
def lenient(make_app):
    app = make_app(WEBAPP_TOKEN_NEVER_EXPIRES="true")
    factories.user(app, "ada")
    return app


def test_never_is_not_offered_unless_the_house_allows_it(person):
    assert "Never" not in person.open("/tokens/new").text


def test_never_is_offered_where_the_house_allows_it(lenient):
    ada = Person(lenient)
    ada.log_in("ada")
    assert "Never" in ada.open("/tokens/new").text


def test_a_token_without_an_end_needs_a_reason(lenient):
    ada = Person(lenient)
    ada.log_in("ada")
    for reason in ("", "short", "x" * 201, "two\nlines of it"):
        answer = by_json(ada, expires_in="never", reason=reason)
        assert answer.status_code == 422, reason


def test_a_token_without_an_end_works_for_ever_and_is_said_to(lenient):
    with time_machine.travel(NOON, tick=False) as clock:
        ada = Person(lenient)
        ada.log_in("ada")
        reason = "A sensor that nobody can reach again"
        made = by_json(ada, expires_in="never", reason=reason, scopes=["protected:read", "tokens:read"]).json
        assert made["expires_at"] == "9999-01-01T00:00:00Z"
        page = ada.open(f"/tokens/{made['id']}").text
        assert re.search(r"<dt>Expires</dt><dd>never</dd>", page)
        assert re.search(r'data-label="Ends"><span>never</span>', ada.open("/tokens").text)
        (minted,) = events(lenient, "token.minted")
        assert reason in str(minted["details"])
        clock.shift(timedelta(days=20 * 365))
        answer = Script(lenient, made["access_token"]).get("/protected")
        assert (answer.status_code, answer.headers["Token-Expires"]) == (200, "never")
        assert "Token-Warning" not in answer.headers


def test_a_reason_is_kept_only_where_there_is_no_end(lenient, app):
    ada = Person(lenient)
    ada.log_in("ada")
    assert by_json(ada, expires_in="3600", reason="I wrote it before I changed my mind").status_code == 201
    assert "changed my mind" not in str(contents(lenient))


# Filled in.


def test_every_field_can_be_suggested_by_a_link_and_is_marked(person):
    query = "name=wall&note=by+the+door&scopes=protected:read&resources=/protected&methods=GET"
    query += "&networks=10.0.0.0/8&per_minute=5&expires_in=3600"
    page = person.open(f"/tokens/new?{query}").text
    # Name, note, scope, methods, addresses, networks, rate, end.
    assert page.count("suggested by link") == 8
    made = person.press("Create token")
    assert made.status_code == 201
    assert "Only with GET, at /protected and 5 times a minute." in made.text


@pytest.mark.parametrize(
    "query",
    [
        "networks=nonsense",
        "per_minute=x",
        "per_minute=-4",
        "methods=BREW",
        "resources=%00",
        "from=x",
        "preset=x",
        "note=" + "x" * 999,
    ],
)
def test_a_link_that_suggests_limits_that_do_not_fit_does_no_harm(person, query):
    assert person.open(f"/tokens/new?{query}").status_code == 200


@pytest.mark.parametrize("words", ["Try with curl", "Read one page", "CI job", "Backup"])
def test_a_preset_fills_the_form_in_and_makes_nothing(person, app, words):
    before = contents(app)
    person.open("/tokens/new")
    person.follow(words)
    assert contents(app) == before
    assert f"suggested by “{words}”" in person.page.text
    assert person.press("Create token", name="from a preset").status_code == 201


def test_to_try_with_curl_takes_no_more_than_the_button_however_often(person, app):
    for _ in range(3):
        person.open("/tokens/new")
        person.follow("Try with curl")
        assert person.press("Create token").status_code == 201
    names = [json.loads(str(event["details"]))["name"] for event in events(app, "token.minted")]
    assert names == ["curl", "curl 2", "curl 3"]


def test_a_preset_never_suggests_more_than_the_policy_allows(make_app):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="7d")
    factories.user(app, "ada")
    ada = Person(app)
    ada.log_in("ada")
    ada.open("/tokens/new")
    ada.follow("Backup")
    assert ada.press("Create token", name="backup").status_code == 201


def test_where_a_month_is_too_long_the_usual_length_is_one_that_fits(make_app):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="10d")
    factories.user(app, "ada")
    ada = Person(app)
    ada.log_in("ada")
    assert by_json(ada).status_code == 201


# In words, before it is made.


def preview(person, **fields):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    return person.ask("POST", "/tokens/summary", json=fields, headers=headers)


def test_the_summary_is_told_before_a_token_is_made_and_makes_none(person, app):
    before = contents(app)
    answer = preview(person, scopes=["protected:read"], networks=["10.0.0.0/8"])
    assert answer.status_code == 200
    assert answer.json["summary"][0].startswith("Can read Protected examples until ")
    assert contents(app) == before


def test_a_summary_of_what_does_not_fit_says_what(person):
    answer = preview(person, scopes=["protected:read"], networks=["10.0.0.0/99"])
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["networks"]


def test_without_script_a_button_says_it_and_keeps_what_was_filled_in(person, app):
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


def test_my_address_is_one_press_away(person):
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


def test_an_address_that_says_little_is_offered_with_a_warning(app, user):
    for address, headers, words in (
        ("8.8.8.8", {}, None),
        ("10.0.0.5", {}, "an address of your own network"),
        ("8.8.8.8", {"X-Forwarded-For": "1.1.1.1"}, "a proxy that this house does not trust"),
    ):
        somebody = Person(app, address=address)
        somebody.log_in(user.username)
        page = somebody.open("/tokens/new", headers=headers).text
        assert f"<code>{address}</code>" in page
        for warning in ("an address of your own network", "a proxy that this house does not trust"):
            assert (warning in page) == (warning == words)


def test_an_address_told_by_a_trusted_proxy_is_offered_without_one(make_app):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    factories.user(app, "ada")
    ada = Person(app, address="10.0.0.5")
    ada.log_in("ada")
    page = ada.open("/tokens/new", headers={"X-Forwarded-For": "8.8.8.8"}).text
    assert "<code>8.8.8.8</code>" in page
    assert "does not trust" not in page


def test_the_token_it_was_minted_with_is_the_one_that_counts(person, app):
    shown = mint(person, scopes="protected:read", methods="GET")
    assert Script(app, token_in(shown)).get("/protected").status_code == 200
