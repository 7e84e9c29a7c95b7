"""resource(): what its scopes are for, in words for people; said once, where the resource is declared."""

from collections.abc import Mapping
from dataclasses import dataclass

# By the part of a scope before its colon. Rooms are imported once, so each says it once.
DECLARED: dict[str, "Resource"] = {}


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    title: str
    sentences: Mapping[str, str]
    """By the part of a scope after its colon: what a token with it may do."""


def resource(name: str, title: str, *, reads: str = "", writes: str = "", **others: str) -> Resource:
    """Describe the scopes of a resource, such as ``reports:read`` and ``reports:write``.

    Args:
        others: a sentence for each scope that neither reads nor writes, by its last part.
    """
    sentences = {verb: words for verb, words in {"read": reads, "write": writes, **others}.items() if words}
    found = Resource(name, title, sentences)
    if DECLARED.setdefault(name, found) != found:
        raise ValueError(f"the resource {name} has two different descriptions")
    return found
