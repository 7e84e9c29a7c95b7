"""Several requests with one code, pushed request or assertion at once: one wins. For PostgreSQL: journeys/."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.browser import Person
from tests.example_counts import times
from tests.oauth.app import registered, status
from tests.oauth.device import started, tool
from tests.oauth.logout_receiver import URL, Receiver
from tests.oauth.test_private_key_jwt import assertion, call, jwk, jwks
from tests.oauth.test_pushed_requests import CROSS_SITE, brings
from webapp.core.ratelimit import Limiter
from webapp.oauth import clients
from webapp.sessions import lifecycle
from webapp.web.registry import services_of

AT_ONCE = 10
Answer = TypeVar("Answer")


def at_once(call: Callable[[int], Answer], number: int = AT_ONCE) -> list[Answer]:
    """The answers to calls that begin together."""
    together = Barrier(number)

    def begin(place: int) -> Answer:
        together.wait()
        return call(place)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


def winners(answers: list[TestResponse]) -> list[dict[str, str]]:
    return [dict(answer.json) for answer in answers if "access_token" in answer.json]


def race(site: Flask) -> None:
    services_of(site).get(Limiter).reset()
    wiki, person = registered(site, is_first_party=True), Person(site)
    factories.user(site, "codes")
    person.log_in("codes")
    for _ in range(times(4)):
        # Those that lose count as guesses of their network.
        services_of(site).get(Limiter).reset()
        code = wiki.authorize(person)["code"]
        (tokens,) = winners(at_once(lambda _place, code=code: wiki.redeem(code)))
        assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def race_of_devices(site: Flask) -> None:
    services_of(site).get(Limiter).reset()
    command, people = tool(site), (Person(site), Person(site))
    for person, name in zip(people, ("devices", "others"), strict=True):
        factories.user(site, name)
        person.log_in(name)
    for _ in range(times(2)):
        device = started(command)
        device.allowed_by(people[0])
        (tokens,) = winners(at_once(lambda _place, device=device: device.poll(), 10))
        assert command.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
        assert status(site, tokens["access_token"], "/oauth/userinfo") == 401
    for decisions in (("allow", "deny"), ("deny", "allow"), ("allow", "allow")):
        device = started(command)
        sent = []
        for person, decision in zip(people, decisions, strict=True):
            device.shown_to(person)
            sent.append({"user_code": device.user_code, "decision": decision, "csrf_token": person.csrf_token})
        answers = at_once(lambda place, sent=sent: people[place].ask("POST", "/device/decision", data=sent[place]), 2)
        codes = [answer.status_code for answer in answers]
        assert codes.count(303) == 1
        assert set(codes) <= {303, 409, 422}
        is_allowed = decisions[codes.index(303)] == "allow"
        assert device.poll().status_code == (200 if is_allowed else 400)


def race_of_pushed_requests(site: Flask) -> None:
    """Of several browsers with one pushed request one gets a code; of several calls with one assertion one counts."""
    services_of(site).get(Limiter).reset()
    wiki, people = registered(site, "Pushing", is_first_party=True), [Person(site) for _ in range(AT_ONCE)]
    factories.user(site, "pushed")
    for person in people:
        person.log_in("pushed")
    for _ in range(times(2)):
        url = brings(wiki.client_id, wiki.post("/oauth/par", **wiki.request).json["request_uri"])
        answers = at_once(lambda place, url=url: people[place].ask("GET", url, headers=CROSS_SITE))
        assert sorted(answer.status_code for answer in answers) == [303, *[400] * (AT_ONCE - 1)]
    bank = registered(site, "Bank", jwks=jwks(jwk()))
    shown = assertion(bank)
    errors = [answer.json["error"] for answer in at_once(lambda _place: call(bank, shown))]
    assert sorted(errors) == [*["invalid_client"] * (AT_ONCE - 1), "invalid_grant"]


def race_with_disabling(site: Flask) -> None:
    """Whoever disables an app waits for tokens that are being issued, and ends them."""
    services_of(site).get(Limiter).reset()
    wiki, person = registered(site, "Disabled", is_first_party=True), Person(site)
    factories.user(site, "disabled")
    person.log_in("disabled")
    for _ in range(times(3)):
        codes = [wiki.authorize(person)["code"] for _code in range(AT_ONCE - 1)]

        def call(place: int, codes: list[str] = codes) -> TestResponse | None:
            if place < len(codes):
                return wiki.redeem(codes[place])
            with factories.database_of(site).write() as db:
                clients.disable(db, clients.by_name_or_id(db, wiki.client_id), origin="test")
            return None

        answers = [answer.json for answer in at_once(call) if answer]
        held = [answer["access_token"] for answer in answers if "access_token" in answer]
        assert {status(site, token, "/oauth/userinfo") for token in held} <= {401}
        assert {answer.get("error") for answer in answers} <= {None, "invalid_client"}
        with factories.database_of(site).write() as db:
            clients.enable(db, clients.by_name_or_id(db, wiki.client_id), origin="test")


def race_with_logout(site: Flask) -> None:
    """Whoever ends a session waits for tokens that are issued, and ends them; of two workers one tells the app."""
    services_of(site).get(Limiter).reset()
    wiki, person = registered(site, "Ended", is_first_party=True, backchannel_logout_uri=URL), Person(site)
    user, receivers = factories.user(site, "ended"), [Receiver(site), Receiver(site)]
    for _ in range(times(3)):
        person.log_in("ended")
        codes = [wiki.authorize(person, scope="openid")["code"] for _code in range(AT_ONCE - 1)]

        def call(place: int, codes: list[str] = codes) -> TestResponse | None:
            if place < len(codes):
                return wiki.redeem(codes[place])
            with factories.database_of(site).write() as db:
                lifecycle.end_others(db, user.id)
            return None

        answers = [answer.json for answer in at_once(call) if answer]
        held = [answer["access_token"] for answer in answers if "access_token" in answer]
        assert {status(site, token, "/oauth/userinfo") for token in held} <= {401}
        assert {answer.get("error") for answer in answers} <= {None, "invalid_grant"}
        sent = at_once(lambda place: receivers[place].received(), 2)
        assert sum(map(len, sent)) == bool(held)


RACES = race, race_of_devices, race_of_pushed_requests, race_with_disabling, race_with_logout


def test_of_several_redemptions_of_one_code_one_wins_and_is_ended(make_app):
    race(make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="100000"))


def test_of_several_polls_or_decisions_of_one_device_code_one_wins(make_app):
    race_of_devices(make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="100000"))


def test_of_several_uses_of_one_pushed_request_or_assertion_one_counts(make_app):
    race_of_pushed_requests(make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="100000"))


def test_no_token_outlives_the_app_that_is_disabled_meanwhile(make_app):
    race_with_disabling(make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="100000"))


def test_no_token_outlives_the_session_that_ends_meanwhile_and_the_app_is_told_once(make_app):
    race_with_logout(make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="100000"))
