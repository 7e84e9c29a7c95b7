"""Former names of members: answers have each renamed member by both names, and requests may use either."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

import msgspec

T = TypeVar("T")

ATTRIBUTE = "former_names"
NONE: Mapping[str, str] = MappingProxyType({})


def renamed(**names: str) -> Callable[[type[T]], type[T]]:
    """Class decorator for forms, and structs for queries and answers: members that had another name.

    Args:
        names: present names by former ones, such as ``address="ip_address"``.
    """

    def decorate(kind: type[T]) -> type[T]:
        setattr(kind, ATTRIBUTE, {**former_names_of(kind), **names})
        return kind

    return decorate


def former_names_of(kind: type) -> Mapping[str, str]:
    """Present names by former ones."""
    found: Mapping[str, str] = getattr(kind, ATTRIBUTE, NONE)
    return found


class FormerNames(msgspec.Struct, frozen=True):
    """Base class of ``@renamed`` answers. They have both members, so that clients of former versions find theirs."""

    def __post_init__(self) -> None:
        for former, name in former_names_of(type(self)).items():
            msgspec.structs.force_setattr(self, former, getattr(self, name))


@renamed(address="ip_address")
class HasIpAddress(FormerNames, frozen=True, kw_only=True):
    """Base class of answers with an IP address."""

    ip_address: str | None
    address: str | None = None
    """Former name of `ip_address`."""
