"""An identity provider that a test fills, breaks and slows down."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.script import Script
from webapp.accounts.password_backend import Identity

PASSWORD = "a password of theirs"
PROVIDER = "tests.login.directory:authenticate"


@dataclass
class Directory:
    entries: dict[str, object] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def add(self, username: str, *aliases: str, **facts: str) -> None:
        self.entries |= dict.fromkeys((username, *aliases), Identity(username=username, **facts))

    def authenticate(self, identifier: str, password: str) -> object:
        self.asked.append((identifier, password))
        self.before()
        return self.entries.get(identifier) if password == PASSWORD else None


people = Directory()
NOT_CALLABLE = "a text"


def authenticate(identifier: str, password: str) -> object:
    return people.authenticate(identifier, password)


def with_provider(make_app, **settings):
    return make_app(WEBAPP_IDENTITY_PROVIDER=PROVIDER, **settings)


def auth(app, username, password=PASSWORD, **more):
    return Script(app).post("/api/auth", json={"username": username, "password": password} | more)
