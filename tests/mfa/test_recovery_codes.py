"""Recovery codes: ten, each once, however they are typed."""

import re

import pytest

from tests import factories
from tests.browser import Person
from tests.second_factors import (
    SECURITY,
    csrf,
    offered,
    with_app,
    with_sheet,
)
from tests.tables import everything
from webapp.core.db import Database
from webapp.mfa import factors, recovery_codes, totp
from webapp.mfa.recovery_codes import letters_of
from webapp.web.registry import services_of


@pytest.fixture
def codes(app, user):
    with services_of(app).get(Database).write() as db:
        return recovery_codes.create(db, user.id)


def is_taken(app, user, code):
    with services_of(app).get(Database).write() as db:
        return recovery_codes.spend(db, user.id, code)


def test_there_are_ten_different_codes(codes):
    assert len(set(codes)) == 10


def test_each_code_works_once(app, user, codes):
    assert [is_taken(app, user, code) for code in codes] == [True] * 10
    assert [is_taken(app, user, code) for code in codes] == [False] * 10


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(str.lower, id="in small letters"),
        pytest.param(lambda code: code.replace("-", ""), id="without dashes"),
        pytest.param(lambda code: code.replace("-", " "), id="with spaces"),
        pytest.param(lambda code: f"  {code}\n", id="with space around it"),
        pytest.param(lambda code: code.replace("0", "O").replace("1", "l"), id="with letters for digits"),
        pytest.param(lambda code: "".join(chr(ord(c) + 0xFEE0) for c in code), id="in full width"),
    ],
)
def test_a_code_can_be_typed_with_spaces_and_in_any_letter_case(app, user, codes, typed):
    assert is_taken(app, user, typed(codes[0]))


@pytest.mark.parametrize("typed", ["", "-", "ABCDE", "A" * 24, "A" * 26, "U" * 25, "é" * 25, "\0" * 25])
def test_other_texts_are_no_code(app, user, codes, typed):
    assert letters_of(typed) is None or len(letters_of(typed)) == 25
    assert not is_taken(app, user, typed)


def test_new_codes_invalidate_the_old_ones(app, user, codes):
    with services_of(app).get(Database).write() as db:
        anew = recovery_codes.create(db, user.id)
    assert not is_taken(app, user, codes[0])
    assert is_taken(app, user, anew[0])


def test_a_code_works_only_for_its_owner(app, user, codes):
    assert not is_taken(app, factories.user(app, "grace"), codes[0])


def test_the_number_of_unused_codes_is_known(app, user, codes):
    is_taken(app, user, codes[0])
    with services_of(app).get(Database).read() as db:
        assert recovery_codes.remaining(db, user.id).left == 9


def test_only_digests_are_stored(app, user, codes, instance):
    held = everything(instance / "latchkey.db")
    assert not any(letters_of(code) in held or code in held for code in codes)


def test_ten_codes_are_shown_once_and_can_be_printed(app, user, person):
    mine = offered(person)
    person.press("Turn on", code=mine.code())
    page = person.press("Create 10 codes")
    codes = re.findall(r"<li><code>([0-9A-Z-]{29})</code></li>", page.text)
    assert (page.status_code, len(set(codes)), page.headers["Cache-Control"]) == (201, 10, "no-store")
    assert "Recovery codes of ada" in page.text
    assert not any(code in person.open(f"{SECURITY}/recovery-codes").text for code in codes)
    assert "10 of 10 left" in person.open(SECURITY).text


def test_there_are_no_codes_without_a_second_factor(person):
    person.open(f"{SECURITY}/recovery-codes")
    answer = person.ask("POST", f"{SECURITY}/recovery-codes", data={"csrf_token": csrf(person)})
    assert answer.status_code == 409


def test_the_page_shows_how_many_codes_are_left(app, user):
    mine, codes, person = with_app(app, user), with_sheet(app, user), Person(app)
    person.log_in("ada")
    person.press("Continue", code=codes[3])
    assert "9 of 10 left" in person.open(SECURITY).text
    assert mine


def test_old_codes_are_not_valid_again_with_a_new_app(app, user, person):
    with_app(app, user)
    with_sheet(app, user)
    with services_of(app).get(Database).write() as db:
        totp.remove(db, user.id)
        factors.remove_stranded_codes(db, user.id)
    with_app(app, user)
    with services_of(app).get(Database).read() as db:
        assert recovery_codes.remaining(db, user.id).left == 0
