"""UserCodes: the short codes that people type to allow a device (RFC 8628 §6.1)."""

import re
import secrets

from webapp.core.digests import derive, keyed

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Without vowels, so that no code is a word, and without digits, which look like letters (RFC 8628 §6.1)."""
LENGTH = 8
SHAPE = re.compile(rf"[{LETTERS}]{{{LENGTH}}}")
BETWEEN = re.compile(r"[\s\-\u2010-\u2015]")


class UserCodes:
    """Digests of user codes. 34 bits could be found from a plain digest, so a key of this site is needed too."""

    def __init__(self, secret_key: str) -> None:
        self._key = derive(secret_key, "device user code")

    def digest(self, code: str) -> str:
        """The keyed digest under which a user code is stored.

        Args:
            code: in the form of ``normalized``.
        """
        return keyed(self._key, code)


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _place in range(LENGTH))


def spelled(code: str) -> str:
    """A code as people see it, such as ``BCDF-GHJK``."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def normalized(typed: str) -> str | None:
    """The code that somebody typed, whatever its case, spaces and dashes; None if it cannot be one."""
    code = BETWEEN.sub("", typed).upper()
    return code if SHAPE.fullmatch(code) else None
