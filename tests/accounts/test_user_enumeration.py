"""Known and unknown names cost the same work, during the request and after the response."""

import re
from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from tests import factories
from tests.browser import Person
from tests.mailbox import Mailbox
from tests.outbox_mails import mails
from tests.script import Script
from tests.second_factors import JSON, csrf
from tests.statements import statements
from tests.tables import events
from webapp.accounts import lifecycle, one_time_links
from webapp.accounts.models import Invitation, User
from webapp.core.db import Database
from webapp.mail import outbox
from webapp.web.registry import services_of

WRONG = "not the password of anybody"
KNOWN = {"name": "ada", "e-mail address": "ada@example.org", "disabled": "gone", "no e-mail address": "mute"}
UNKNOWN = {"name": "zoe", "e-mail address": "zoe@example.org"}


@pytest.fixture
def site(make_app):
    app = make_app(WEBAPP_REGISTRATION="open")
    factories.user(app, "ada", email="ada@example.org")
    factories.user(app, "mute", email=None)
    gone = factories.user(app, "gone", email="gone@example.org")
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get_one(User, gone.id))
    return app


@contextmanager
def counted(app, monkeypatch):
    """Statements by their text, commits, and mails that were rendered."""
    work = Counter()
    engine = services_of(app).get(Database).engine

    def commit(_connection):
        work["COMMIT"] += 1

    sealed = outbox.put

    def put(*args, **kwargs):
        work["mail"] += 1
        return sealed(*args, **kwargs)

    event.listen(engine, "commit", commit)
    try:
        with monkeypatch.context() as patched, statements(app) as asked:
            patched.setattr(outbox, "put", put)
            yield work
    finally:
        work.update(sql for sql, _values in asked)
        event.remove(engine, "commit", commit)


def login(app, who):
    person = Person(app)
    return person.ask("POST", "/login", json={"username": who, "password": WRONG}, headers=sent(person))


def api_auth(app, who):
    return Script(app).post("/api/auth", json={"username": who, "password": WRONG})


def forgot(app, who):
    person = Person(app)
    return person.ask("POST", "/forgot", json={"username": who}, headers=sent(person))


def sent(person):
    return JSON | {"X-CSRF-Token": csrf(person)}


FORMS = {"POST /login": login, "POST /api/auth": api_auth, "POST /forgot": forgot}


def cost(app, monkeypatch, form, who):
    """Of one request, of what follows its answer, and of sending the mails that it has put into the outbox."""
    form(app, "warm up")
    Mailbox(app).opened()
    with counted(app, monkeypatch) as work:
        answer = form(app, who)
        Mailbox(app).opened()
    return answer.status_code, work


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_public_form_does_the_same_for_known_and_unknown_names(site, monkeypatch, form):
    found = {who: cost(site, monkeypatch, form, who) for who in (*KNOWN.values(), *UNKNOWN.values())}
    status, work = found["zoe"]
    assert {who: answer for who, (answer, _) in found.items() if answer != status} == {}
    for who, (_, done) in found.items():
        assert without_sending(done) == without_sending(work), who


def test_an_email_change_does_the_same_for_taken_and_free_email_addresses(site, monkeypatch):
    factories.user(site, "eve")
    person, works = Person(site), {}
    person.log_in("eve")
    headers = sent(person)
    for who in ("first@example.org", "zoe@example.org", "ada@example.org", "gone@example.org"):
        Mailbox(site).opened()
        with counted(site, monkeypatch) as work:
            assert person.ask("POST", "/account/email", json={"email": who}, headers=headers).status_code == 202
            Mailbox(site).opened()
        works[who] = without_sending(work)
    assert works["ada@example.org"] == works["gone@example.org"] == works["zoe@example.org"]


REGISTERED = {
    "both free": ("zoe", "zoe@example.org"),
    "e-mail address of a verified owner": ("zoe", "ada@example.org"),
    "e-mail address of a disabled owner": ("zoe", "gone@example.org"),
    "e-mail address of an unverified owner": ("zoe", "late@example.org"),
    "user name": ("ada", "zoe@example.org"),
    "user name in other letters": ("ADA", "zoe@example.org"),
    "user name of a disabled owner": ("gone", "zoe@example.org"),
    "user name of an unverified owner": ("late", "zoe@example.org"),
    "both of one owner": ("ada", "ada@example.org"),
    "both of an unverified owner": ("late", "late@example.org"),
    "both of two owners": ("mute", "ada@example.org"),
}


def register(app, name, email):
    person = Person(app)
    fields = {"username": name, "email": email, "password": factories.PASSWORD}
    return person.ask("POST", "/register", json=fields, headers=sent(person))


@pytest.mark.parametrize("taken", list(REGISTERED)[1:])
def test_a_registration_does_the_same_for_taken_and_free_names(site, monkeypatch, taken):
    register(site, "late", "late@example.org")
    works = {}
    for case in (taken, "both free"):
        Mailbox(site).opened()
        with counted(site, monkeypatch) as work:
            assert register(site, *REGISTERED[case]).status_code == 202
            Mailbox(site).opened()
        works[case] = without_sending(work)
    assert works[taken] == works["both free"]
    assert works[taken]["mail"] == 1


def test_decoy_rows_of_a_registration_grant_nothing_and_are_deleted(site):
    register(site, "zoe", "gone@example.org")
    with services_of(site).get(Database).write() as db:
        assert one_time_links.purge(db) == 1
        assert db.scalars(select(User.username).where(User.email.like("%.invalid"))).all() == []
        assert db.scalars(select(Invitation.id)).all() == []


def without_sending(work):
    """A mail that reached somebody stays as sent, one to nobody is gone: one statement each, in another wording."""
    plain = Counter()
    for text, count in work.items():
        ends_a_mail = text.startswith(("UPDATE outgoing_mail SET sealed", "DELETE FROM outgoing_mail"))
        reads_it = text.startswith("SELECT outgoing_mail") and "WHERE outgoing_mail.id =" in text
        text = text.replace("link.user_id IS NULL", "link.user_id = ?")
        text = re.sub("^(RELEASE|ROLLBACK TO) SAVEPOINT", "end of a savepoint", text)
        plain["end a mail" if ends_a_mail else "read a mail" if reads_it else text] += count
    del plain["read a mail"]
    # Asked once a second, by whichever request comes then.
    return Counter({text: count for text, count in plain.items() if "FROM stored_keys" not in text})


def test_an_account_over_the_mail_limit_costs_the_same_under_its_other_name(site, monkeypatch):
    for _ in range(4):
        forgot(site, "ada")
    _, other = cost(site, monkeypatch, forgot, "ada@example.org")
    _, unknown = cost(site, monkeypatch, forgot, "zoe@example.org")
    assert other["mail"] == unknown["mail"] == 1
    assert other["COMMIT"] == unknown["COMMIT"]


def test_decoy_mails_are_not_sent_and_not_shown(site):
    forgot(site, "zoe")
    with services_of(site).get(Database).read() as db:
        assert (list(outbox.unsent(db)), list(outbox.latest(db))) == ([], [])
        assert set(outbox.states(db).values()) == {0}
    assert mails(site) == []
    assert Mailbox(site).opened() == []
    assert events(site, "reset.asked")[-1]["user_id"] is None


def test_decoy_rows_are_deleted(site):
    forgot(site, "zoe")
    with services_of(site).get(Database).write() as db:
        assert one_time_links.purge(db) == 2
        assert one_time_links.purge(db) == 0
