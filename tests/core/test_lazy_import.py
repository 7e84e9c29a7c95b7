"""Imports without garbage collection."""

import gc
import sys

import pytest

from webapp.core.lazy_import import import_uncollected


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module with a name of its own, and returns the name."""
    monkeypatch.syspath_prepend(tmp_path)

    def module(text):
        (tmp_path / "of_this_test.py").write_text(text)
        return "of_this_test"

    yield module
    sys.modules.pop("of_this_test", None)


def test_garbage_is_collected_after_the_import_but_not_during_it(module):
    found = import_uncollected(module("import gc\nduring = gc.isenabled()"))
    assert (found.during, gc.isenabled()) == (False, True)
    assert gc.get_freeze_count() > 0


def test_garbage_is_collected_after_an_import_that_failed(module):
    with pytest.raises(ZeroDivisionError):
        import_uncollected(module("1 / 0"))
    assert gc.isenabled()


def test_a_second_import_leaves_later_objects_to_the_collection(module):
    found = import_uncollected(module("here = True"))
    frozen = gc.get_freeze_count()
    assert import_uncollected("of_this_test") is found
    assert gc.get_freeze_count() <= frozen
