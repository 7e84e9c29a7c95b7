"""A set of texts that all processes of a test run share."""

import os
from hashlib import blake2b
from pathlib import Path

import pytest


class RunWideSet:
    """
    Attributes:
        folder: holds an empty file for each text; without it, the set is that of this process.
    """

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._known: set[str] = set()

    def __contains__(self, text: str) -> bool:
        digest = digest_of(text)
        if digest not in self._known and self.folder is not None and (self.folder / digest).exists():
            self._known.add(digest)
        return digest in self._known

    def add(self, text: str) -> None:
        self._known.add(digest_of(text))
        if self.folder is not None:
            (self.folder / digest_of(text)).touch()


def of_pages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A page that one process of the run has checked, no other checks again."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    SOUND.folder = folder / "sound_pages"
    SOUND.folder.mkdir(exist_ok=True)


SOUND = RunWideSet()
"""Pages that were checked, without what cannot be invalid in them."""


def digest_of(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
