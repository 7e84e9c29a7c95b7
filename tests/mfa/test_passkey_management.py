"""One's own passkeys: added, named, removed; the last way in has to stay."""

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.passkey import Authenticator
from tests.second_factors import (
    SECURITY,
    amr_of,
    csrf,
    offered,
    passkey_login,
    register,
    stored,
    with_passkey,
)
from tests.tables import account


def test_a_passkey_can_be_added_and_named_and_used_to_log_in(app, user, person):
    device = Authenticator(aaguid=bytes.fromhex("d548826e79b4db40a3d811116f7e8349"))
    register(person, device)
    assert amr_of(app, person) == "passkey"
    assert "Bitwarden" in person.open(SECURITY).text
    other = Person(app)
    assert passkey_login(other, device).request.path == "/dashboard"
    assert amr_of(app, other) == "passkey"


def test_a_passkey_is_renamed(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    person.open(SECURITY)
    person.follow("Rename")
    assert person.press("Save", name=" ").status_code == 422
    assert "the blue one" in person.press("Save", name="the blue one").text


def test_the_same_passkey_is_not_added_twice(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    assert register(person, device).status_code == 409


def test_a_removed_passkey_is_refused(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    person.open(SECURITY)
    person.follow("Remove passkey 1")
    person.press("Remove Security key")
    assert passkey_login(Person(app), device).status_code == 422
    assert stored(app, user) == []


def test_a_passkey_of_another_user_is_404(app, user):
    with_passkey(app, factories.user(app, "eve"))
    (theirs,) = stored(app, account(app, "eve"))
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    for path in (f"{SECURITY}/passkeys/{theirs.id}", f"{SECURITY}/passkeys/{theirs.id}/remove"):
        assert person.ask("GET", path).status_code == 404
        name = {} if path.endswith("remove") else {"name": "mine"}
        assert person.ask("POST", path, data={"csrf_token": csrf(person)} | name).status_code == 404


def test_adding_an_app_does_not_lower_the_level_of_the_session(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    mine = offered(person)
    person.press("Turn on", code=mine.code())
    assert amr_of(app, person) == "passkey"


def test_without_a_password_the_last_passkey_cannot_be_removed(app, user):
    first, second = with_passkey(app, user), with_passkey(app, user)
    person = Person(app)
    passkey_login(person, first)
    person.open("/account/password/remove")
    person.press("Remove password")
    gone, kept = stored(app, user)
    person.open(f"{SECURITY}/passkeys/{gone.id}/remove")
    person.press("Remove Security key")
    assert "only way to log in" in person.open(SECURITY).text
    assert "only way to log in" in person.open(f"{SECURITY}/passkeys/{kept.id}/remove").text
    answer = person.ask("POST", f"{SECURITY}/passkeys/{kept.id}/remove", data={"csrf_token": csrf(person)})
    assert answer.status_code == 409
    assert passkey_login(Person(app), second).request.path == "/dashboard"


def test_a_removed_password_is_refused(app, user):
    device = with_passkey(app, user)
    with_passkey(app, user)
    person = Person(app)
    passkey_login(person, device)
    person.open("/account/password/remove")
    person.press("Remove password")
    assert Person(app).log_in("ada").status_code == 422
    assert Person(app).log_in("ada", "").status_code == 422
    assert [m.kind for m in mails(app)].count("factors_changed") == 1


def test_with_a_single_passkey_the_password_cannot_be_removed(app, user):
    device, person = with_passkey(app, user), Person(app)
    passkey_login(person, device)
    assert "2 other ways" in person.open("/account/password/remove").text
    answer = person.ask("POST", "/account/password/remove", data={"csrf_token": csrf(person)})
    assert answer.status_code == 409
