"""The ways by which Eve's account gets its e-mail address, and what verifies it."""

import re

from tests.accounts.password_reset import ask, set_new
from tests.accounts.registration_calls import SMTP, register
from tests.admin.admin_objects import WHY, by_session
from tests.browser import Person
from tests.factories import PASSWORD, user
from tests.login import directory
from tests.outbox_mails import mails
from tests.tables import account
from webapp.accounts import one_time_links
from webapp.accounts.registration import SETUP
from webapp.accounts.self_registration import LIFETIME
from webapp.core.db import Database
from webapp.web.registry import services_of

ADDRESS = "eve@example.org"
ORIGIN = "http://localhost:8000"


def added(app, run):
    """Eve, whose address an operator typed."""
    assert run(f"user add eve --email {ADDRESS} --password-stdin", typed=PASSWORD).exit_code == 0
    return Person(app)


def setup(app, run):
    with services_of(app).get(Database).write() as db:
        secret = one_time_links.create(db, SETUP, LIFETIME)
    person = Person(app)
    person.open(f"/setup/{secret}")
    person.press("Create account", username="eve", email=ADDRESS, password=PASSWORD)


def come_in_by(app, path):
    person = Person(app)
    person.open(path)
    person.press("Register", username="eve", password=PASSWORD)


def invited_by_page(app, run):
    boss = Person(app)
    boss.log_in(user(app, role="admin").username)
    boss.open("/admin/invitations/new")
    boss.press("Create invitation", role="user", email=ADDRESS)
    come_in_by(app, mails(app)[-1].link)


def invited_by_json(app, run):
    by_session(app, user(app, role="admin").username).post(
        "/admin/invitations/new", json={"role": "user", "email": ADDRESS}
    )
    come_in_by(app, mails(app)[-1].link)


def invited_by_command(app, run):
    assert run(f"invite {ADDRESS}", **SMTP).stdout == ""
    come_in_by(app, mails(app)[-1].link)


def shown_by_page(app):
    boss = Person(app)
    boss.log_in(user(app, role="admin").username)
    boss.open("/admin/invitations/new")
    page = boss.press("Create invitation", role="user").text
    return re.search(f'{ORIGIN}(/register/[^<"]+)', page)[1]


def shown_by_json(app):
    boss = by_session(app, user(app, role="admin").username)
    return boss.post("/admin/invitations/new", json={"role": "user"}).json["link"].removeprefix(ORIGIN)


def typed_at(show, *, is_followed):
    """The address is typed by whoever came by an invitation that anybody may hold."""

    def way(app, run):
        person = Person(app)
        person.open(show(app, run) if show is shown_by_command else show(app))
        person.press("Register", username="eve", email=ADDRESS, password=PASSWORD)
        if is_followed:
            verify(app)

    return way


def shown_by_command(app, run):
    return run("invite eve").stdout.strip().removeprefix(ORIGIN)


def verify(app):
    person = Person(app)
    person.open(mails(app)[-1].link)
    person.press("Verify my e-mail address", password=PASSWORD)


def registered(app, run):
    register(Person(app))


def registered_and_verified(app, run):
    register(Person(app))
    verify(app)


def verified_by_the_second_link(app, run):
    person = Person(app)
    register(person)
    person.log_in("eve")
    person.press("Send mail again")
    verify(app)


def another_name_by_mail(app, run):
    user(app, "taken")
    register(Person(app), "taken", ADDRESS)
    person = Person(app)
    person.open(mails(app)[-1].link)
    typed = {"email": ADDRESS} if 'name="email"' in person.page.text else {}
    person.press("Register", username="eve", password=PASSWORD, **typed)
    if typed:
        verify(app)


def forgotten(app, run):
    person = added(app, run)
    ask(person, "eve")
    set_new(person, mails(app)[-1].link)


def reset_by_admin(app, run):
    person, boss = added(app, run), by_session(app, user(app, role="admin").username)
    shown = boss.post(f"/admin/users/{account(app, 'eve').id}/reset-link", json={"reason": WHY}).json["link"]
    set_new(person, shown.removeprefix(ORIGIN) if shown else mails(app)[-1].link)


def reset_by_admin_page(app, run):
    person, boss = added(app, run), Person(app)
    boss.log_in(user(app, role="admin").username)
    boss.open(f"/admin/users/{account(app, 'eve').id}")
    boss.follow("Send reset link")
    shown = re.search(f'{ORIGIN}(/reset/[^<"]+)', boss.press("Send reset link", reason=WHY).text)
    set_new(person, shown[1] if shown else mails(app)[-1].link)


def reset_by_command(app, run):
    person = added(app, run)
    set_new(person, run("user reset-link eve").stdout.strip().removeprefix(ORIGIN))


def asked_for(app, person, email):
    person.log_in("eve")
    person.open("/account")
    person.press("Send verification link", email=email)


def confirm(app, kind="confirm_email", button="Verify"):
    person = Person(app)
    person.open([mail for mail in mails(app) if mail.kind == kind][-1].link)
    person.press(button)


def own_address_asked_for(app, run):
    asked_for(app, added(app, run), ADDRESS)


def own_address_confirmed(app, run):
    own_address_asked_for(app, run)
    confirm(app)


def changed(app, run):
    asked_for(app, added(app, run), "eve@elsewhere.example")
    confirm(app)


def changed_back(app, run):
    changed(app, run)
    confirm(app, "email_changed", f"Restore {ADDRESS}")


def verified_changed_and_changed_back(app, run):
    own_address_confirmed(app, run)
    asked_for(app, Person(app), "eve@elsewhere.example")
    confirm(app)
    confirm(app, "email_changed", f"Restore {ADDRESS}")


def changed_back_and_reset(app, run):
    verified_changed_and_changed_back(app, run)
    set_new(Person(app), last_reset_link(app))


def last_reset_link(app):
    return [mail for mail in mails(app) if "/reset/" in mail.text][-1].link


def not_me(app, run):
    added(app, run).log_in("eve")
    person = Person(app, ip_address="198.51.100.7", user_agent="Chrome/140.0")
    person.log_in("eve")
    confirm(app, "new_login", "Secure my account")
    set_new(Person(app), last_reset_link(app))


def provider(**claim):
    def way(app, run):
        directory.people.add("eve", email=ADDRESS, **claim)
        directory.auth(app, "eve")

    return way
