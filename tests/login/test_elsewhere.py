"""Those whose password is compared elsewhere: the same door, the same words, the same limits."""

import re
import threading
from datetime import timedelta

import pytest

from tests import factories
from tests.browser import Person
from tests.letters import mails
from tests.login import directory
from tests.login.directory import PASSWORD
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import browsing, closing
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.settings import Settings, SettingsError

PROVIDER = "tests.login.directory:authenticate"


@pytest.fixture
def people(monkeypatch):
    monkeypatch.setattr(directory, "people", directory.Directory())
    return directory.people


@pytest.fixture
def house(make_app, people):
    return with_provider(make_app)


def with_provider(make_app, **settings):
    return make_app(WEBAPP_IDENTITY_PROVIDER=PROVIDER, **settings)


def auth(app, username, password=PASSWORD, **more):
    return Script(app).post("/api/auth", json={"username": username, "password": password} | more)


def account(app, name):
    with app.extensions["database"].read() as db:
        return browsing.named(db, name)


def test_somebody_known_elsewhere_gets_an_account_at_the_first_login(house, people):
    people.add("grace", email="grace@example.org", display_name="Grace Hopper", subject="4f1c")
    assert Person(house).log_in("grace", PASSWORD).request.path == "/dashboard"
    user = account(house, "grace")
    assert (user.role, user.display_name, user.known_elsewhere_as) == ("user", "Grace Hopper", "4f1c")
    assert user.email_verified_at is not None
    assert user.password_hash == ""
    assert '"elsewhere"' in events(house, "user.made")[0]["details"]


def test_the_second_login_finds_the_same_account_by_name_and_by_address(house, people):
    people.add("grace", "grace@example.org", email="grace@example.org")
    for name in ("grace", "grace@example.org"):
        assert auth(house, name).status_code == 200
    assert len(events(house, "user.made")) == 1


def test_a_name_in_other_letters_is_the_same_person(house, people):
    people.add("grace")
    people.add("GRACE")
    assert auth(house, "grace").status_code == 200
    assert auth(house, "GRACE").status_code == 200
    assert len(events(house, "user.made")) == 1


def test_who_is_renamed_there_keeps_their_account_here(house, people):
    people.add("grace", subject="4f1c")
    auth(house, "grace")
    first = account(house, "grace").id
    people.add("hopper", subject="4f1c")
    assert auth(house, "hopper").status_code == 200
    assert account(house, "hopper").id == first


def test_a_name_that_came_to_somebody_else_there_does_not_inherit_the_account(house, people):
    people.add("grace", subject="4f1c")
    auth(house, "grace")
    people.add("grace", subject="9a02")
    answer = auth(house, "grace")
    assert answer.status_code == 403
    assert "belongs to somebody else here" in answer.json["detail"]


def test_a_proof_by_another_account_confirms_nobody(house, people):
    people.add("grace", subject="4f1c")
    people.add("mallory", subject="9a02")
    auth(house, "mallory")
    person = Person(house)
    person.log_in("grace", PASSWORD)
    people.entries["grace"] = people.entries["mallory"]
    person.open("/confirm")
    assert person.press("Confirm", password=PASSWORD).status_code == 422


def test_a_step_up_asks_there_as_well(house, people):
    people.add("grace")
    person = Person(house)
    person.log_in("grace", PASSWORD)
    person.open("/confirm")
    assert person.press("Confirm", password="wrong").status_code == 422
    assert person.press("Confirm", password=PASSWORD).status_code == 200


def test_an_account_of_ours_is_compared_here_and_its_password_goes_nowhere(house, people):
    people.add("ada")
    factories.user(house, "ada")
    assert auth(house, "ada", PASSWORD).status_code == 401
    assert auth(house, "ada", factories.PASSWORD).status_code == 200
    assert people.asked == []


