"""Finding: the result of one check, and how to fix it."""

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    level: Literal["ok", "warn", "bad"]
    about: str
    says: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.level:<5} {self.about:<10} {self.says}" + (f" {self.mend}" if self.mend else "")


def ok(about: str, says: str) -> Finding:
    return Finding("ok", about, says)


def warn(about: str, says: str, mend: str) -> Finding:
    return Finding("warn", about, says, mend)


def bad(about: str, says: str, mend: str) -> Finding:
    return Finding("bad", about, says, mend)
