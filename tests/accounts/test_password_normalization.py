"""A password is the same on every device (RFC 8265 OpaqueString), wherever it is set or checked."""

import unicodedata

import pytest

from tests import factories
from tests.accounts.password_reset import ask, set_new
from tests.browser import Person
from tests.factories import PASSWORD, QUICK
from tests.mailbox import Mailbox
from tests.script import Script
from webapp.accounts import invitations, one_time_links
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import User
from webapp.accounts.password_normalization import LONGEST, LONGEST_TYPED, compared_forms, normalized_password
from webapp.accounts.passwords import Passwords, RefusedPassword
from webapp.accounts.registration import SETUP
from webapp.core.db import Database
from webapp.web.registry import services_of

COMPOSED = "Übergrößen\u00e9 im Garten"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
WIDE_SPACE = COMPOSED.replace(" ", "\u3000")
SPELLINGS = [COMPOSED, DECOMPOSED, WIDE_SPACE, COMPOSED.replace(" ", "\u00a0")]
INVISIBLE = "a family \u200d of words"


def password_hash(app, name="ada"):
    with services_of(app).get(Database).read() as db:
        return db.query(User).filter_by(username=name).one().password_hash


def store_typed_hash(app, user, typed):
    """As the hash was before passwords were normalized."""
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).password_hash = QUICK.hash(typed)


def is_right(app, typed, name="ada"):
    return services_of(app).get(Passwords).verify(typed, password_hash(app, name))


@pytest.mark.parametrize(
    ("typed", "normalized"),
    [
        pytest.param("e\u0301", "\u00e9", id="composed"),
        pytest.param("\u1112\u1161\u11ab", "\ud55c", id="Hangul composed"),
        pytest.param("a\u00a0b\u3000c\u2003d", "a b c d", id="every space is the ordinary one"),
        pytest.param(" a  b ", " a  b ", id="spaces stay, at the ends too"),
        pytest.param("Aa\u0130\u1e9e", "Aa\u0130\u1e9e", id="letter case stays"),
        pytest.param("\uff21\ufb01\u2460", "\uff21\ufb01\u2460", id="width and ligatures stay"),
        pytest.param("😀", "😀", id="emoji"),
    ],
)
def test_the_normalized_form_is_that_of_the_rfc(typed, normalized):
    assert normalized_password(typed) == normalized
    assert normalized_password(normalized) == normalized


def by_registration(make_app, typed):
    app = make_app(WEBAPP_REGISTRATION="open")
    visitor = Person(app)
    visitor.open("/register")
    return app, visitor.press("Register", username="ada", email="ada@example.org", password=typed)


def by_invitation(make_app, typed):
    app = make_app()
    with services_of(app).get(Database).write() as db:
        made = invitations.create(db, InvitationRequest(email="ada@example.org"))
    visitor = Person(app)
    visitor.open(made.path)
    return app, visitor.press("Register", username="ada", password=typed)


def by_setup(make_app, typed):
    app = make_app()
    with services_of(app).get(Database).write() as db:
        secret = one_time_links.create(db, SETUP, invitations.LIFETIME)
    visitor = Person(app)
    visitor.open(f"/setup/{secret}")
    return app, visitor.press("Create account", username="ada", email="ada@example.org", password=typed)


def by_change(make_app, typed):
    app = make_app()
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    person.open("/account/password")
    return app, person.press("Change password", password=PASSWORD, new_password=typed)


def by_reset(make_app, typed):
    app = make_app()
    factories.user(app, "ada")
    visitor = Person(app)
    ask(visitor, "ada")
    return app, set_new(visitor, Mailbox(app).link(), typed)


WAYS_TO_SET = [by_registration, by_invitation, by_setup, by_change, by_reset]


@pytest.mark.parametrize("set_by", WAYS_TO_SET)
def test_wherever_a_password_is_set_its_normalized_form_is_hashed(make_app, set_by):
    app, _page = set_by(make_app, DECOMPOSED)
    assert QUICK.verify(password_hash(app), COMPOSED)


@pytest.mark.parametrize("set_by", WAYS_TO_SET)
@pytest.mark.parametrize("typed", [INVISIBLE, "tabs\tin a password", "x" * (LONGEST_TYPED + 1)])
def test_wherever_a_password_is_set_one_that_is_disallowed_is_refused_with_a_reason(make_app, set_by, typed):
    _app, page = set_by(make_app, typed)
    assert page.status_code == 422
    assert ("(U+200D)" in page.text, "(U+0009)" in page.text, "at most 256" in page.text) == (
        "\u200d" in typed,
        "\t" in typed,
        len(typed) > LONGEST_TYPED,
    )


