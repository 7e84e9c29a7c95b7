"""ServiceRegistry: the services of one application, each registered once under its type.

Views, the guard and sessions call ``service(Type)``; commands, tests and ``webapp.app`` call
``services_of(app).get(Type)``. Domain code gets services as arguments.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app
from typing_extensions import TypeForm

from webapp.web.unproxied import unproxied

T = TypeVar("T")
KEY = "latchkey_services"


class ServiceRegistry:
    """Services by type: a class, a Protocol (for a hook), or a NewType where one class serves several purposes."""

    def __init__(self) -> None:
        self._by_kind: dict[object, Any] = {}

    def provide(self, kind: TypeForm[T]) -> Callable[[T], None]:
        """Register a service, in two calls: ``provide(Limiter)(limiter)``.

        In one call mypy would check nothing, because ``T`` widens to ``object``.

        Args:
            kind: the type under which ``get`` finds it.

        Returns:
            A function that takes the service.

        Raises:
            TypeError: there is a service of this type already.
        """
        if kind in self._by_kind:
            raise TypeError(f"{kind} is provided already")
        return self.replace(kind)

    def replace(self, kind: TypeForm[T]) -> Callable[[T], None]:
        """Like ``provide``, but a service that is already registered is replaced, as tests do."""

        def register(instance: T) -> None:
            self._by_kind[kind] = instance

        return register

    def get(self, kind: TypeForm[T]) -> T:
        """The service of this type.

        Raises:
            LookupError: none is registered.
        """
        try:
            found: T = self._by_kind[kind]
        except KeyError:
            raise LookupError(f"no service is provided for {kind}") from None
        return found

    def find(self, kind: TypeForm[T]) -> T | None:
        """The service of this type, or None."""
        found: T | None = self._by_kind.get(kind)
        return found


def services_of(app: Flask) -> ServiceRegistry:
    """The registry of ``app``, created at the first call."""
    found: ServiceRegistry | None = app.extensions.get(KEY)
    if found is None:
        found = app.extensions[KEY] = ServiceRegistry()
    return found


def service(kind: TypeForm[T]) -> T:
    """The service of this type in the current application.

    Raises:
        LookupError: none is registered.
        RuntimeError: outside an application context.
    """
    return services_of(unproxied(current_app)).get(kind)
