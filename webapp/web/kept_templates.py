"""KeptTemplates: the source of all templates, read when the application is built.

A page is first rendered hours later: by then the files may be those of a new version, which fit neither this process
nor each other, or they may be gone.
"""

from collections.abc import Callable
from contextlib import suppress

from flask import Flask
from jinja2 import BaseLoader, Environment, TemplateNotFound

Source = tuple[str, str | None, Callable[[], bool] | None]


class KeptTemplates(BaseLoader):
    def __init__(self, environment: Environment, loader: BaseLoader) -> None:
        self._loader, self._kept = loader, sources_of(environment, loader)

    def get_source(self, environment: Environment, template: str) -> Source:
        # A blueprint may be registered later, as tests do.
        return self._kept.get(template) or self._loader.get_source(environment, template)

    def list_templates(self) -> list[str]:
        return self._loader.list_templates()


def sources_of(environment: Environment, loader: BaseLoader) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for name in loader.list_templates():
        # A picture in the folder of a plug-in, or a link that leads nowhere.
        with suppress(UnicodeDecodeError, TemplateNotFound):
            source, filename, _uptodate = loader.get_source(environment, name)
            found[name] = source, filename, lambda: True
    return found


def init_app(app: Flask) -> None:
    """Read all templates; after the last blueprint was registered."""
    if app.jinja_env.loader is not None:
        app.jinja_env.loader = KeptTemplates(app.jinja_env, app.jinja_env.loader)
