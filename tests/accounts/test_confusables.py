"""User names that look alike: the second one is refused as taken, on every way to get a user name."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import update

from tests import factories
from tests.accounts.registration_calls import SMTP, register
from tests.browser import Person
from tests.factories import PASSWORD
from tests.login.directory import auth, with_provider
from tests.outbox_mails import mails
from tests.tables import account
from webapp.accounts import invitations, one_time_links, registration
from webapp.accounts.confusables import skeleton_key, skeleton_of
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import User
from webapp.accounts.registration import NewUser, UserNameTaken
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of

HONEST = [
    *(
        "ada",
        "Ada.Lovelace",
        "müller",
        "Straße",
        "jürgen-groß",
        "élodie",
        "françois",
        "garçon",
        "noël",
        "cœur",
        "yıldız",
    ),
    *("Işıl", "çağrı", "gökçe", "şükrü", "łukasz", "żółw", "grzegorz", "ąćęłńóśźż", "Ναυσικά", "γιώργος", "Ελένη"),
    *(
        "мария",
        "Дмитрий",
        "юлия",
        "щука",
        "山田",
        "さくら",
        "カタカナ",
        "김철수",
        "đặng",
        "nguyễn",
        "þórður",
        "ægir",
        "øystein",
    ),
    *("محمد", "שרה", "हिन्दी", "สมชาย"),
]


@pytest.mark.parametrize("name", HONEST)
def test_an_ordinary_name_is_accepted(app, name):
    assert account(app, factories.user(app, name, email="x@example.org").username).username == name


def test_ordinary_names_do_not_exclude_each_other():
    assert len({skeleton_key(name) for name in HONEST}) == len(HONEST)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *(("alice", "alıce"), ("alice", "ɑlice"), ("alice", "a1ice"), ("alice", "aIice"), ("Alice", "AIice")),
        *(("modern", "modem"), ("google", "ɡooɡle"), ("yildiz", "yıldız"), ("yıldız", "yildiz")),
    ],
)
def test_a_look_alike_of_an_existing_name_is_taken(app, first, second):
    factories.user(app, first)
    with pytest.raises(UserNameTaken):
        factories.user(app, second, email="other@example.org")


@pytest.mark.parametrize(
    ("one", "other"), [("ada", "adá"), ("lukasz", "łukasz"), ("o", "ø"), ("a-b", "a.b"), ("c", "ç")]
)
def test_distinguishable_names_have_different_skeletons(one, other):
    assert skeleton_of(one) != skeleton_of(other)


def by_registering(make_app, _people):
    app = make_app(**SMTP, WEBAPP_REGISTRATION="open")
    factories.user(app, "alice")
    # What strangers hear is the same whether the name is free or not; the mail says it.
    assert register(Person(app), "alıce", "eve@example.org").status_code == 200
    assert [mail.kind for mail in mails(app)] == ["name_taken"]
    return app


def by_invitation(make_app, _people):
    app = make_app()
    factories.user(app, "alice")
    with services_of(app).get(Database).write() as db:
        path = invitations.create(db, InvitationRequest(email="eve@example.org")).path
    person = Person(app)
    person.open(path)
    assert person.press("Register", username="alıce", password=PASSWORD).status_code == 422
    return app


def by_setup_link(make_app, _people):
    app = make_app()
    factories.user(app, "alice")
    with services_of(app).get(Database).write() as db:
        secret = one_time_links.create(db, registration.SETUP, timedelta(hours=1))
    new = NewUser(username="alıce", email=None, password_hash="", role="super_admin")
    with pytest.raises(UserNameTaken), services_of(app).get(Database).write() as db:
        registration.create_first_admin(db, secret, new)
    return app


def by_another_profile(make_app, _people):
    app = make_app()
    factories.user(app, "alice")
    factories.user(app, "eve")
    person = Person(app)
    person.log_in("eve")
    person.open("/account")
    assert person.press("Save profile", username="alıce").status_code == 422
    return app


def by_a_provider(make_app, people):
    app = with_provider(make_app)
    factories.user(app, "alice")
    people.add("alıce", subject="4f1c")
    assert "belongs to another account here" in auth(app, "alıce").json["detail"]
    return app


def by_a_new_name_at_a_provider(make_app, people):
    app = with_provider(make_app)
    factories.user(app, "alice")
    people.add("eve", subject="4f1c")
    assert auth(app, "eve").status_code == 200
    people.add("alıce", subject="4f1c")
    assert "belongs to another account here" in auth(app, "alıce").json["detail"]
    return app


WAYS = [by_registering, by_invitation, by_setup_link, by_another_profile, by_a_provider, by_a_new_name_at_a_provider]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_wherever_a_name_is_chosen_a_look_alike_is_refused(make_app, people, way):
    app = way(make_app, people)
    with services_of(app).get(Database).read() as db:
        assert registration.exists(db, User.username == "alıce") is False


def test_a_user_can_change_the_spelling_of_the_own_name(person, app, user):
    person.open("/account")
    assert person.press("Save profile", username="Ada").status_code == 200
    person.open("/account")
    assert person.press("Save profile", username="ɑda").status_code == 200
    assert account(app, "ɑda").id == user.id


def test_existing_look_alikes_are_kept_and_can_log_in(app, user):
    factories.user(app, "eve")
    same = {"username": "ɑda", "username_key": "ɑda", "username_skeleton": skeleton_key("ada")}
    with services_of(app).get(Database).write() as db:
        db.execute(update(User).where(User.username == "eve").values(same))
    person = Person(app)
    assert person.log_in("ɑda").request.path == "/dashboard"
    person.open("/account")
    assert person.press("Save profile", display_name="Eve").status_code == 200
    assert account(app, "ɑda").display_name == "Eve"


def test_an_expired_unverified_name_blocks_no_look_alike(make_app):
    app = make_app(**SMTP, WEBAPP_REGISTRATION="open")
    with time_machine.travel(now(), tick=False) as clock:
        register(Person(app), "alıce", "eve@example.org")
        clock.shift(timedelta(days=3))
        register(Person(app), "alice", "alice@example.org")
    assert account(app, "alice").email == "alice@example.org"
