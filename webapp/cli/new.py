"""new: write the repository of an app that runs behind the login."""

import keyword
import re
import secrets
import sys
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click
from flask import Flask

from webapp.cli.commands import Command
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core.lazy_import import lazily
from webapp.settings import Settings

SUFFIX = ".txt"
"""Of each file that is copied, so that no tool takes it for a module of this package."""


@click.command("new", cls=Command)
@click.argument("name")
def command(name: str) -> None:
    """Create a small app in the folder NAME: a page with a form, a table, an API and tests.

    NAME is the name of its Python package, and the beginning of its URLs and scopes. It has lower-case letters, digits
    and underscores. The folder may exist, for example with the data of git; no file in it is replaced.

    \b
    Example:
      python -m webapp new workshop
    """
    check_name(name)
    folder = Path(name)
    new_files = files(name)
    if existing := [str(folder / path) for path, _text in new_files if (folder / path).exists()]:
        raise CommandRefused(f"{', '.join(existing)} exists already. Nothing was written.")
    for path, text in new_files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        click.echo(target)
    print_note(f"Next: cd {name}, pip install -e '.[test]', latchkey serve. See its README.md.")


def check_name(name: str) -> None:
    """Check that a new app can have this name as package, blueprint and URL.

    Raises:
        BadParameter: it cannot be the name of a package, or of a blueprint beside ours.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,29}", name):
        raise click.BadParameter("Use 2 to 30 lower-case letters, digits and underscores, a letter first.")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in ("webapp", "latchkey", "tests"):
        raise click.BadParameter(f"A Python package must not be called {name}.")
    if name in reserved_names():
        raise click.BadParameter(f"{name} is a part of Latchkey, which has that URL or blueprint. Choose another name.")


def reserved_names() -> set[str]:
    """Names that a new app cannot have: those of blueprints of Latchkey, and the first parts of its URLs."""
    app = Flask("webapp", static_folder=None)
    app.config["TOKEN_LOCATIONS"] = ("cookie",)
    settings = Settings(secret_key=secrets.token_urlsafe(32), metrics=True)
    lazily("webapp.app.blueprints").register_blueprints(app, settings)
    return {"static", *app.blueprints, *(rule.rule.split("/")[1] for rule in app.url_map.iter_rules())}


def files(name: str) -> list[tuple[Path, str]]:
    """Path and text of each file of an app of this name."""
    values = {"@name@": name, "@Title@": name.replace("_", " ").capitalize()}
    return [
        (Path(filled(path, values)), filled(text, values))
        for path, text in templates(resources.files("webapp.cli") / "new_app")
    ]


def templates(folder: Traversable, at: str = "") -> list[tuple[str, str]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            # The folders called "app" take the name of the app.
            found += templates(entry, f"{at}{'@name@' if entry.name == 'app' else entry.name}/")
        elif entry.name.endswith(SUFFIX):
            plain = entry.name.removesuffix(SUFFIX)
            plain = {"gitignore": ".gitignore", "test_app.py": "test_@name@.py"}.get(plain, plain)
            found.append((at + plain, entry.read_text(encoding="utf-8")))
    return found


def filled(text: str, values: dict[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text
