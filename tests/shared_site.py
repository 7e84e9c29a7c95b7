"""Sites that tests use one after the other, each of which finds a site as it was when it was built.

Building one takes longer than most requests. A package of tests takes part by its ``conftest.py``:

    shared_sites, make_app = shared_site.fixtures()

Then ``app``, and what ``make_app`` returns, is a site that is built once for each choice of settings. After a test the
database, the instance folder and all that the site keeps in memory are put back. A test that needs a site which
nobody has used has the marker ``own_site``. Sites are built anew, without a marker, for a test that asks for the
``instance`` folder, or has patched something or stopped the clock before.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import fixed_date, secret_keys
from tests.conftest import copied
from tests.database_file import FILE, ConnectionOpen, beside, file_of
from tests.prepared_user import PreparedUser
from tests.site_memory import SiteMemory
from webapp.accounts import names
from webapp.app import close
from webapp.settings import Settings
from webapp.testing import build
from webapp.web import logs
from webapp.web.registry import services_of

MOST = 8
"""Sites that are kept: each takes memory."""
# With these, a site begins with other keys, or has a database elsewhere.
ELSEWHERE = {"WEBAPP_SIGNING_ALGORITHM", "WEBAPP_DATABASE_URL", "WEBAPP_VALKEY_URL", "WEBAPP_INSTANCE"}


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    settings: dict[str, str]
    app: Flask
    memory: SiteMemory


class SharedSites:
    def __init__(self, migrated: Path) -> None:
        """
        Args:
            migrated: an instance as the first start makes it, of which all sites share a copy.
        """
        self._migrated = migrated
        self._asked: list[dict[str, str]] = []
        self._kept: list[Kept] = []
        self._taken: list[Kept] = []
        self._connected: Kept | None
        self._of_this_test: list[Flask] = []
        self._begin()

    def take(self, settings: dict[str, str], *, may_be_kept: bool = True) -> Flask:
        """A site that the present test has not taken yet; one of its own for settings that nobody has asked for."""
        if not may_be_kept or not self._may_be_kept(settings):
            self._disconnect()
            return self._made(settings)
        free = (kept for kept in self._kept if kept.settings == settings and kept not in self._taken)
        found = next(free, None)
        if found is None or found is not self._connected:
            self._disconnect()
        found = found or self._built(settings)
        self._kept.remove(found)
        self._kept.append(found)
        self._taken.append(found)
        set_up(found.app)
        return found.app

    def put_back(self) -> None:
        """What a test has changed, in memory and in the folder."""
        while self._of_this_test:
            end(self._of_this_test.pop())
        for kept in self._taken:
            kept.memory.put_back()
            if not kept.memory.fits(kept.app):
                self._drop(kept)
        last, *others = [kept for kept in self._taken if kept in self._kept] or [None]
        for kept in others:
            file_of(kept.app).close()
        self._taken, self._connected = [], last
        try:
            self._put_back_database()
        except ConnectionOpen:  # Somebody has left one, as with a response that was not read to its end.
            self.close()
            self._begin()
        self._put_back_files()

    def close(self) -> None:
        for kept in list(self._kept):
            self._drop(kept)
        self._folders.close()

    def _begin(self) -> None:
        self._folders = ExitStack()
        self.folder = self._folders.enter_context(copied(self._migrated))
        self._files = {file: file.read_bytes() for file in self.folder.iterdir() if file.name != FILE}
        self._database, self._connected = (self.folder / FILE).read_bytes(), None

    def _put_back_database(self) -> None:
        if self._connected is not None:
            file_of(self._connected.app).replace(self._database)
        elif not beside(self.folder / FILE, "wal").exists():
            (self.folder / FILE).write_bytes(self._database)
        else:
            raise ConnectionOpen

    def _put_back_files(self) -> None:
        for file in set(self.folder.iterdir()) - self._files.keys():
            if not file.name.startswith(FILE):
                file.unlink()
        for file, content in self._files.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)

    def _disconnect(self) -> None:
        """Before another site is used on the folder: a file can be replaced under connections of one only."""
        if self._connected is not None and self._connected not in self._taken:
            file_of(self._connected.app).close()
            self._connected = None

    def _may_be_kept(self, settings: dict[str, str]) -> bool:
        """Not where the clock stands still: a site remembers when it was built. To note what it has takes time, too."""
        if fixed_date.stands_still() or settings.keys() & ELSEWHERE:
            return False
        self._asked.append(settings)
        return settings in self._asked[:-1]

    def _made(self, settings: dict[str, str]) -> Flask:
        is_begun = self._taken or self._of_this_test
        if "WEBAPP_SIGNING_ALGORITHM" in settings and not is_begun:  # A site that was begun with it.
            secret_keys.forget_signing_keys(self.folder)
        self._of_this_test.append(build(self.folder, **settings))
        return self._of_this_test[-1]

    def _built(self, settings: dict[str, str]) -> Kept:
        if len(self._kept) >= MOST and (unused := next((one for one in self._kept if one not in self._taken), None)):
            self._drop(unused)
        app = build(self.folder, **settings)
        file_of(app).close()
        self._kept.append(Kept(settings, app, SiteMemory(app)))
        return self._kept[-1]

    def _drop(self, kept: Kept) -> None:
        self._kept.remove(kept)
        end(kept.app)


def end(app: Flask) -> None:
    close(app)
    file_of(app).close()


def set_up(app: Flask) -> None:
    """Again what the building of a site changes in the process."""
    settings = services_of(app).get(Settings)
    logs.init_app(app, as_json=settings.log_json, level=settings.log_level)
    names.configure(settings.email_special_domains, email_user_names=settings.email_user_names)


def fixtures() -> tuple[Any, Any]:
    """For the ``conftest.py`` of a package: ``shared_sites`` and ``make_app``."""
    return (
        pytest.fixture(scope="session", name="shared_sites")(shared_sites),
        pytest.fixture(name="make_app")(make_app),
    )


def shared_sites(migrated: Path) -> Iterator[SharedSites]:
    sites = SharedSites(migrated)
    yield sites
    sites.close()


def make_app(
    request: pytest.FixtureRequest, shared_sites: SharedSites, prepared: PreparedUser
) -> Iterator[Callable[..., Flask]]:
    # Who asks for the folder builds a site there.
    if request.node.get_closest_marker("own_site") or "instance" in request.fixturenames or fixed_date.CHOSEN:
        yield request.getfixturevalue("make_app")
        return
    # She is as old as the test, not as the folder.
    prepared._latest = None
    yield lambda **settings: shared_sites.take(settings, may_be_kept=not is_patched(request))
    shared_sites.put_back()


def is_patched(request: pytest.FixtureRequest) -> bool:
    """Whether the test has replaced something until now, of which a site may be built."""
    if "monkeypatch" not in request.fixturenames:
        return False
    patch = request.getfixturevalue("monkeypatch")
    return bool(patch._setattr or patch._setitem)
