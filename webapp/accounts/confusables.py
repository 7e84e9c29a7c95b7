"""Skeletons of names: two names that look alike have the same one (UTS #39 §4)."""

import hashlib
import json
import unicodedata
from collections import defaultdict
from functools import cache
from importlib.resources import files

# The library reads confusables.txt with the marks of direction that stand around letters of right-to-left scripts.
DIRECTION_MARK = "\u200e"


@cache
def prototypes() -> dict[str, str]:
    """What each confusable character is replaced with.

    ``confusable_homoglyphs`` keeps the pairs of Unicode's ``confusables.txt`` in both directions. Whatever is connected
    is one class, of which one member stands for all: a sequence, such as "rn" for "m", where there is one.
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
    """The skeleton of a name, without case: names are compared so as well."""
    replaced = unicodedata.normalize("NFD", name)
    # Twice: the characters of a sequence have classes of their own.
    for _ in range(2):
        replaced = "".join(prototypes().get(character, character) for character in replaced)
    return unicodedata.normalize("NFD", replaced.casefold())


def skeleton_key(name: str) -> str:
    """The skeleton as it is stored and compared: a digest, because a skeleton may be many times as long as its name."""
    return hashlib.sha256(skeleton_of(name).encode()).hexdigest()
