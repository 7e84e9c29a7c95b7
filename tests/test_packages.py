"""What ``make check`` says of a package that is not entered everywhere, and that nothing is missing now."""

import shutil

import pytest

from tests import packages


@pytest.fixture
def checkout(tmp_path):
    """A copy of the repository with a package that nobody knows."""
    shutil.copy(packages.ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(packages.ROOT / "webapp", tmp_path / "webapp", ignore=shutil.ignore_patterns("__pycache__"))
    notes = tmp_path / "webapp" / "notes"
    notes.mkdir()
    (notes / "__init__.py").touch()
    (notes / "views.py").write_text('from flask import Blueprint\n\nbp = Blueprint("notes", __name__)\n')
    return tmp_path


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_no_line_is_missing():
    assert packages.missing() == []


def test_each_missing_line_is_named_with_its_file(checkout):
    layer, blueprint = packages.missing(checkout)
    assert layer.startswith('webapp/notes has no layer. Add "notes" to `layers` in pyproject.toml')
    assert blueprint == (
        "webapp/notes/views.py has a blueprint that is not registered. Add two lines to webapp/app/blueprints.py: "
        '"from webapp.notes import views as notes" among the imports, and "notes" in one of the tuples.'
    )
    edit(checkout / "pyproject.toml", "examples | site", "examples | site | notes")
    edit(
        checkout / "webapp" / "app" / "blueprints.py",
        "from webapp.site import",
        "from webapp.notes import views as notes\nfrom webapp.site import",
    )
    assert packages.missing(checkout) == []


def test_a_layer_of_a_removed_package_is_named(checkout):
    shutil.rmtree(checkout / "webapp" / "notes")
    shutil.rmtree(checkout / "webapp" / "dashboard")
    edit(checkout / "webapp" / "app" / "blueprints.py", "from webapp.dashboard import views as dashboard\n", "")
    assert packages.missing(checkout) == [
        'There is no webapp/dashboard. Remove "dashboard" from `layers` in pyproject.toml, or put it in brackets.'
    ]
