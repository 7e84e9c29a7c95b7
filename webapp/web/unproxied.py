"""What stands behind Flask's proxies: each look through one costs as much as a small function."""

from typing import Any, TypeVar

T = TypeVar("T")


def unproxied(proxy: T) -> T:
    """The request, the application or ``g`` of now, for who looks at it more than once; never kept."""
    found: Any = proxy
    real: T = found._get_current_object()
    return real