def at_the_page(app, typed):
    return Person(app).log_in("ada", typed).request.path == "/dashboard"


def at_the_api(app, typed):
    return Script(app).post("/api/auth", json={"username": "ada", "password": typed}).status_code == 200


def at_confirm(app, typed):
    person = Person(app)
    enter(app, person, typed)
    person.open("/confirm?next=/account/security")
    return person.press("Confirm", password=typed).request.path == "/account/security"


def at_change(app, typed):
    person = Person(app)
    enter(app, person, typed)
    person.open("/account/password")
    return person.press("Change password", password=typed, new_password=PASSWORD).status_code == 200


def enter(app, person, typed):
    assert person.log_in("ada", typed).status_code == 200


CHECKED = [at_the_page, at_the_api, at_confirm, at_change]


@pytest.mark.parametrize("check", CHECKED)
@pytest.mark.parametrize("typed", SPELLINGS)
def test_wherever_a_password_is_checked_every_equivalent_form_is_accepted(app, user, check, typed):
    store_typed_hash(app, user, COMPOSED)
    assert check(app, typed)


@pytest.mark.parametrize("check", CHECKED)
def test_wherever_a_password_is_checked_a_hash_of_the_typed_form_is_accepted(app, user, check):
    store_typed_hash(app, user, DECOMPOSED)
    assert check(app, DECOMPOSED)


@pytest.mark.parametrize("check", [at_the_page, at_the_api])
def test_a_hash_of_the_typed_form_is_replaced_at_the_login(app, user, check):
    store_typed_hash(app, user, DECOMPOSED)
    assert not is_right(app, COMPOSED), "nobody else can know what was typed before"
    assert check(app, DECOMPOSED)
    assert QUICK.verify(password_hash(app), COMPOSED)
    assert check(app, COMPOSED)
    before = password_hash(app)
    assert check(app, DECOMPOSED)
    assert password_hash(app) == before, "made anew once"


def test_an_old_password_that_can_no_longer_be_chosen_still_logs_in(app, user):
    store_typed_hash(app, user, INVISIBLE)
    before = password_hash(app)
    assert at_the_page(app, INVISIBLE)
    assert password_hash(app) == before


@pytest.mark.parametrize("check", [at_the_page, at_the_api])
@pytest.mark.parametrize("typed", [INVISIBLE, "\x01", "\u0300", "\U000e0001", "x" * 5000, "\u0301" * 5000, "\ud800"])
def test_a_password_that_is_disallowed_is_simply_wrong_at_login(app, user, check, typed):
    assert not check(app, typed.encode("utf-8", "replace").decode())


def test_a_lone_surrogate_causes_no_server_error(app, user):
    body = '{"username": "ada", "password": "\\ud800"}'
    answer = Script(app).post("/api/auth", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 401)


def test_both_limits_count_the_characters_of_the_normalized_form():
    passwords = Passwords(1, 15)
    hangul = "".join(chr(0xAC00 + 28 * number) for number in range(LONGEST))
    passwords.check(unicodedata.normalize("NFD", hangul))
    for typed, is_long in [(unicodedata.normalize("NFD", hangul + "\uac00"), True), ("e\u0301xyz" * 3, False)]:
        with pytest.raises(RefusedPassword, match="at most 256" if is_long else "at least 15"):
            passwords.check(typed)


class Counting:
    """argon2, and what was compared."""

    def __init__(self):
        self.compared = []

    def verify(self, hashed, password):
        self.compared.append(password)
        return QUICK.verify(hashed, password)

    def check_needs_rehash(self, hashed):
        return False


@pytest.mark.parametrize("typed", [PASSWORD, COMPOSED, DECOMPOSED, INVISIBLE, "x" * 300, "e\u0301" * 200, ""])
def test_the_number_of_hashes_for_a_wrong_password_depends_only_on_the_input(typed):
    of_each = []
    for hashed in (None, QUICK.hash("another one"), QUICK.hash(unicodedata.normalize("NFD", "ä another"))):
        passwords = Passwords(1, 15, hasher=QUICK)
        passwords.hasher = counting = Counting()
        passwords._nobodys = QUICK.hash("nobody has this")
        assert not passwords.verify(typed, hashed)
        of_each.append(counting.compared)
    assert of_each[0] == of_each[1] == of_each[2] == compared_forms(typed)
    assert len(of_each[0]) == (2 if typed in (DECOMPOSED, "e\u0301" * 200) and len(typed) <= LONGEST else 1)
