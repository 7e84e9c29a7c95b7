"""Those whose password is compared elsewhere: the same form, messages and limits."""

import threading
from datetime import timedelta

import pytest

from tests import factories
from tests.browser import Person
from tests.login import directory
from tests.login.directory import PASSWORD, PROVIDER, auth, with_provider
from tests.tables import account, contents, events
from webapp.accounts import identity, lifecycle
from webapp.accounts.models import User
from webapp.accounts.password_backend import Identity, PasswordBackend
from webapp.accounts.passwords import Passwords
from webapp.app import close, create_app
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of


@pytest.fixture
def site(make_app, people):
    return with_provider(make_app)


def test_a_user_of_the_provider_gets_an_account_at_the_first_login(site, people):
    people.add("grace", email="grace@example.org", display_name="Grace Hopper", subject="4f1c")
    assert Person(site).log_in("grace", PASSWORD).request.path == "/dashboard"
    user = account(site, "grace")
    assert (user.role, user.display_name, user.known_elsewhere_as) == ("user", "Grace Hopper", "4f1c")
    assert user.email_verified_at is not None
    assert user.password_hash == ""
    assert '"elsewhere"' in events(site, "user.made")[0]["details"]


def test_the_second_login_finds_the_account_by_name_and_by_email_address(site, people):
    people.add("grace", "grace@example.org", email="grace@example.org")
    for name in ("grace", "grace@example.org"):
        assert auth(site, name).status_code == 200
    assert len(events(site, "user.made")) == 1


def test_a_name_in_other_letter_case_is_the_same_account(site, people):
    people.add("grace")
    people.add("GRACE")
    assert auth(site, "grace").status_code == 200
    assert auth(site, "GRACE").status_code == 200
    assert len(events(site, "user.made")) == 1


def test_a_user_renamed_at_the_provider_keeps_the_account(site, people):
    people.add("grace", subject="4f1c")
    auth(site, "grace")
    first = account(site, "grace").id
    people.add("hopper", subject="4f1c")
    assert auth(site, "hopper").status_code == 200
    assert account(site, "hopper").id == first


def test_a_reused_name_at_the_provider_does_not_get_the_account(site, people):
    people.add("grace", subject="4f1c")
    auth(site, "grace")
    people.add("grace", subject="9a02")
    answer = auth(site, "grace")
    assert answer.status_code == 403
    assert "belongs to another account here" in answer.json["detail"]


def test_a_step_up_with_another_account_is_refused(site, people):
    people.add("grace", subject="4f1c")
    people.add("mallory", subject="9a02")
    auth(site, "mallory")
    person = Person(site)
    person.log_in("grace", PASSWORD)
    people.entries["grace"] = people.entries["mallory"]
    person.open("/confirm")
    assert person.press("Confirm", password=PASSWORD).status_code == 422


def test_a_step_up_calls_the_provider_too(site, people):
    people.add("grace")
    person = Person(site)
    person.log_in("grace", PASSWORD)
    person.open("/confirm")
    assert person.press("Confirm", password="wrong").status_code == 422
    assert person.press("Confirm", password=PASSWORD).status_code == 200


def test_a_local_password_is_compared_here_and_not_sent_to_the_provider(site, people):
    people.add("ada")
    factories.user(site, "ada")
    assert auth(site, "ada", PASSWORD).status_code == 401
    assert auth(site, "ada", factories.PASSWORD).status_code == 200
    assert people.asked == []


@pytest.mark.parametrize("name", ["root", "grace@example.org", "a b", "", "x" * 51])
def test_an_unusable_name_or_email_address_is_reported_to_the_user(site, people, name):
    factories.user(site, "boss", email="root@example.org")
    facts = {"root": {"email": "root@example.org"}}.get(name, {})
    people.entries["them"] = directory.Identity(username=name, **facts)
    before = contents(site)
    answer = auth(site, "them")
    assert (answer.status_code, answer.json["title"]) == (403, "This account can't be used here")
    assert contents(site) == before


def test_a_disabled_user_stays_disabled_and_gets_the_answer_of_a_wrong_password(site, people):
    people.add("grace")
    auth(site, "grace")
    with services_of(site).get(Database).write() as db:
        lifecycle.disable(db, db.get_one(User, account(site, "grace").id))
    there, nowhere = auth(site, "grace"), auth(site, "nobody")
    assert there.status_code == nowhere.status_code == 401
    assert there.json["detail"] == nowhere.json["detail"]


def test_refusals_are_sent_at_an_interval_longer_than_most_directories_take(instance, people):
    app = create_app(Settings.from_env({"WEBAPP_INSTANCE": str(instance), "WEBAPP_IDENTITY_PROVIDER": PROVIDER}))
    assert services_of(app).get(Passwords).response_interval >= timedelta(milliseconds=300)
    close(app)


def test_attempts_are_counted_before_the_provider_is_called(make_app, people):
    app = with_provider(make_app, WEBAPP_LOGIN_TRIES_PER_ACCOUNT="3")
    people.add("grace")
    assert [auth(app, "grace", "wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert auth(app, "grace").status_code == 429
    assert len(people.asked) == 3


@pytest.mark.parametrize("password", [" ", "   ", "x" * 257])
def test_an_empty_password_is_not_sent_to_the_provider(site, people, password):
    """RFC 4513 §5.1.2: a bind with a name and no password succeeds."""
    people.add("grace")
    assert auth(site, "grace", password).status_code == 401
    assert people.asked == []


def test_two_first_logins_at_once_create_one_account(site, people):
    people.add("grace", subject="4f1c")
    both = threading.Barrier(2, timeout=10)
    people.before = both.wait
    found = []
    threads = [threading.Thread(target=lambda: found.append(auth(site, "grace").status_code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200, 200]
    assert len(events(site, "user.made")) == 1


def test_a_function_may_import_what_it_returns_by_the_former_name_of_the_module():
    assert (identity.Identity, identity.IdentityProvider) == (Identity, PasswordBackend)
