"""How much is tried where the input is made up: all of it where CI is set, a taste of it at everybody's desk."""

import os

IS_CI = bool(os.environ.get("CI"))


def examples(most: int) -> int:
    """Of so many that CI tries, these are tried here."""
    return most if IS_CI else max(1, most // 8)
