"""Which process runs which tests: as xdist decides, with less work for each test and none to wait for."""

from typing import Any

from xdist.scheduler import LoadGroupScheduling

AHEAD = 16
"""Tests that a process knows of beyond the present one: most take milliseconds, and it waits if it knows of none."""


class ScheduledAhead(LoadGroupScheduling):
    """As ``--dist loadgroup``, which looks through all tests that were done each time that one is done."""

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
