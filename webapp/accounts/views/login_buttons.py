"""LoginButtonsFor: the identity providers on the login page and the registration page, provided by a package above."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class LoginButton(NamedTuple):
    """A way to log in besides the password."""

    name: str
    icon: str
    """Name of the icon; empty for none."""
    url: str
    policy: str
    """Who gets an account at the first login: ``open``, ``domains``, ``invited`` or ``closed``."""


class LoginButtonsFor(Protocol):
    """Hook: the identity providers that users can log in with, to go to ``target`` afterwards."""

    def __call__(self, target: str | None, /) -> Sequence[LoginButton]: ...
