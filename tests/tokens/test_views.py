"""The API-token page: mint once, show once, list, revoke."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from webapp.kernel.clock import now

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NOBODYS = "5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111"


def mint(person, button="Create token", **fields):
    person.open("/tokens/new")
    return person.press(button, **({"name": "laptop", "scopes": "profile:read", "expires_in": "604800"} | fields))


def by_json(person, **fields):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    body = {"name": "laptop", "scopes": ["profile:read"]} | fields
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    return person.ask("POST", "/tokens/new", json=body, headers=headers)


def token_in(page):
    return re.search(r"eyJ[\w.-]+", page.text)[0]


def test_a_new_token_is_shown_exactly_once(person):
    assert "eyJ" in mint(person).text
    assert "eyJ" not in person.open("/tokens").text
    person.follow("laptop")
    assert "eyJ" not in person.page.text


def test_the_page_that_shows_a_token_is_kept_nowhere(person):
    answer = mint(person)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_same_form_sent_twice_mints_once_and_says_so(person, app):
    person.open("/tokens/new")
    form = {"csrf_token": person.csrf_token, "once": once_of(person), "name": "laptop", "scopes": "profile:read"}
    form["expires_in"] = "604800"
    assert person.visit("POST", "/tokens/new", data=form).status_code == 201
    before = contents(app)
    again = person.visit("POST", "/tokens/new", data=form)
    assert (again.status_code, "Already created" in again.text, "eyJ" in again.text) == (409, True, False)
    assert contents(app) == before


def once_of(person):
    return re.search(r'name="once"[^>]* value="([^"]+)"', person.page.text)[1]


def test_a_form_sent_twice_with_another_name_mints_once(person):
    person.open("/tokens/new")
    form = {"csrf_token": person.csrf_token, "once": once_of(person), "scopes": "profile:read", "expires_in": "3600"}
    assert person.visit("POST", "/tokens/new", data=form | {"name": "first"}).status_code == 201
    assert person.visit("POST", "/tokens/new", data=form | {"name": "second"}).status_code == 409


def test_the_same_form_sent_twice_at_once_mints_once(person, app):
    person.open("/tokens/new")
    form = {"csrf_token": person.csrf_token, "once": once_of(person), "name": "laptop", "scopes": "profile:read"}
    form["expires_in"] = "604800"
    copies = [Person(app) for _ in range(4)]
    for copy in copies:
        copy.client.set_cookie("session", person.cookie)
    with ThreadPoolExecutor(4) as at_once:
        found = list(at_once.map(lambda copy: copy.ask("POST", "/tokens/new", data=form).status_code, copies))
    assert sorted(found) == [201, 409, 409, 409]


def test_the_form_of_one_person_does_not_stop_that_of_another(person, app):
    form = {"once": "same", "name": "laptop", "scopes": "profile:read", "expires_in": "604800"}
    grace = Person(app)
    factories.user(app, "grace")
    grace.log_in("grace")
    for somebody in (person, grace):
        somebody.open("/tokens/new")
        assert somebody.ask("POST", "/tokens/new", data=form | {"csrf_token": somebody.csrf_token}).status_code == 201


def test_a_script_without_a_form_number_may_mint_two_tokens(person):
    assert by_json(person, name="first").status_code == 201
    assert by_json(person, name="second").status_code == 201


def test_a_name_is_taken_as_long_as_its_token_lives(person, app):
    mint(person)
    before = contents(app)
    answer = mint(person)
    assert answer.status_code == 422
    assert "You already have a token called laptop." in answer.text
    assert mint(person, name="LapTop").status_code == 422
    assert contents(app) == before


def test_the_name_of_a_revoked_token_is_free(person):
    mint(person)
    person.follow("Revoke laptop now")
    person.press("Revoke laptop")
    assert mint(person).status_code == 201


def test_the_name_of_an_ended_token_is_free(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        mint(person, expires_in="3600")
        clock.shift(timedelta(hours=1, seconds=1))
        person.open("/confirm")
        person.press("Confirm", password=factories.PASSWORD)
        assert mint(person).status_code == 201


def test_a_name_belongs_to_its_owner_alone(app, user, person):
    factories.api_token(app, factories.user(app, "grace"), name="laptop")
    assert mint(person).status_code == 201


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"scopes": "admin:read"}, id="a scope of another role"),
        pytest.param({"scopes": ["profile:read", "nonsense"]}, id="a scope that there is none of"),
        pytest.param({"scopes": []}, id="no scope"),
        pytest.param({"scopes": "profile:read tokens:read"}, id="two scopes in one"),
        pytest.param({"expires_in": "7200"}, id="a length that is no preset"),
        pytest.param({"expires_in": "-3600"}, id="a length below nothing"),
        pytest.param({"expires_in": "0"}, id="no length"),
        pytest.param({"expires_in": "315360000"}, id="ten years"),
        pytest.param({"expires_in": "9" * 400}, id="for ever"),
        pytest.param({"expires_in": "", "expires_on": ""}, id="neither length nor date"),
        pytest.param({"expires_in": "", "expires_on": "2020-01-01"}, id="a date in the past"),
        pytest.param({"expires_in": "", "expires_on": "0001-01-01"}, id="the first date there is"),
        pytest.param({"expires_in": "", "expires_on": "2199-01-01"}, id="a date beyond the policy"),
        pytest.param({"expires_in": "", "expires_on": "9999-12-31"}, id="the last date there is"),
        pytest.param({"expires_in": "", "expires_on": "tomorrow"}, id="a date in words"),
        pytest.param({"expires_in": "", "expires_on": "2026-02-30"}, id="a date that there is none of"),
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"name": "ab"}, id="a name too short"),
        pytest.param({"name": "  a  "}, id="a name of spaces"),
        pytest.param({"name": "x" * 51}, id="a name too long"),
        pytest.param({"name": "two\nlines"}, id="a name of two lines"),
        pytest.param({"name": "lap\u202etop"}, id="a name that turns the line around"),
        pytest.param({"once": "x" * 65}, id="a form number too long"),
    ],
)
def test_what_does_not_fit_is_said_on_the_form_and_mints_nothing(person, app, fields):
    before = contents(app)
    answer = mint(person, **fields)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert contents(app) == before


def test_names_with_markup_are_shown_as_text(person):
    markup = "<script>alert(1)</script>"
    shown = mint(person, name=markup).text
    for page in (shown, person.open("/tokens").text, person.open("/dashboard").text):
        assert markup not in page
        assert "&lt;script&gt;" in page


def test_a_date_that_a_script_names_is_the_date_that_counts(app, user):
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in(user.username)
        answer = by_json(person, expires_on="2026-11-25")
        assert answer.status_code == 201
        assert answer.json["expires_at"] == "2026-11-26T00:00:00Z"


def test_a_token_lives_until_the_end_of_its_last_day(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        script = Script(app, token_in(mint(person, expires_in="", expires_on="2026-11-22")))
        clock.move_to(NOON.replace(hour=23, minute=59, second=59))
        assert script.get("/dashboard").status_code == 200
        clock.shift(1)
        assert script.get("/dashboard").status_code == 401


@pytest.mark.parametrize("expiry", [{"expires_in": "31536000"}, {"expires_in": "", "expires_on": "2027-11-22"}])
def test_no_token_lives_longer_than_the_policy_allows(make_app, expiry):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="30d")
    factories.user(app, "ada")
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in("ada")
        assert mint(person, **expiry).status_code == 422


@pytest.mark.parametrize("days", range(28, 33))
def test_a_date_is_judged_by_the_end_of_its_day(make_app, days):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="30d")
    factories.user(app, "ada")
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in("ada")
        answer = by_json(person, expires_on=f"{NOON + days * DAY:%Y-%m-%d}")
        if answer.status_code == 201:
            assert datetime.fromisoformat(answer.json["expires_at"]) <= NOON + 30 * DAY
        assert (answer.status_code == 201) == (days <= 29)


def test_a_token_is_as_fresh_as_the_login_it_was_minted_in(person, app):
    mint(person)
    (started,) = events(app, "session.started")
    (minted,) = events(app, "token.minted")
    assert started["user_id"] == minted["user_id"]


def test_a_link_fills_the_form_in_and_mints_nothing(person, app):
    before = contents(app)
    person.open("/tokens/new?name=laptop&scopes=profile:read&scopes=protected:read&expires_in=3600")
    assert contents(app) == before
    assert 'value="laptop"' in person.page.text
    shown = person.press("Create token")
    assert Script(person.app, token_in(shown)).get("/protected").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        *("scopes=admin:write", "scopes=%3Cscript%3E", "expires_in=99999999999", "expires_in=%00"),
        *("expires_on=9999-12-31", "expires_on=0001-01-01", "expires_on=x", "name=" + "x" * 500, "once=mine"),
    ],
)
def test_a_link_that_suggests_what_does_not_fit_does_no_harm(person, query):
    answer = person.open(f"/tokens/new?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert 'value="mine"' not in answer.text


# Whose.


@pytest.fixture
def foreign(app):
    return factories.api_token(app, factories.user(app, "grace"), name="graces")


def test_the_token_of_another_is_not_there(person, app, foreign):
    before = contents(app)
    for path in (f"/tokens/{foreign.entry.id}", f"/tokens/{foreign.entry.id}/revoke"):
        assert person.open(path).status_code == 404
    person.open("/tokens/new")
    fields = {"csrf_token": person.csrf_token}
    assert person.ask("POST", f"/tokens/{foreign.entry.id}/revoke", data=fields).status_code == 404
    assert contents(app) == before
    assert "graces" not in person.open("/tokens").text


def test_a_token_reads_its_owners_list_alone(script, foreign):
    answer = script.get("/tokens")
    assert "graces" not in answer.text
    assert script.get(f"/tokens/{foreign.entry.id}").status_code == 404


def test_revoking_all_ends_ones_own_alone(person, app, user, foreign):
    own = factories.api_token(app, user)
    person.open("/tokens/revoke-all")
    person.press("Revoke")
    assert Script(app, own.token).get("/protected").status_code == 401
    assert Script(app, foreign.token).get("/protected").status_code == 200


def test_no_token_can_make_or_end_tokens(app, user):
    script = Script(app, factories.api_token(app, user, *app.extensions["catalogue"].held_by(("user",))).token)
    before = contents(app)
    for path in (
        "/tokens/new",
        "/tokens/revoke-all",
        f"/tokens/{'1' * 8}-1111-4111-8111-{'1' * 12}/revoke",
        "/logout",
        "/confirm",
    ):
        assert script.post(path, json={"name": "child", "scopes": ["profile:read"]}).status_code == 403
    assert contents(app) == before


def test_revoking_twice_changes_nothing_the_second_time(person, app, user):
    issued = factories.api_token(app, user, name="laptop")
    path = f"/tokens/{issued.entry.id}/revoke"
    person.open(path)
    person.press("Revoke")
    before = contents(app)
    person.open(path)
    fields = {"csrf_token": person.csrf_token or token_of(person)}
    answer = person.ask("POST", path, data=fields)
    assert answer.status_code == 303
    assert contents(app) == before
    assert len(events(app, "token.revoked")) == 1


def token_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]


def test_a_revoked_token_is_dead_at_once_and_a_reload_of_its_page_says_so(person, app, user):
    issued = factories.api_token(app, user, name="laptop")
    person.open(f"/tokens/{issued.entry.id}/revoke")
    person.press("Revoke")
    assert Script(app, issued.token).get("/protected").json["code"] == "token_revoked"
    assert "revoked" in person.open(f"/tokens/{issued.entry.id}").text


# The list.


def test_the_list_comes_in_pages_the_newest_first(person, app, user, script):
    # Now, not at some noon: they live for a week, and are read today.
    with time_machine.travel(now(), tick=False) as clock:
        for number in range(25):
            factories.api_token(app, user, name=f"job {number:02}")
            clock.shift(1)
    first, second = script.get("/tokens").json, script.get("/tokens?first=20").json
    names = [entry["name"] for entry in first["tokens"] + second["tokens"] if entry["name"].startswith("job")]
    assert first["total"] == 26
    assert names == sorted(names, reverse=True)
    assert len(names) == 25


def test_a_page_beyond_the_last_is_empty(script):
    assert script.get("/tokens?first=500").json["tokens"] == []


def test_ended_tokens_have_a_list_of_their_own(person, app, user, script):
    issued = factories.api_token(app, user, name="gone")
    person.open(f"/tokens/{issued.entry.id}/revoke")
    person.press("Revoke")
    assert [entry["name"] for entry in script.get("/tokens?view=ended").json["tokens"]] == ["gone"]
    assert "gone" not in [entry["name"] for entry in script.get("/tokens").json["tokens"]]


def test_the_list_can_be_asked_for_what_was_never_used(app, user, script):
    factories.api_token(app, user, name="idle one", lifetime=timedelta(days=30))
    script.get("/tokens")
    names = [entry["name"] for entry in script.get("/tokens?state=never_used").json["tokens"]]
    assert names == ["idle one"]


def test_the_list_never_holds_a_token(script):
    assert "eyJ" not in script.get("/tokens").text
