"""Name and e-mail address of one account share its tries, and nobody is told: they are refused as two strangers are."""

import re

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.login.wrong_passwords import NOON, TRIES, WRONG, attempt, statuses, throttling, with_ada
from webapp.accounts.passwords import Passwords
from webapp.core.ratelimit import Limiter
from webapp.web.registry import services_of

KNOWN, UNKNOWN = ("ada", "ada@example.org"), ("zoe", "zoe@example.org")


@pytest.fixture
def site(make_app):
    return with_ada(throttling(make_app))


def visible_parts(answer):
    """All that a caller sees, but for what is new with every answer."""
    headers = {name: value for name, value in answer.headers if name not in ("Set-Cookie", "Content-Length")}
    text = re.sub(r'urn:uuid:[0-9a-f-]+|name="csrf_token" value="[^"]+"', "", answer.text)
    return answer.status_code, headers, text


def rows(app):
    """How often each counter was hit, whatever its key says of whom."""
    return sorted((key.split("/")[0], hits) for key, hits, _ in services_of(app).get(Limiter).entries())


def by_page(app, name):
    return Person(app, ip_address="198.51.100.7").log_in(name, WRONG)


SEQUENCES = {
    "name until it is throttled, then the e-mail address": (0,) * (TRIES + 1) + (1,),
    "e-mail address until it is throttled, then the name": (1,) * (TRIES + 1) + (0,),
    "in turn": (0, 1) * (TRIES + 1),
    "the one used up by the other, then both used up": (0,) * TRIES + (1,) * (TRIES + 1) + (0,),
}


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_two_names_of_one_account_are_answered_like_two_unknown_names(site, make_app, sequence):
    with time_machine.travel(NOON, tick=False):
        known = [visible_parts(attempt(site, KNOWN[which])) for which in sequence]
        unknown = [visible_parts(attempt(site, UNKNOWN[which])) for which in sequence]
    assert known == unknown
    assert {status for status, _, _ in known} == {401, 429}


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_they_are_answered_alike_on_the_login_page_too(site, sequence):
    with time_machine.travel(NOON, tick=False):
        found = [[visible_parts(by_page(site, names[which])) for which in sequence] for names in (KNOWN, UNKNOWN)]
    plain = [
        [
            (status, headers, text.replace(names[which], "NAME"))
            for which, (status, headers, text) in zip(sequence, answers, strict=True)
        ]
        for names, answers in zip((KNOWN, UNKNOWN), found, strict=True)
    ]
    assert plain[0] == plain[1]


def test_an_account_over_its_limit_refuses_the_right_password_under_its_other_name(site):
    statuses(site, *["ada"] * TRIES)
    right, wrong = attempt(site, "ada@example.org", factories.PASSWORD), attempt(site, "ada@example.org")
    assert visible_parts(right) == visible_parts(wrong)
    assert right.status_code == 401


def test_names_that_share_attempts_cost_one_hash_each(site):
    class Watched:
        asked = 0

        def verify(self, hashed, password):
            self.asked += 1
            return factories.QUICK.verify(hashed, password)

        def check_needs_rehash(self, hashed):
            return False

    statuses(site, *["ada"] * TRIES)
    services_of(site).get(Passwords).hasher = watched = Watched()
    attempt(site, "ada@example.org")
    assert watched.asked == 1


@pytest.mark.parametrize("name", ["ada", "zoe"])
def test_an_attempt_writes_the_same_counters_for_every_name(site, name):
    attempt(site, name)
    assert rows(site) == [("login-account", 1), ("login-name", 1), ("login-network", 1)]


def test_a_login_of_the_owner_does_not_show_in_the_counts_of_others(site):
    """A count that began anew would tell whoever uses it up that there is such an account."""
    statuses(site, *["ada"] * (TRIES - 1))
    assert attempt(site, password=factories.PASSWORD, ip_address="192.0.2.44").status_code == 200
    assert statuses(site, "ada", "ada", ip_address="198.51.100.7") == [401, 429]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["zoe", "ZOE", "zOe"], id="capitals"),
        pytest.param(["zoe", "ｚｏｅ", "ＺＯＥ"], id="full width"),
        pytest.param([" zoe", "zoe ", "\tzoe"], id="spaces around"),
        pytest.param(["zoe@example.org", "ZOE@EXAMPLE.ORG", "zoe＠example.org"], id="an e-mail address"),
    ],
)
def test_spellings_of_an_unknown_name_are_counted_as_one_name(site, names):
    assert statuses(site, *names) == [401] * TRIES
    assert attempt(site, names[0]).status_code == 429
