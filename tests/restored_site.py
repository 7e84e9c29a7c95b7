"""A site with routes or rows of its own for all tests of a file, put back before each of them to how it began.

A test sees nothing that another wrote, and pays neither for the building of a site nor for its rows.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask

from tests.browser import Person
from tests.conftest import copied
from tests.database_file import file_of
from tests.prepared_user import holds, moment
from tests.shared_site import set_up
from tests.site_memory import SiteMemory
from webapp.app import close
from webapp.testing import build

Begin = Callable[[Flask], Any]
Key = tuple[float, bytes, Callable[..., Any], tuple[Hashable, ...]]
"""The moment, the database, and what has begun there with which arguments."""

MOST = 20
"""Databases that a site keeps."""


class RestoredSite:
    """
    Attributes:
        begun: what ``begin`` has answered, which the tests share: they copy what they change.
    """

    def __init__(self, app: Flask, begin: Begin) -> None:
        self._app, self._begin = app, begin
        self._file = file_of(app)
        self._empty, self._memory = self._file.content(), SiteMemory(app)
        self._now = self._empty
        self._known: dict[Key, tuple[bytes, Any]] = {}
        self.begun: Any = None

    def app(self) -> Flask:
        """The site as it began, a moment ago."""
        assert self._memory.fits(self._app), "a test before this one has added a command or a listener"
        key = moment(), self._empty, self._begin, ()
        if key not in self._known:
            self._put_back(self._empty)
        self.begun = self._prepared(key)
        return self._app

    def prepare(self, begin: Callable[..., Any], *given: Hashable) -> Any:
        """The same rows as after ``begin(app, *given)``, which is called once for many tests.

        To be asked for before the test has changed what the services hold. Where it has written rows, ``begin`` is
        called again, and so it is where the last time is too long ago.

        Returns:
            what ``begin`` has answered, which the tests share.
        """
        if not holds(self._app, self._now):
            return begin(self._app, *given)
        return self._prepared((moment(), self._now, begin, given))

    def _prepared(self, key: Key) -> Any:
        if key not in self._known:
            _, _, begin, given = key
            left = begin(self._app, *given)
            self._known[key] = self._file.content(), left
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        database, left = self._known[key]
        self._put_back(database)
        return left

    def _put_back(self, database: bytes) -> None:
        self._memory.put_back()
        set_up(self._app)
        self._file.replace(database)
        self._now = database


def copied_browser(person: Person) -> Person:
    """A browser that was prepared, with the cookies and the page that it had."""
    same = copy(person)
    same.client = person.app.test_client()
    same.client._cookies = dict(person.client._cookies)
    return same


def nothing(_app: Flask) -> None:
    """For sites that begin without rows, or without routes of their own."""


@contextmanager
def restored(
    folder: Path, begin: Begin = nothing, *blueprints: Blueprint, routes: Begin = nothing, **settings: str
) -> Iterator[RestoredSite]:
    """A site on this instance folder.

    Args:
        begin: makes its rows.
        routes: adds routes to the site.
    """
    app = build(folder, *blueprints, **settings)
    routes(app)
    yield RestoredSite(app, begin)
    close(app)


def fixtures(begin: Begin = nothing, *, routes: Begin = nothing, **settings: str) -> tuple[Any, Any]:
    """The fixtures ``restored`` and ``app`` of a file, or of all files of a folder: one site for each file."""

    @pytest.fixture(scope="module", name="restored")
    def of_file(migrated: Path) -> Iterator[RestoredSite]:
        with copied(migrated) as folder, restored(folder, begin, routes=routes, **settings) as site:
            yield site

    @pytest.fixture
    def app(restored: RestoredSite) -> Flask:
        return restored.app()

    return of_file, app


def browser(begin: Callable[[Flask], Person]) -> Any:
    """A fixture: the browser that ``begin`` makes, with a session that is begun once for many tests."""

    @pytest.fixture
    def prepared(restored: RestoredSite, app: Flask) -> Person:
        return copied_browser(restored.prepare(begin))

    return prepared
