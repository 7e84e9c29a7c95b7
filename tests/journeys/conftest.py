"""A served site and a real browser, for the journeys that need both; and a site on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.journeys.mail_server import MailServer, listening
from tests.journeys.server import ARGUMENTS, CHROMIUM, PATIENCE, ServedSite, forked, served
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.settings import Settings
from webapp.testing import quickened

# Milliseconds; a machine may be busy.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    with served(tmp_path_factory.mktemp("served")) as site:
        yield site


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """A site that finds identity providers on this machine."""
    with forked(tmp_path_factory.mktemp("shop"), WEBAPP_PRIVATE_HOSTS="127.0.0.1") as site:
        site.add_user("chief", "super_admin")
        yield site


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if CHROMIUM is None:
        pytest.fail("Chromium is missing. On Debian: apt-get install chromium libatomic1 fonts-dejavu-core")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """Chromium with further arguments."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*ARGUMENTS, *arguments])
    browser.new_context = partial(patient_context, browser.new_context)  # type: ignore[method-assign]
    yield browser
    browser.close()


def patient_context(new_context: Callable[..., BrowserContext], **options: Any) -> BrowserContext:
    """A context that waits as long on a busy machine as the server does."""
    context = new_context(**options)
    context.set_default_timeout(PATIENCE * 1000)
    return context


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with listening() as mail_server:
        yield mail_server


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A page of a new browser; whatever goes wrong in it fails the test, a refused style or script among them."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page, faults = context.new_page(), list[str]()
    page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


def is_fault(message: ConsoleMessage) -> bool:
    # Chromium reports every answer of 400 and above as an error; those that the journeys ask for are none.
    return message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, postgresql: Callable[[str], str]) -> Settings:
    instance = tmp_path_factory.mktemp("on_postgresql") / "instance"
    settings = CommandContext(
        {"WEBAPP_INSTANCE": str(instance), "WEBAPP_DATABASE_URL": postgresql("journeys")}
    ).settings
    schema.upgrade(settings)
    return settings


@pytest.fixture
def on_postgresql(settings: Settings) -> Iterator[Flask]:
    app = quickened(create_app(settings))
    yield app
    close(app)
