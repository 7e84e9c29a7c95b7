"""Several requests with one authorization code at once: one gets tokens. For PostgreSQL: journeys/."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask

from tests import factories
from tests.browser import Person
from tests.budget import times
from tests.oauth.app import registered

AT_ONCE = 6


def winners(wiki, code) -> list[dict[str, str]]:
    together = Barrier(AT_ONCE)

    def redeem(_) -> dict[str, str]:
        together.wait()
        return dict(wiki.redeem(code).json)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [answer for answer in pool.map(redeem, range(AT_ONCE)) if "access_token" in answer]


def race(site: Flask) -> None:
    wiki, person = registered(site, is_first_party=True), Person(site)
    factories.user(site, "codes")
    person.log_in("codes")
    for _ in range(times(4)):
        (tokens,) = winners(wiki, wiki.authorize(person)["code"])
        assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_of_several_redemptions_of_one_code_one_wins_and_is_ended(make_app):
    race(make_app(WEBAPP_LOGIN_TRIES_PER_ADDRESS="100000"))
