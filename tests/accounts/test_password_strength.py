"""How hard a password is to guess: what is refused, and that no input makes the estimate expensive."""

import random
import time
from contextlib import ExitStack

import pytest

from webapp.accounts import password_strength
from webapp.accounts.passwords import Passwords, RefusedPassword, TooBusy
from webapp.guard.assurance import demands_of
from webapp.web.registry import services_of

ALL_SIGNS = '4@8({[<369&#!1/|0$5+7%2"*'
# The worst of a search by random change over every kind of pattern, and what was found with wider bounds.
COSTLY = [
    (ALL_SIGNS * 4)[:72],
    "(7!+<96|" * 9,
    "14+@7914+@7914+@7914+@7914+@7914+@79" * 2,
    "l1|!i4@4@b~éA~~~~~)l!|!iyuiop1t~1~~1~~1~",
    "1!1!1!7d1!l1|!love4@~Xpass~~wabc" * 2,
    "@|483love572@|48369qwertyuiop6910572@|48",
    "8|$+483691057+483+48369o0572@|$+1~1~1~05",
    ALL_SIGNS[:12],
    "4836910572" * 100,
    "a" * 1000,
    "password" * 125,
    "19840321" * 125,
    "qwertyuiop" * 100,
    "p4$$w0rd" * 125,
    "İ" * 1000,
    "𝟒@" * 500,
]
ORDINARY = "correct horse battery staple and more of"


def cost(password, near=()):
    """Least seconds of the processor, of three tries."""
    found = []
    for _ in range(3):
        begun = time.thread_time()
        password_strength.estimate(password, near)
        found.append(time.thread_time() - begun)
    return min(found)


@pytest.mark.parametrize("password", COSTLY)
def test_no_password_takes_much_longer_to_estimate_than_an_ordinary_one(password):
    """All signs of l33t, 72 of them, cost five thousand times as much."""
    cost(ORDINARY)
    assert cost(password) < 200 * cost(ORDINARY)


def test_long_user_inputs_cost_little(app):
    near = [(ALL_SIGNS * 13)[:320], "a" * 320, "password" * 40]
    assert cost(ORDINARY, near) < 200 * cost(ORDINARY)


def test_the_estimated_text_is_short_and_has_few_kinds_of_characters():
    made = random.Random(7)
    for _ in range(500):
        typed = "".join(made.choices(ALL_SIGNS + "aeiostlbg ", k=made.randrange(200)))
        given = password_strength.shortened(typed)
        assert len(given) <= password_strength.LONGEST_ESTIMATED
        is_short = len(typed) <= password_strength.LONGEST_JUDGED_WHOLE
        assert is_short or len(password_strength.SIGNS.intersection(given)) <= password_strength.MAX_KINDS_OF_SIGNS


@pytest.mark.parametrize(
    "password", ["p4$$w0rd", "Tr0ub4dor&3", "correct horse battery", "M1chae1!", "19840321 23571113", "2 (two) + 2!"]
)
def test_an_ordinary_password_is_estimated_completely(password):
    assert password_strength.shortened(password) == password


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("password", id="one of the commonest"),
        pytest.param("P4ssw0rd", id="with signs for letters"),
        pytest.param("drowssap", id="backwards"),
        pytest.param("michael1", id="a common one with a digit"),
        pytest.param("Elizabeth", id="a name"),
        pytest.param("qwertyui", id="along the keyboard"),
        pytest.param("19840321", id="a date"),
        pytest.param("abcdefgh", id="a sequence"),
        pytest.param("aabbccdd", id="repeats"),
    ],
)
def test_a_short_password_that_is_easily_guessed_is_refused(password):
    with pytest.raises(RefusedPassword):
        short().check(password, roles=("user",))


@pytest.mark.parametrize("password", ["kVx9-qpw", "umbr4-ot", "7 lamps!x"])
def test_a_short_password_that_is_hard_to_guess_is_accepted(password):
    short().check(password, roles=("user",))


def short():
    """Passwords of 8 characters suffice, because a second factor is demanded."""
    return Passwords(1, 15, demands=demands_of(("user",), ()))


@pytest.mark.parametrize("ask", [lambda found: found.check("kVx9-qpw umbrella"), lambda found: found.estimate("x", ())])
def test_an_estimate_takes_one_of_the_hashing_places(ask):
    found = Passwords(1, 15, waiting=0)
    with found._places.hold(None), pytest.raises(TooBusy):
        ask(found)


def test_an_estimate_without_a_free_place_gets_retry_after(app, visitor):
    visitor.open("/login")
    places = services_of(app).get(Passwords)._places
    headers = {"X-CSRF-Token": visitor.csrf_token, "Accept": "application/json"}
    with ExitStack() as held:
        for _ in range(places.capacity):
            held.enter_context(places.hold(None))
        answer = visitor.ask("POST", "/password-strength", json={"password": ORDINARY}, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
