"""Ada with a passkey, at each of the pages that ask for it."""

from dataclasses import dataclass

from tests.browser import Person
from tests.passkey import Authenticator
from tests.second_factors import half, passkey_login, touch, with_passkey
from webapp.accounts.models import User


@dataclass(frozen=True)
class Ceremony:
    """Ada at a page that asks for her passkey."""

    user: User
    person: Person
    device: Authenticator
    path: str

    def send(self):
        return touch(self.person, self.device, self.path)


def login(app, user, device=None):
    device = device or used(app, user)
    person = Person(app)
    person.open("/login")
    return Ceremony(user, person, device, "/login/passkey")


def second_step(app, user, device=None):
    device = device or used(app, user)
    return Ceremony(user, half(app), device, "/login/second-step/passkey")


def confirm(app, user, device=None):
    device = device or used(app, user)
    person = Person(app)
    passkey_login(person, device)
    person.open("/confirm")
    return Ceremony(user, person, device, "/confirm/passkey")


def used(app, user):
    """A passkey that has signed once."""
    made = with_passkey(app, user)
    passkey_login(Person(app), made)
    return made
