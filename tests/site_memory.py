"""What a site keeps in memory: noted once, and put back as often as wanted."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from types import CellType, FunctionType, MethodType
from typing import Any

from flask import Flask
from jinja2 import Environment

from tests.cached_builds import CachedUrlMap
from webapp.core.db import Database
from webapp.core.raw_reader import RawReader
from webapp.web.registry import services_of

CACHED = type(lru_cache(id))
CONTAINERS = (dict, list, set, deque)


class SiteMemory:
    """All that is reached from a site: dicts, lists and sets, attributes of our own objects, variables of closures.

    What was rendered or compiled from the source alone is left: templates, statements. So are connections. Routes that
    were added are taken out of the URL map: ``tests/cached_builds.py``.
    """

    def __init__(self, app: Flask) -> None:
        self._noted: list[Callable[[], object]] = []
        self._empty: list[Any] = []
        self._containers: list[tuple[Any, Any, Callable[[Any], object]]] = []
        self._for_good = numbers_of(app)
        self._routes = RouteMemory(app)
        seen, waiting = dict[int, object](), [vars(app)]
        while waiting:
            found: Any = waiting.pop()
            if id(found) not in seen:
                seen[id(found)] = found
                if isinstance(found, CONTAINERS):
                    self._note(found)
                self._noted += undoing(found)
                waiting += reached(found)

    def _note(self, container: Any) -> None:
        if container:
            again = container.update if isinstance(container, dict | set) else container.extend
            self._containers.append((container, container.copy(), again))
        else:
            self._empty.append(container)

    def put_back(self) -> None:
        # Thousands, after each test, of which most are empty.
        for container in self._empty:
            if container:
                container.clear()
        for container, content, again in self._containers:
            container.clear()
            again(content)
        for undo in self._noted:
            undo()
        self._routes.put_back()

    def fits(self, app: Flask) -> bool:
        """Whether nothing was added that cannot be taken back: no command, and no listener to the database."""
        return self._for_good == numbers_of(app)


class RouteMemory:
    """The routes of a site. After others were added, templates too are loaded again: a blueprint may bring its own."""

    def __init__(self, app: Flask) -> None:
        assert isinstance(app.url_map, CachedUrlMap)
        self._map, self._templates = app.url_map, app.jinja_env.cache
        self._rules = self._map.added()

    def put_back(self) -> None:
        if len(self._map.added()) != len(self._rules):
            self._map.replace(self._rules)
            if self._templates is not None:
                self._templates.clear()


def numbers_of(app: Flask) -> list[int]:
    """How many commands there are, and listeners to each event of the database."""
    database = services_of(app).get(Database)
    both = (database.engine, database.reading)
    told = [dispatch for engine in both for dispatch in (engine.dispatch, engine.pool.dispatch)]
    return [
        len(app.cli.commands),
        *(len(getattr(dispatch, name)) for dispatch in told for name in dispatch._event_names),
    ]


def undoing(found: Any) -> Iterator[Callable[[], object]]:
    """What makes one object, which is no container, again what it is now."""
    if isinstance(found, CellType):
        if (content := content_of(found)) is not None:
            yield partial(setattr, found, "cell_contents", content)
    elif isinstance(found, CACHED):
        yield found.cache_clear
    elif is_ours(found) and not is_frozen(found):
        for name in slots_of(found):
            yield partial(setattr, found, name, getattr(found, name))


def reached(found: Any) -> Iterable[Any]:
    """The objects that one object holds, without those that a whole process shares: modules, classes, globals."""
    match found:
        case dict():
            return found.values()
        case list() | tuple() | set() | frozenset() | deque():
            return found
        case FunctionType():
            return [vars(found), *(found.__closure__ or ()), *(found.__defaults__ or ())]
        case CellType():
            return [content_of(found)]
        case MethodType():
            return [found.__self__, found.__func__]
        case partial():
            return [found.func, found.args, found.keywords]
        case RawReader():
            return ()
        case Environment():
            return [found.globals, found.filters, found.tests]
        case _ if is_ours(found):
            return [getattr(found, "__dict__", {}), *(getattr(found, name) for name in slots_of(found))]
    return ()


def content_of(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # Nothing was put in.
        return None


def is_ours(found: Any) -> bool:
    return type(found).__module__.startswith("webapp.") or isinstance(found, threading.Event | threading.local)


def is_frozen(found: Any) -> bool:
    parameters = getattr(type(found), "__dataclass_params__", None)
    return parameters is not None and parameters.frozen


def slots_of(found: Any) -> Iterator[str]:
    for kind in type(found).__mro__:
        names = vars(kind).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name not in ("__dict__", "__weakref__") and hasattr(found, name):
                yield name
