"""The version is in pyproject.toml alone, and CHANGELOG.md has it."""

import re
import subprocess
from datetime import date

from webapp.settings.paths import CHECKOUT, release

HEADING = re.compile(r"^## (\d+)\.(\d+)\.(\d+) \((unreleased|\d{4}-\d{2}-\d{2})\)$", re.MULTILINE)
CHANGES = (CHECKOUT / "CHANGELOG.md").read_text()


def test_every_heading_of_the_changelog_is_a_version_with_its_date():
    assert len(HEADING.findall(CHANGES)) == len(re.findall(r"^## ", CHANGES, re.MULTILINE))
    dates = [at for *_, at in HEADING.findall(CHANGES)]
    assert "unreleased" not in dates[1:]
    released = [date.fromisoformat(at) for at in dates if at != "unreleased"]
    assert released == sorted(released, reverse=True)


def test_the_versions_of_the_changelog_descend_to_the_first_and_begin_with_ours():
    versions = [tuple(map(int, numbers)) for *numbers, _ in HEADING.findall(CHANGES)]
    assert versions == sorted(set(versions), reverse=True)
    assert release() == ".".join(map(str, versions[0]))


def test_the_version_is_written_in_one_place():
    """Not in code, templates or tests, which read it from there."""
    files = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    ours = [file for file in files.split() if file.startswith(("webapp/", "templates/", "tests/", "Makefile"))]
    written = re.compile(rf"(?<![\d.=]){re.escape(release())}(?![\d.])")
    readable = (file for file in ours if file.endswith((".py", ".html", ".txt", "Makefile")))
    assert [file for file in readable if written.search((CHECKOUT / file).read_text())] == []