@pytest.mark.parametrize("name", ["root", "grace@example.org", "a b", "", "x" * 51])
def test_a_name_or_an_address_that_cannot_be_one_here_is_said_to_its_owner(house, people, name):
    factories.user(house, "boss", email="root@example.org")
    facts = {"root": {"email": "root@example.org"}}.get(name, {})
    people.entries["them"] = directory.Identity(username=name, **facts)
    before = contents(house)
    answer = auth(house, "them")
    assert (answer.status_code, answer.json["title"]) == (403, "There is no place for this account")
    assert contents(house) == before


def test_a_disabled_user_stays_disabled_and_hears_what_a_stranger_hears(house, people):
    people.add("grace")
    auth(house, "grace")
    with house.extensions["database"].write() as db:
        closing.disable(db, db.get_one(User, account(house, "grace").id))
    there, nowhere = auth(house, "grace"), auth(house, "nobody")
    assert there.status_code == nowhere.status_code == 401
    assert there.json["detail"] == nowhere.json["detail"]


def test_refusals_have_a_beat_that_is_longer_than_most_directories_take(instance, people):
    app = create_app(Settings.from_env({"WEBAPP_INSTANCE": str(instance), "WEBAPP_IDENTITY_PROVIDER": PROVIDER}))
    assert app.extensions["passwords"].beat >= timedelta(milliseconds=300)
    close(app)


def test_tries_are_counted_before_anybody_is_asked(make_app, people):
    app = with_provider(make_app, WEBAPP_LOGIN_TRIES_PER_ACCOUNT="3")
    people.add("grace")
    assert [auth(app, "grace", "wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert auth(app, "grace").status_code == 429
    assert len(people.asked) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(OSError(f"no route, and {PASSWORD}"), id="a network that is down"),
        pytest.param(SystemExit(1), id="one that wants to end the process"),
        pytest.param(TimeoutError(), id="a time of its own that is over"),
    ],
)
def test_a_provider_that_fails_is_503_in_words_and_is_logged_without_the_password(house, people, logged, fault):
    def fail():
        raise fault

    people.before = fail
    answer = auth(house, "grace")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "identity provider failed" in logged()
    assert type(fault).__name__ in logged()
    assert PASSWORD not in logged()


def test_a_provider_that_answers_nonsense_lets_nobody_in(house, people, logged):
    people.entries["grace"] = {"username": "grace"}
    assert auth(house, "grace").status_code == 503
    assert "TypeError" in logged()


def test_a_provider_that_is_down_does_not_lock_out_our_own(house, people):
    people.before = lambda: 1 / 0
    factories.user(house, "boss")
    assert auth(house, "boss", factories.PASSWORD).status_code == 200


def test_a_provider_that_hangs_is_waited_for_so_long_and_then_fills_its_places(house, people, logged):
    released = threading.Event()
    people.before = lambda: released.wait(20)
    provider = house.extensions["login"].identities.provider
    assert provider.patience == timedelta(seconds=5)
    provider.patience = timedelta(milliseconds=50)
    places = provider.at_once
    assert [auth(house, f"name{n}").status_code for n in range(places + 1)] == [503] * (places + 1)
    assert "identity provider is busy" in logged()
    assert len(people.asked) == places
    released.set()


@pytest.mark.parametrize("password", [" ", "   ", "x" * 257])
def test_a_password_that_a_directory_may_take_for_none_is_not_sent_there(house, people, password):
    """RFC 4513 §5.1.2: a bind with a name and no password succeeds."""
    people.add("grace")
    assert auth(house, "grace", password).status_code == 401
    assert people.asked == []


