"""unproxied(): the object behind a Flask proxy, because each access through one costs as much as a function call."""

from typing import Any, TypeVar

T = TypeVar("T")


def unproxied(proxy: T) -> T:
    """The current request, application or ``g``, for code that uses it several times; not to be stored."""
    found: Any = proxy
    real: T = found._get_current_object()
    return real
