"""/oauth/par: an app pushes its authorization request, and a browser brings its request_uri (RFC 9126)."""

from datetime import timedelta

import time_machine

from tests import factories
from tests.oauth.app import CALLBACK, App, registered
from tests.script import Script
from webapp.core.clock import now
from webapp.core.ratelimit import Limit
from webapp.oauth import clients, pushed_requests

CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


def pushed(app: App, **changed) -> str:
    """The path and query that a browser brings."""
    answer = app.post("/oauth/par", **app.request | changed)
    assert answer.status_code == 201, answer.text
    return brings(app.client_id, answer.json["request_uri"])


def brings(client_id: str, uri: str) -> str:
    return f"/oauth/authorize?client_id={client_id}&request_uri={uri}"


def test_a_pushed_request_leads_to_a_code_over_login_and_consent(visitor, user, wiki):
    answer = wiki.post("/oauth/par", **wiki.request)
    assert (answer.status_code, answer.json.keys()) == (201, {"request_uri", "expires_in"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    url = brings(wiki.client_id, answer.json["request_uri"])
    with time_machine.travel(now(), tick=False) as time:
        visitor.open(url)
        assert "Log in to continue to <b>Wiki</b>." in visitor.page.text
        time.shift(timedelta(minutes=4))
        visitor.press("Log in", username=user.username, password=factories.PASSWORD)
        assert "Allow Wiki to log you in?" in visitor.page.text
        time.shift(timedelta(minutes=4))
        page = visitor.press("Allow", decision="allow")
        code = page.text.partition(f"url={CALLBACK}?code=")[2].partition("&")[0]
        assert "access_token" in wiki.redeem(code).json
        assert visitor.ask("GET", url).status_code == 400


def test_prompt_login_is_demanded_once_of_a_pushed_request(app, person):
    wiki = registered(app, is_first_party=True)
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        person.open(pushed(wiki, prompt="login"))
        assert person.page.request.path == "/confirm"
        assert f"url={CALLBACK}?code=" in person.press("Confirm", password=factories.PASSWORD).text


def test_a_pushed_request_works_once_and_for_its_client(app, person, wiki):
    other, used = registered(app, "Other", is_first_party=True), pushed(wiki)
    person.open(used)
    person.press("Cancel", decision="deny")
    known = pushed(wiki)
    uri = known.partition("request_uri=")[2]
    for url, is_accepted in (
        (used, False),
        (known, True),
        (brings(other.client_id, uri), False),
        (brings("", uri), False),
        (f"/oauth/authorize?request_uri={uri}", False),
        (f"{known}&request_uri={uri}", False),
        (f"{known}&client_id={other.client_id}", False),
        (brings(wiki.client_id, uri[:-1]), False),
        (brings(wiki.client_id, uri + "x" * 5000), False),
        (brings(wiki.client_id, pushed_requests.PREFIX), False),
        (brings(wiki.client_id, pushed_requests.PREFIX + "x" * 43), False),
        (brings(wiki.client_id, pushed_requests.PREFIX + "%00"), False),
        (f"{known}&redirect_uri=https://evil.example/&scope=unknown&state=other", True),
    ):
        answer = person.ask("GET", url, headers=CROSS_SITE)
        assert answer.status_code == (200 if is_accepted else 400), url
        assert "Location" not in answer.headers


def test_it_expires_unless_a_browser_came_with_it(person, wiki):
    for opened, seconds, status in ((False, 89, 200), (False, 91, 400), (True, 600, 200), (True, 901, 400)):
        url = pushed(wiki)
        if opened:
            person.ask("GET", url)
        with time_machine.travel(now() + timedelta(seconds=seconds), tick=False):
            assert person.ask("GET", url).status_code == status, (opened, seconds)


def test_a_pushed_request_has_to_satisfy_every_rule(app, wiki):
    other = registered(app, "Other", "https://other.example.org/cb")
    for changed, error in (
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"redirect_uri": other.redirect_uri}, "invalid_request"),
        ({"redirect_uri": [CALLBACK, CALLBACK]}, "invalid_request"),
        ({"client_id": other.client_id}, "invalid_request"),
        ({"client_id": [wiki.client_id, wiki.client_id]}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://wiki.example.org/request"}, "request_uri_not_supported"),
        ({"request_uri": pushed_requests.PREFIX + "x" * 43}, "request_uri_not_supported"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"state": "s" * 2001}, "invalid_request"),
        ({"unknown": "u" * 9000}, "invalid_request"),
        ({f"x{number}": "1" for number in range(60)}, "invalid_request"),
    ):
        answer = wiki.post("/oauth/par", **wiki.request | changed)
        assert (answer.status_code, answer.json.get("error")) == (400, error), changed
        assert answer.text.isascii()
    assert wiki.post("/oauth/par", **wiki.request | {"client_id": None}).status_code == 201


def test_the_client_is_authenticated_as_at_the_token_endpoint(app, wiki):
    for form, status in (({}, 401), ({"client_secret": "wrong"}, 401), ({"client_secret": wiki.secret}, 201)):
        answer = Script(app).post("/oauth/par", data=wiki.request | form)
        assert answer.status_code == status, form
        assert status == 201 or answer.json["error"] == "invalid_client"
    assert Script(app).post("/oauth/par", json=wiki.request).status_code == 400
    assert "client_secret" not in stored(app)


def stored(site) -> str:
    with factories.database_of(site).read() as db:
        return str([row.query for row in db.query(pushed_requests.PushedRequest).all()])


def test_what_a_client_can_store_is_limited(app, wiki, monkeypatch):
    monkeypatch.setattr(pushed_requests, "MOST_WAITING", 2)
    monkeypatch.setattr(pushed_requests, "OF_STRANGERS", Limit("request-pushed", 1, timedelta(minutes=10)))
    phone = registered(app, "Phone", is_public=True)
    for client, answers in ((wiki, [201, 201, 429]), (phone, [201, 429])):
        for status in answers:
            answer = client.post("/oauth/par", **client.request)
            assert answer.status_code == status
        assert int(answer.headers["Retry-After"]) > 0
    with time_machine.travel(now() + timedelta(seconds=91), tick=False):
        assert wiki.post("/oauth/par", **wiki.request).status_code == 201, "expired requests do not count"
        with factories.database_of(app).write() as db:
            assert pushed_requests.purge(db) == 1


def test_some_clients_must_push(app, person, wiki):
    with factories.database_of(app).write() as db:
        clients.by_name_or_id(db, "Wiki").require_pushed_authorization_requests = True
    assert wiki.authorize(person)["error"] == "invalid_request"
    assert person.ask("GET", pushed(wiki)).status_code == 200