def test_two_who_come_at_once_for_the_first_time_are_one_account(house, people):
    people.add("grace", subject="4f1c")
    both = threading.Barrier(2, timeout=10)
    people.before = both.wait
    found = []
    threads = [threading.Thread(target=lambda: found.append(auth(house, "grace").status_code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200, 200]
    assert len(events(house, "user.made")) == 1


# What our pages say of a password that is not ours.


@pytest.fixture
def grace(house, people):
    people.add("grace", email="grace@example.org")
    person = Person(house)
    person.log_in("grace", PASSWORD)
    return person


def test_the_security_page_says_who_keeps_the_password(grace):
    assert "Kept by your organisation" in grace.open("/account/security").text


def test_the_password_page_says_so_and_changes_nothing(grace, house):
    answer = grace.open("/account/password")
    assert (answer.status_code, "not kept here" in answer.text) == (409, True)
    fields = {"password": PASSWORD, "new_password": "another horse battery", "csrf_token": csrf_of(grace)}
    assert grace.ask("POST", "/account/password", data=fields).status_code == 409
    assert account(house, "grace").password_hash == ""


def test_a_deed_that_was_not_theirs_leads_to_where_the_password_is_kept(grace):
    grace.open("/account/activity")
    page = grace.follow("Was this you?").text
    assert "where your organisation keeps it" in page
    assert 'href="/account/password"' not in page


def test_a_forgotten_password_is_told_where_it_is_kept_and_mails_nothing(grace, house):
    stranger = Person(house)
    assert "your organisation keeps your password" in stranger.open("/forgot").text
    stranger.press("Send me the link", username="grace")
    assert not events(house, "reset.asked")


def test_their_name_is_not_changed_here_and_the_rest_is(grace, house):
    grace.open("/account")
    answer = grace.press("Save profile", username="hopper")
    assert (answer.status_code, "comes with you" in answer.text) == (422, True)
    assert grace.press("Save profile", display_name="Amazing Grace", username="grace").status_code == 200
    assert account(house, "grace").display_name == "Amazing Grace"


def csrf_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]


# What stops the start.


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        pytest.param(
            "nowhere.at.all:authenticate", "cannot be imported: ModuleNotFoundError: No module", id="no module"
        ),
        pytest.param("tests.login.directory:nothing", "cannot be imported: AttributeError: module", id="no such name"),
        pytest.param("tests.login.directory:NOT_CALLABLE", "neither a function nor", id="no function"),
        pytest.param("tests.login.directory:Directory", "neither a function nor", id="a class"),
        pytest.param("tests.login.directory", "must be a module and a name in it", id="no name"),
        pytest.param("tests/login.py:x", "must be a module and a name in it", id="a path"),
    ],
)
def test_a_provider_that_is_none_stops_the_start_with_a_sentence(make_app, setting, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make_app(WEBAPP_IDENTITY_PROVIDER=setting)


def test_an_object_with_authenticate_will_do(make_app, people):
    app = make_app(WEBAPP_IDENTITY_PROVIDER="tests.login.directory:people")
    directory.people.add("grace")
    assert auth(app, "grace").status_code == 200


def test_nobody_makes_a_link_for_a_new_password_of_theirs(grace, house):
    user_id = account(house, "grace").id
    boss = Person(house)
    boss.log_in(factories.user(house, "boss", role="super_admin").username)
    sent = {"reason": "they forgot it", "csrf_token": csrf_of(boss)}
    answer = boss.ask("POST", f"/admin/users/{user_id}/reset-link", data=sent)
    assert (answer.status_code, "is not kept here" in answer.text) == (409, True)
    assert not events(house, "reset.asked")
    with house.extensions["database"].write() as db, pytest.raises(closing.PasswordElsewhere):
        closing.set_password(db, db.get_one(User, user_id), "x")


def test_who_did_not_log_in_is_sent_to_whoever_keeps_the_password(grace, house):
    other = Person(house, user_agent="Mozilla/5.0 (Windows NT 10.0) Chrome/140.0")
    other.log_in("grace", PASSWORD)
    (link,) = re.findall(r"http://[^\s]+(/not-me/\S+)", mails(house)[-1].text)
    stranger = Person(house)
    stranger.open(link)
    page = stranger.press("End")
    assert "Your password is kept by your organisation: change it there" in page.text
    assert other.ask("GET", "/dashboard").status_code == 303
    assert account(house, "grace").password_hash == ""
