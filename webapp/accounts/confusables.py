"""Skeletons of names: two names that look alike have the same one (UTS #39 §4)."""

import hashlib
import json
import unicodedata
from collections import defaultdict
from functools import cache
from importlib.resources import files

# The data of the library contains left-to-right marks around letters of right-to-left scripts.
DIRECTION_MARK = "\u200e"


@cache
def prototypes() -> dict[str, str]:
    """Map each confusable character to the prototype of its class.

    ``confusable_homoglyphs`` keeps the pairs of Unicode's ``confusables.txt`` in both directions. Connected characters
    form one class. Its prototype is a sequence, such as "rn" for "m", if the class has one.
    """
    pairs = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8"))
    alike: dict[str, set[str]] = defaultdict(set)
    for text, others in pairs.items():
        for other in others:
            one, two = text.replace(DIRECTION_MARK, ""), other["c"].replace(DIRECTION_MARK, "")
            alike[one].add(two)
            alike[two].add(one)
    found: dict[str, str] = {}
    for text in sorted(alike):
        if text not in found:
            members = connected(alike, text)
            # ASCII first among single characters, so that a skeleton can be read.
            prototype = min(members, key=lambda member: (-len(member), member))
            found |= dict.fromkeys(members, prototype)
    return found


def connected(alike: dict[str, set[str]], text: str) -> set[str]:
    members, waiting = {text}, [text]
    while waiting:
        new = alike[waiting.pop()] - members
        members |= new
        waiting += new
    return members


def skeleton_of(name: str) -> str:
    """The skeleton of a name, case-folded, because user names are compared without case."""
    replaced = unicodedata.normalize("NFD", name)
    # Twice, because the characters of a replaced sequence are confusable as well.
    for _ in range(2):
        replaced = "".join(prototypes().get(character, character) for character in replaced)
    return unicodedata.normalize("NFD", replaced.casefold())


def skeleton_key(name: str) -> str:
    """The skeleton as it is stored and compared: its SHA-256, because a skeleton may be much longer than the name."""
    return hashlib.sha256(skeleton_of(name).encode()).hexdigest()
