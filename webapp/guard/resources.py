"""resource(): declares a resource and describes its scopes for the pages about tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

# By the part of the scope before the colon.
DECLARED: dict[str, "Resource"] = {}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that scopes refer to, with the sentences that describe them."""

    name: str
    title: str
    sentences: Mapping[str, str]
    """What a token with the scope may do, by the part of the scope after its colon."""


def resource(name: str, title: str, *, reads: str = "", writes: str = "", **others: str) -> Resource:
    """Describe the scopes of a resource, such as ``reports:read`` and ``reports:write``.

    Args:
        reads: sentence for ``NAME:read``.
        writes: sentence for ``NAME:write``.
        others: sentences for other scopes, by the part after the colon.

    Raises:
        ValueError: the resource was declared with another description.
    """
    sentences = {verb: words for verb, words in {"read": reads, "write": writes, **others}.items() if words}
    found = Resource(name, title, sentences)
    if DECLARED.setdefault(name, found) != found:
        raise ValueError(f"the resource {name} has two different descriptions")
    return found
