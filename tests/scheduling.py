"""Which process runs which tests: those of a file stay together, and a process has none to wait for."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

AHEAD = 16
"""Tests that a process knows of beyond the present one: most take milliseconds, and it waits if it knows of none."""


LARGE = 40
"""Tests of a file that takes long: at the end, a process would wait for another that runs it."""


class ScheduledAhead(LoadGroupScheduling):
    """As ``--dist loadgroup``, with the other tests by their files: what those share is made in one process only.

    It does not look through all tests that were done each time that one is done.
    """

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        config.option.loadscopereorder = False  # ``ordered`` does it.
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return file_of(nodeid) if group == nodeid else group

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        units = self.assigned_work[node]
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(units[scope].values()):
            del units[scope]

    def _reschedule(self, node: Any) -> None:
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) <= AHEAD:
            self._assign_work_unit(node)
        super()._reschedule(node)


def ordered(items: list[pytest.Item]) -> list[pytest.Item]:
    """First what takes longest in one process: browser tests, other groups, servers, and files with many tests."""
    sizes = Counter(file_of(item.nodeid) for item in items)

    def place(item: pytest.Item) -> int:
        marks = {mark.name for mark in item.iter_markers()}
        if "browser" in marks:
            return 0
        if marks & {"xdist_group", "process"}:
            return 1
        return 2 if sizes[file_of(item.nodeid)] >= LARGE else 3

    return sorted(items, key=place)


def send_less(config: pytest.Config) -> None:
    """Have a process of tests report how each ended, and its set-up and teardown only where they failed.

    An empty test takes 1.3 ms of processor time so, and 2.1 with all reports. ``--durations`` needs them.
    """
    sending = [plugin for plugin in config.pluginmanager.get_plugins() if hasattr(plugin, "sendevent")]
    if not sending or config.getoption("durations"):
        return
    process: Any = sending[0]
    send = process.sendevent

    def send_needed(name: str, **values: Any) -> None:
        if name != "logstart" and not (name == "testreport" and is_of_no_interest(values["data"])):
            send(name, **values)

    process.sendevent = send_needed


def is_of_no_interest(report: Mapping[str, Any]) -> bool:
    return report["when"] != "call" and report["outcome"] == "passed"


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]
