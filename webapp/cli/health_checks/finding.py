"""Finding: the result of one check, and how to fix it."""

from typing import Literal

from webapp.core.former_names import FormerNames, renamed


@renamed(says="message", mend="remedy")
class Finding(FormerNames, frozen=True):
    """The result of a check."""

    level: Literal["ok", "warn", "bad"]
    about: str
    message: str
    remedy: str = ""
    says: str = ""
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.level:<5} {self.about:<10} {self.message}" + (f" {self.remedy}" if self.remedy else "")


def ok(about: str, message: str) -> Finding:
    return Finding("ok", about, message)


def warn(about: str, message: str, remedy: str) -> Finding:
    return Finding("warn", about, message, remedy)


def bad(about: str, message: str, remedy: str) -> Finding:
    return Finding("bad", about, message, remedy)
